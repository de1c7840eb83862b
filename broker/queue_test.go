package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

func TestQueueIsFair(t *testing.T) {
	bubble(t, Options{WorkerCalls: 1}, func(t *testing.T, r *rig) {
		w := r.rawWorker("s", "m")
		greedy, modest := r.rawClient(), r.rawClient()
		for i := range 6 {
			greedy.send(fmt.Sprint("g", i), nil, "m", []any{"g"})
		}
		r.wait("five calls wait", func() bool { return r.Status().Queued == 5 })
		modest.send("a", nil, "m", []any{"a"})
		modest.send("b", nil, "m", []any{"b"})
		r.wait("seven calls wait", func() bool { return r.Status().Queued == 7 })
		order := ""
		for range 8 {
			g := w.want("one call at a time", "m")
			w.nothing("the worker has as many as it may", beat/16)
			var args []string
			if err := event.Decode(g.Args, &args); err != nil {
				t.Fatal(err)
			}
			order += args[0]
			w.answer(g, "OK", []any{nil})
		}
		if order != "ggagbggg" {
			t.Errorf("the calls ran in the order %s; the clients should take turns", order)
		}
		r.empty()
	})
}

func TestQueueBounds(t *testing.T) {
	bubble(t, Options{WorkerCalls: 1, Queue: 2}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		for i := range 4 {
			c.send(fmt.Sprint(i), nil, "m", []any{})
		}
		c.wantErr("the queue takes two", errBusy)
		w.answer(w.want("the first", "m"), "OK", []any{})
		c.want("its answer", "OK")
		r.wait("one runs, one waits", func() bool { return r.Status().Queued == 1 })
	})
}

func TestQueueBeats(t *testing.T) {
	bubble(t, Options{WorkerCalls: 1}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{})
		first := w.want("the first call", "m")
		c.send("2", nil, "m", []any{})
		// As long as it waits the broker is its other end, and must be heard.
		for range 8 {
			time.Sleep(beat)
			c.send("x", "2", "_zpc_hb", []any{0})
			c.want("a heartbeat to the caller in the queue", event.NameBeat)
		}
		w.answer(first, "OK", []any{1})
		c.past("the first answer", "OK")
		w.answer(w.past("the second call", "m"), "OK", []any{2})
		c.past("its answer", "OK")
		// A caller whose heartbeats stop is given up.
		c.send("3", nil, "m", []any{})
		w.past("it runs", "m")
		c.send("4", nil, "m", []any{})
		c.pastErr("its caller is silent", errLost)
	})
}

func TestDeadline(t *testing.T) {
	bubble(t, Options{WorkerCalls: 1}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{}, "deadline", 60_000)
		first := w.want("a call with a deadline", "m")
		if raw, _ := first.Lookup("deadline"); string(raw) != string(event.AppendInt(nil, 60_000)) {
			t.Errorf("the deadline of a call that did not wait is %x", raw)
		}
		c.send("2", nil, "m", []any{}, "deadline", 500)
		begun := time.Now()
		c.past("its deadline passes in the queue", "ERR")
		within(t, "noticing it", begun, 700*time.Millisecond)
		c.send("3", nil, "m", []any{}, "deadline", 60_000)
		time.Sleep(2 * time.Second)
		w.answer(first, "OK", []any{1})
		raw, _ := w.want("a call that waited two seconds", "m").Lookup("deadline")
		if left, err := event.Int(raw); err != nil || left > 58_000 || left < 57_900 {
			t.Errorf("its deadline is %d ms, %v; want 58 s", left, err)
		}
	})
}

