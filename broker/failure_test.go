package broker

import (
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// within checks how much fake time something took.
func within(t *testing.T, why string, begun time.Time, limit time.Duration) {
	t.Helper()
	if took := time.Since(begun); took > limit {
		t.Errorf("%s took %v, want at most %v", why, took, limit)
	}
}

func TestHungWorker(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{})
		w.want("the call reaches the worker", "m")
		w.set(func() { w.stop = true })
		// The next byte wakes the reader, which then stops: from here on the
		// worker takes and says nothing, as a stopped process.
		c.send("x", "1", "_zpc_hb", []any{0})
		begun := time.Now()
		c.pastErr("the worker was stopped", errLost)
		within(t, "finding a hung worker", begun, 2*beat)
		r.wait("the worker is out", func() bool { return r.joined() == 0 })
		r.empty()
	})
}

// The caller of a worker that hangs hears of the broker instead until that has
// found out, and no longer: its own count of silence began up to a heartbeat
// earlier, and it would leave a broker that is well.
func TestHungWorkerIsBeatenFor(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w1, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{}, "idem", "key")
		call := w1.want("the call reaches the worker", "m")
		w1.answer(call, "_zpc_hb", []any{0})
		c.want("the worker's own heartbeat", "_zpc_hb")
		w2 := r.rawWorker("s", "m")
		heard := time.Now()
		time.Sleep(beat * 7 / 8) // the worker does something else meanwhile
		w1.conn().SendCommand("PING", []byte(pingBody))
		w1.set(func() { w1.stop = true })
		c.send("x", "1", "_zpc_more", []any{1}) // wakes its reader, which then stops
		c.want("a heartbeat in place of the worker's", "_zpc_hb")
		within(t, "the first", heard, 2*beat)
		moved := w2.want("the call is run again", "m")
		w2.answer(moved, "_zpc_hb", []any{0})
		c.past("a heartbeat of the other worker", "_zpc_hb")
		w2.answer(moved, "OK", []any{1})
		c.past("its answer", "OK")
		r.empty()
	})
}

func TestHungWorkerAtRest(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w := r.rawWorker("s", "m")
		// A worker that answers pings stays for ever.
		time.Sleep(20 * beat)
		if r.joined() != 1 {
			t.Fatal("a worker at rest was taken out")
		}
		w.set(func() { w.stop = true })
		begun := time.Now()
		r.wait("the worker is out", func() bool { return len(r.Status().Workers) == 0 })
		within(t, "finding a hung worker without calls", begun, 2*beat+beat/2+beat/100) // the last ping is up to half a heartbeat old, and wait polls
	})
}

func TestBusyMainLoop(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{})
		call := w.want("the call reaches the worker", "m")
		w.set(func() { w.mute = true })
		time.Sleep(3 * beat)
		if s := r.Status().Workers[0]; s.State != "slow" {
			t.Fatalf("a worker that answers PING alone is %s, want slow", s.State)
		}
		c.send("2", nil, "m", []any{})
		w.nothing("a slow worker gets no further calls", beat/4)
		// It keeps what it has, and ends it.
		w.answer(call, "OK", []any{1})
		c.past("the answer of the call that it had", "OK")
		w.set(func() { w.mute = false })
		r.wait("the worker is well again", func() bool { return r.joined() == 1 })
		w.answer(w.want("the call that waited", "m"), "OK", []any{2})
		c.past("its answer", "OK")
		r.empty()
	})
}

func TestWorkerLost(t *testing.T) {
	bubble(t, Options{Idempotent: func(m string) bool { return m == "twice" }}, func(t *testing.T, r *rig) {
		w1, c := r.rawWorker("s", "once", "twice", "answered"), r.rawClient()
		c.send("1", nil, "once", []any{})
		w1.want("a call", "once")
		c.send("2", nil, "twice", []any{"x"})
		w1.want("an idempotent method", "twice")
		c.send("3", nil, "once", []any{"y"}, "idem", "key")
		w1.want("a call with an idempotency key", "once")
		c.send("4", nil, "answered", []any{}, "idem", "key")
		began := w1.want("one that is answered in part", "answered")
		w1.answer(began, "STREAM", 1)
		c.want("an item", "STREAM")
		begun := time.Now()
		w2 := r.rawWorker("s", "once", "twice", "answered")
		w1.sock.Close()
		seen := map[string]int{}
		for range 2 {
			g := c.want("calls that are not idempotent, or begun", "ERR")
			id, _ := event.Text(g.ResponseTo)
			seen[string(id)+errorName(g.Args)]++
		}
		if seen["1LostRemote"] != 1 || seen["4LostRemote"] != 1 {
			t.Errorf("failed were %v, want 1 and 4", seen)
		}
		within(t, "failing the calls of a lost worker", begun, beat/4)
		for range 2 {
			g := <-w2.got
			w2.answer(g, "OK", []any{string(g.Name)})
			c.want("an idempotent call is run again", "OK")
		}
		if s := r.Status(); s.Moved != 2 || s.Lost != 2 {
			t.Errorf("moved %d, lost %d, want 2 and 2", s.Moved, s.Lost)
		}
		r.empty()
	})
}

func TestPoisonousCall(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		c := r.rawClient()
		workers := []*raw{r.rawWorker("s", "m"), r.rawWorker("s", "m"), r.rawWorker("s", "m"), r.rawWorker("s", "m")}
		c.send("1", nil, "m", []any{}, "idem", "key")
		killed := 0
		for killed < maxAttempts {
			for _, w := range workers {
				select {
				case <-w.got:
					killed++
					w.sock.Close()
				case <-time.After(beat / 8):
				}
			}
		}
		c.wantErr("a request that kills its workers", errLost)
		if n := r.joined(); n != len(workers)-maxAttempts {
			t.Errorf("%d workers are left, want %d", n, len(workers)-maxAttempts)
		}
		r.empty()
	})
}
