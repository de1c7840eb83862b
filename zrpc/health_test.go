package zrpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

// TestHealth plays failures and answers, each some seconds after the first.
func TestHealth(t *testing.T) {
	for _, tc := range []struct {
		why   string
		opt   HealthOptions
		plays string // "3f": a failure at second 3; "4s": a good answer
		out   string // whether it is out at seconds 0 to 20, x or .
	}{
		{"three in succession, for 5 s", HealthOptions{}, "0f 1f 2f", "..xxxxx.............."},
		{"an answer between begins anew", HealthOptions{}, "0f 1f 2s 3f 4f", "....................."},
		{"one failure on probation: for twice as long", HealthOptions{FailuresToEject: 1, Readmit: 2 * time.Second}, "0f 3f", "xx.xxxx.............."},
		{"and four times, and again from the start after an answer", HealthOptions{FailuresToEject: 1, Readmit: time.Second}, "0f 1f 3f 7s 8f", "xxxxxxx.x............"},
		{"it doubles three times", HealthOptions{FailuresToEject: 1, Readmit: time.Second}, "0f 1f 3f 7f 15f", "xxxxxxxxxxxxxxxxxxxxx"},
		{"failures meanwhile, of calls that were open, lengthen it", HealthOptions{FailuresToEject: 1}, "0f 3f 4f", "xxxxxxxxx............"},
		{"but never shorten it", HealthOptions{FailuresToEject: 1, Readmit: 2 * time.Second}, "0f 2f 3f", "xxxxxx..............."},
		{"an answer meanwhile is no reason to come back early", HealthOptions{FailuresToEject: 1}, "0f 2s", "xxxxx................"},
		{"with pings, one has to be answered", HealthOptions{FailuresToEject: 1, Interval: 1}, "0f 10s", "xxxxxxxxxx..........."},
		{"meanwhile will do", HealthOptions{FailuresToEject: 1, Interval: 1}, "0f 3s", "xxxxx................"},
		{"unless the next is not", HealthOptions{FailuresToEject: 1, Interval: 1}, "0f 3s 4f 12s", "xxxxxxxxxxxx........."},
		{"never", HealthOptions{FailuresToEject: -1}, "0f 1f 2f 3f 4f 5f", "....................."},
	} {
		tc.opt.normalize()
		var h health
		start := time.Unix(1e9, 0)
		var out strings.Builder
		for s := range 21 {
			now := start.Add(time.Duration(s) * time.Second)
			for _, p := range strings.Fields(tc.plays) {
				switch p {
				case fmt.Sprintf("%df", s):
					h.fail(now, &tc.opt)
				case fmt.Sprintf("%ds", s):
					h.succeed(now)
				}
			}
			if h.out(now, tc.opt.pings()) {
				out.WriteByte('x')
			} else {
				out.WriteByte('.')
			}
		}
		if out.String() != tc.out {
			t.Errorf("%s: %s is out at\n%s, want\n%s", tc.why, tc.plays, &out, tc.out)
		}
	}
}