func TestNoWorker(t *testing.T) {
	bubble(t, Options{Settle: -1}, func(t *testing.T, r *rig) {
		c := r.rawClient()
		begun := time.Now()
		c.send("1", nil, "m", []any{})
		c.pastErr("nobody comes", errBusy)
		within(t, "giving up", begun, 2*beat+beat/4)
		// A worker that comes in time gets the call, however it is named.
		c.send("2", nil, "m", []any{"x"})
		c.send("3", nil, "s.m", []any{"y"})
		time.Sleep(beat / 2)
		w := r.rawWorker("s", "m")
		for range 2 {
			w.answer(w.want("a call that waited", "m"), "OK", []any{1})
			c.past("its answer", "OK")
		}
		// Now that there are workers, an unknown method is refused at once.
		begun = time.Now()
		c.send("4", nil, "nosuch", []any{})
		c.wantErr("nobody has it", errName)
		within(t, "saying so", begun, beat/8)
		// The method stays known for a while after its worker has gone.
		w.sock.Close()
		r.wait("the worker is gone", func() bool { return r.joined() == 0 })
		c.send("5", nil, "m", []any{})
		w = r.rawWorker("s", "m")
		w.answer(w.want("it came back", "m"), "OK", []any{1})
		c.past("its answer", "OK")
		w.sock.Close()
		r.rawWorker("other", "n")
		c.send("6", nil, "m", []any{})
		c.pastErr("another worker is no help", errBusy)
		time.Sleep(20 * beat)
		c.send("7", nil, "m", []any{})
		c.wantErr("the method is forgotten", errName)
		r.empty()
	})
}

func TestSettle(t *testing.T) {
	bubble(t, Options{Settle: 5 * beat, Wait: 20 * beat}, func(t *testing.T, r *rig) {
		r.rawWorker("other", "n")
		c := r.rawClient()
		c.send("1", nil, "m", []any{})
		time.Sleep(2 * beat)
		w := r.rawWorker("s", "m")
		w.answer(w.want("the worker was late", "m"), "OK", []any{1})
		c.past("its answer", "OK")
		c.send("2", nil, "nosuch", []any{})
		for range 4 {
			time.Sleep(beat)
			c.send("x", "2", "_zpc_hb", []any{0})
		}
		c.pastErr("nobody came with it", errName)
		r.empty()
	})
}

func TestEarlyStream(t *testing.T) {
	bubble(t, Options{Settle: -1, Wait: 10 * beat}, func(t *testing.T, r *rig) {
		c := r.rawClient()
		c.send("1", nil, "m", []any{})
		c.send("1a", "1", "STREAM", "item")
		c.send("1b", "1", "STREAM_DONE", nil)
		c.send("2", nil, "m", []any{})
		for range earlyEvents + 1 {
			c.send("x", "2", "STREAM", "item")
		}
		c.pastErr("more than can be kept", errBusy)
		w := r.rawWorker("s", "m")
		call := w.want("the request", "m")
		item := w.want("then what the caller's stream sent", "STREAM")
		if string(item.ResponseTo) != string(call.ID) {
			t.Errorf("the item is of channel %q, the request of %q", item.ResponseTo, call.ID)
		}
		w.want("and its end", "STREAM_DONE")
		w.answer(call, "OK", []any{1})
		c.past("the answer", "OK")
		r.empty()
	})
}

func TestBalance(t *testing.T) {
	for _, m := range []Balance{Least, RoundRobin, TwoChoices} {
		t.Run(m.String(), func(t *testing.T) {
			bubble(t, Options{Balance: m}, func(t *testing.T, r *rig) {
				c := r.rawClient()
				var workers []*raw
				for range 3 {
					workers = append(workers, r.rawWorker("s", "m"))
				}
				for i := range 30 {
					c.send(fmt.Sprint(i), nil, "m", []any{})
				}
				for _, w := range workers {
					n := w.drain("m", beat)
					if m != TwoChoices && n != 10 || n < 3 {
						t.Errorf("a worker got %d of 30 calls", n)
					}
				}
			})
		})
	}
	for _, s := range []string{"least", "roundrobin", "p2c"} {
		if m, err := ParseBalance(s); err != nil || m.String() != s {
			t.Errorf("ParseBalance(%s): %v, %v", s, m, err)
		}
	}
	if _, err := ParseBalance("fair"); err == nil {
		t.Error("an unknown balancing was taken")
	}
	if s := Balance(7).String(); s != "Balance(7)" {
		t.Error(s)
	}
}
