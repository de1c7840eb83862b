package drive

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// stalling is a system whose first call takes a while; the others take no time.
type stalling struct {
	calls int
	stall time.Duration
}

func (c *stalling) Echo(s string) (string, error) {
	if c.calls++; c.calls == 1 {
		time.Sleep(c.stall) // in a bubble
	}
	return s, nil
}

func (*stalling) Close() error { return nil }

// onSchedule has one caller make a call each millisecond for so many, in fake time.
func onSchedule(t *testing.T, c *stalling, calls int, giveUp time.Duration) (r wire.Reply) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		due := make(chan time.Time, calls) // never full, see schedule
		go func() {
			defer close(due)
			for i := range calls {
				at := start.Add(time.Duration(i) * time.Millisecond)
				time.Sleep(time.Until(at))
				due <- at
			}
		}()
		ws := make([]worker, 1)
		ws[0].err = ws[0].onTime(c, "x", due, start.Add(giveUp))
		var err error
		if r, err = summary(ws, time.Since(start)); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

func TestAStallCostsEveryCallThatWasDue(t *testing.T) {
	r := onSchedule(t, &stalling{stall: 50 * time.Millisecond}, 100, 200*time.Millisecond)
	if r.Ops != 100 {
		t.Errorf("%d calls, want the 100 that were due", r.Ops)
	}
	// In a closed loop one call of 100 would be slow. Here 50 were due during the stall.
	if r.P50 > 1500 || r.P99 < 48_000 || r.P99 > 51_000 {
		t.Errorf("p50 %.0f µs, p99 %.0f µs: the calls due during a stall of 50 ms must count, and those after it be quick", r.P50, r.P99)
	}
}

func TestCallsThatCannotBeMadeCountAsLate(t *testing.T) {
	r := onSchedule(t, &stalling{stall: 150 * time.Millisecond}, 50, 100*time.Millisecond)
	if r.Ops != 1 {
		t.Errorf("%d calls, want 1: the others were given up", r.Ops)
	}
	if r.P50 < 120_000 || r.P50 > 130_000 {
		t.Errorf("p50 %.0f µs, want the 125 ms that a call due in the middle has waited", r.P50)
	}
}

func TestACallerThatComesLateMakesOneCall(t *testing.T) {
	if r := onSchedule(t, &stalling{}, 10, -time.Millisecond); r.Ops != 1 {
		t.Errorf("%d calls, want 1: a busy machine must not leave a run without figures", r.Ops)
	}
}

func TestScheduleIsEven(t *testing.T) {
	start := time.Now()
	n := 0
	for at := range schedule(start, 20*time.Millisecond, 1000) {
		if want := start.Add(time.Duration(n) * time.Millisecond); !at.Equal(want) {
			t.Fatalf("call %d is due after %v, want %v", n, at.Sub(start), want.Sub(start))
		}
		if time.Now().Before(at) {
			t.Errorf("call %d was announced before it was due", n)
		}
		n++
	}
	if n != 20 {
		t.Errorf("%d calls due in 20 ms at 1,000 a second, want 20", n)
	}
}