func TestHealthDefaults(t *testing.T) {
	for _, tc := range []struct{ given, want HealthOptions }{
		{HealthOptions{}, HealthOptions{FailuresToEject: 3, Readmit: 5 * time.Second}},
		{HealthOptions{Interval: time.Second}, HealthOptions{Interval: time.Second, Timeout: time.Second, FailuresToEject: 3, Readmit: 5 * time.Second}},
		{HealthOptions{Interval: time.Hour}, HealthOptions{Interval: time.Hour, Timeout: 5 * time.Second, FailuresToEject: 3, Readmit: 5 * time.Second}},
		{HealthOptions{Interval: -1, Timeout: -1, FailuresToEject: -1, Readmit: -1}, HealthOptions{Interval: -1, FailuresToEject: -1, Readmit: 5 * time.Second}},
	} {
		if tc.given.normalize(); tc.given != tc.want {
			t.Errorf("%+v, want %+v", tc.given, tc.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want verdict
	}{
		{nil, good},
		{&RemoteError{Name: "ValueError"}, good},
		{&noMethodError{&RemoteError{Name: nameError}, "f"}, good},
		{&RemoteError{Name: wireBusy}, bad},
		{errStopping, stopping},
		{fmt.Errorf("%w: %w", ErrLostRemote, ErrSilent), bad},
		{errNoPong, bad},
		{fmt.Errorf("%w: %w", ErrLostRemote, io.ErrUnexpectedEOF), lost},
		{fmt.Errorf("%w: %w", stream.ErrUnsent, ErrLostRemote), neutral},
		{ErrClosed, neutral},
		{context.Canceled, neutral},
		{context.DeadlineExceeded, neutral},
		{ErrStreamed, neutral},
	} {
		if got := verdictOf(tc.err); got != tc.want {
			t.Errorf("%v says %d, want %d", tc.err, got, tc.want)
		}
	}
}

// logged is a logger's output that may be read meanwhile.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *logged) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func textLogger(to *logged) *slog.Logger { return slog.New(slog.NewTextHandler(to, nil)) }

// TestHungServerIsEjected has a server that accepts connections and answers
// nothing, until it does.
func TestHungServerIsEjected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3, nil)
		defer f.close()
		f.serve(0, 2)
		var log logged
		c := f.client(&ClientOptions{
			Health: HealthOptions{Interval: time.Second, Timeout: 500 * time.Millisecond, FailuresToEject: 2, Readmit: 4 * time.Second},
			Logger: textLogger(&log),
		})
		defer c.Close()
		<-time.After(5 * time.Second) // two intervals, two timeouts
		if errs := f.work(c, 100); errs != nil || fmt.Sprint(f.counts()) != "[50 0 50]" {
			t.Errorf("with one server hanging: %v", errs)
		}
		<-time.After(10 * time.Minute)
		if errs := f.work(c, 100); errs != nil {
			t.Errorf("a server that goes on hanging was tried again: %v", errs)
		}
		f.counts()
		f.serve(1)
		<-time.After(20 * time.Second) // a cool-down since the last failure, and a ping
		if errs := f.work(c, 300); errs != nil || fmt.Sprint(f.counts()) != "[100 100 100]" {
			t.Errorf("it is back: %v", errs)
		}
		for _, text := range []string{"server ejected", "server readmitted", f.names[1], "no answer to a ping"} {
			if strings.Count(log.String(), text) == 0 {
				t.Errorf("the log does not tell %q:\n%s", text, &log)
			}
		}
		if n := strings.Count(log.String(), "server ejected"); n != 1 {
			t.Errorf("ejected %d times:\n%s", n, &log)
		}
	})
}

// TestPassiveEjection has a server refuse its calls.
func TestPassiveEjection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.serve()
		c := f.client(nil)
		defer c.Close()
		if errs := f.work(c, 10); errs != nil {
			t.Fatal(errs[0])
		}
		f.counts()
		f.answer[1].Store(&RemoteError{Name: wireBusy})
		for _, step := range []struct {
			why    string
			after  time.Duration
			failed int
			calls  string
		}{
			{"three fail, then it is left out", 0, 3, "[97 3]"},
			{"for 5 s", 4 * time.Second, 0, "[100 0]"},
			{"then one is enough", 2 * time.Second, 1, "[99 1]"},
			{"for 10 s", 9 * time.Second, 0, "[100 0]"},
			{"and again", 2 * time.Second, 1, "[99 1]"},
		} {
			<-time.After(step.after)
			errs := f.work(c, 100)
			if got := fmt.Sprint(f.counts()); len(errs) != step.failed || got != step.calls {
				t.Errorf("%s: %d calls failed, %s reached the servers; want %d, %s", step.why, len(errs), got, step.failed, step.calls)
			}
		}
		f.answer[1].Store(nil)
		<-time.After(time.Minute)
		if errs := f.work(c, 100); errs != nil || fmt.Sprint(f.counts()) != "[50 50]" {
			t.Errorf("recovered: %v", errs)
		}
		// When all refuse, all are asked: better than nobody.
		f.answer[0].Store(&RemoteError{Name: wireBusy})
		f.answer[1].Store(&RemoteError{Name: wireBusy})
		if errs := f.work(c, 100); len(errs) != 100 || errors.Is(errs[99], ErrUnavailable) {
			t.Errorf("%d errors, want each call answered by a server", len(errs))
		}
		f.answer[0].Store(nil)
		f.answer[1].Store(nil)
		if errs := f.work(c, 100); errs != nil {
			t.Errorf("all ejected: %v", errs[0])
		}
	})
}

// TestSilentServerIsEjected finds a server that hangs by nothing but the calls
// that it does not answer.
func TestSilentServerIsEjected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.serve(0)
		c := f.client(&ClientOptions{Heartbeat: time.Second})
		defer c.Close()
		silent := make(chan error, 6)
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() {
				for range 2 { // one to each server
					if errs := f.work(c, 1); errs != nil {
						silent <- errs[0]
					}
				}
			})
		}
		calls.Wait()
		if n := len(silent); n != 3 || !errors.Is(<-silent, ErrSilent) {
			t.Errorf("%d calls failed, want 3 for want of a heartbeat", n)
		}
		began := time.Now()
		if errs := f.work(c, 100); errs != nil || time.Since(began) > 0 {
			t.Errorf("after three silences: %v, %v", errs, time.Since(began))
		}
	})
}

