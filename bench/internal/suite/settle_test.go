package suite

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// compiled is a program whose calls become faster: it makes so many calls a second in
// each window, the last for ever.
type compiled struct {
	rates   []float64
	windows int
}

func (c *compiled) run(d time.Duration) (wire.Reply, error) {
	time.Sleep(d) // in a bubble
	rate := c.rates[min(c.windows, len(c.rates)-1)]
	c.windows++
	return wire.Reply{Ops: int64(rate * d.Seconds()), Seconds: d.Seconds()}, nil
}

func TestWarmUpLastsUntilItGoesNoFaster(t *testing.T) {
	for name, tc := range map[string]struct {
		rates []float64
		want  int // windows of 100 ms
	}{
		"as it was before":           {[]float64{20_000}, 1 + settleWindows},
		"compiled in two steps":      {[]float64{5_000, 5_000, 9_000, 9_100, 8_000, 20_000}, 6 + settleWindows},
		"noise is no gain in speed":  {[]float64{20_000, 20_900, 19_000, 20_999, 20_500, 18_000}, 1 + settleWindows},
		"enough calls, not windows":  {[]float64{1_000}, settleCalls / 100},
		"too slow to wait for calls": {[]float64{10}, 30},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &compiled{rates: tc.rates}
				r := &runner{Plan: Plan{Warm: 50 * time.Millisecond}}
				if err := r.warm(c.run, true); err != nil || c.windows != tc.want {
					t.Errorf("%d windows (%v), want %d", c.windows, err, tc.want)
				}
			})
		})
	}
}

// TestWarmUpIsBoundedAndPassesErrorsOn: a rate that rises for ever, and a system that
// does not work at all.
func TestWarmUpIsBoundedAndPassesErrorsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rising := make([]float64, 100)
		for i, rate := 0, 1e4; i < len(rising); i, rate = i+1, rate*1.1 {
			rising[i] = rate
		}
		r := &runner{Plan: Plan{Warm: 10 * time.Millisecond}}
		c, start := &compiled{rates: rising}, time.Now()
		if err := r.warm(c.run, true); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != r.settleMost() || took != 600*time.Millisecond {
			t.Errorf("%v, want a fifth of %v where all runs are a fifth as long", took, settleMost)
		}
		c.windows = 0
		if err := r.warm(c.run, false); err != nil || c.windows != 1 {
			t.Errorf("%d windows (%v) where nothing is compiled, want one", c.windows, err)
		}
	})
	broken := errors.New("broken")
	r := &runner{Plan: Plan{Warm: time.Millisecond}}
	for _, settles := range []bool{false, true} {
		err := r.warm(func(time.Duration) (wire.Reply, error) { return wire.Reply{}, broken }, settles)
		if !errors.Is(err, broken) {
			t.Errorf("settles %v: %v, want the run's own error", settles, err)
		}
	}
}

func TestAllSystemsOfAForeignWorkWarmUpAlike(t *testing.T) {
	for _, w := range Works {
		for _, s := range []System{{Name: "zrpc"}, {Name: "node", Learns: true}} {
			want := w.group == ends || s.Learns && (w.Name == "par64" || w.Name == "par16x16" || w.Name == "stream")
			if w.Does(s) && w.settles(s) != want {
				t.Errorf("%s, %s: settles %v, want %v", w.Name, s.Name, !want, want)
			}
		}
	}
}