// TestStoppingServer shuts servers down under calls: those that are refused go
// elsewhere, and do not fail.
func TestStoppingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3, nil)
		defer f.close()
		f.serve()
		c := f.client(nil)
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		held := make(chan error, 3)
		for range 3 {
			go func() { // keeps a server from being done with its shutdown
				for _, err := range Stream[int](ctx, c, "items") {
					if err != nil {
						held <- err
					}
				}
			}()
			<-f.streams
		}
		down := make(chan error, 3)
		for i := range 2 {
			go func() { down <- f.servers[i].Shutdown(ctx) }()
			synctest.Wait()
			if errs := f.work(c, 100); errs != nil {
				t.Fatalf("a call that was refused did not go elsewhere: %v", errs[0])
			}
			n := 0
			for v, err := range Stream[int](t.Context(), c, "items") {
				if err != nil || v < i+1 {
					t.Fatalf("a stream that was refused: %d, %v", v, err)
				}
				if n++; n == 3 {
					break
				}
			}
		}
		if n := f.counts(); n[0] != 0 || n[0]+n[1]+n[2] != 200 {
			t.Errorf("of 200 calls after the first began to stop, %v ran", n)
		}
		go func() { down <- f.servers[2].Shutdown(ctx) }()
		synctest.Wait()
		for range 5 {
			_, err := Call[int](t.Context(), c, "work")
			var remote *RemoteError
			if !errors.As(err, &remote) || remote.Name != wireStopping {
				t.Errorf("all are stopping: %v, want ServerStopping", err)
			}
		}
		if _, err := Upload[int](t.Context(), c, "work", func(func(int, error) bool) {}); verdictOf(err) != stopping {
			t.Errorf("an upload to one that stops: %v", err)
		}
		if len(held) > 0 {
			t.Errorf("a stream in progress ended: %v", <-held)
		}
		cancel()
		for range 3 {
			<-down
		}
	})
}

// TestManyStopAtOnce has a call meet one server after the other that stops, and
// find the last.
func TestManyStopAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 5, nil)
		defer f.close()
		f.serve()
		c := f.client(nil)
		defer c.Close()
		for _, s := range f.servers[:4] {
			s.stopping.Store(true)
		}
		for range 4 { // wherever it begins
			if i, err := Call[int](t.Context(), c, "work"); err != nil || i != 4 {
				t.Errorf("server %d, %v; want the one that is left", i, err)
			}
			<-time.After(6 * time.Second) // they still say that they stop, but it is asked again
		}
		f.servers[4].stopping.Store(true)
		if _, err := Call[int](t.Context(), c, "work"); verdictOf(err) != stopping {
			t.Errorf("none is left: %v", err)
		}
	})
}

// TestLostConnectionCountsOnce has a server take many calls down with it, come
// back, and do so again.
func TestLostConnectionCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, &ServerOptions{Grace: -1})
		defer f.close()
		f.serve()
		c := f.client(nil)
		defer c.Close()
		f.takes[1].Store(int64(time.Hour))
		for round := 1; round <= 3; round++ {
			var calls sync.WaitGroup
			var lost, other int
			var mu sync.Mutex
			for range 40 {
				calls.Go(func() {
					_, err := Call[int](t.Context(), c, "work")
					mu.Lock()
					defer mu.Unlock()
					if errors.Is(err, ErrLostRemote) {
						lost++
					} else if err != nil {
						other++
					}
				})
			}
			synctest.Wait()
			f.servers[1].Close()
			calls.Wait()
			if lost != 20 || other != 0 {
				t.Fatalf("round %d: %d calls were lost, %d failed otherwise; want 20 and 0", round, lost, other)
			}
			f.start(1, nil)
			f.serve(1)
			<-time.After(time.Second) // reconnects
			ready := len(c.core.links.ready.Load().links)
			if want := 2 - round/3; ready != want {
				t.Errorf("round %d: %d servers are ready, want %d", round, ready, want)
			}
		}
		f.takes[1].Store(0)
		<-time.After(5 * time.Second)
		f.counts()
		if errs := f.work(c, 10); errs != nil || fmt.Sprint(f.counts()) != "[5 5]" {
			t.Errorf("readmitted: %v", errs)
		}
	})
}
