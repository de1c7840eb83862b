package broker

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

func TestStoppingWorker(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w1, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{"a"})
		first := w1.want("a call", "m")
		c.send("2", nil, "m", []any{"b"})
		second := w1.want("another", "m")
		w2 := r.rawWorker("s", "m")
		w1.set(func() { w1.refuse = true })
		w1.answer(second, "ERR", []any{errStopping, "no", ""})
		moved := w2.want("the refused call", "m")
		if string(moved.Args) != string(second.Args) {
			t.Errorf("the moved call has args %x, want %x", moved.Args, second.Args)
		}
		w2.answer(moved, "OK", []any{2})
		c.want("its answer", "OK")
		c.send("3", nil, "m", []any{})
		w2.answer(w2.want("a worker that stops gets no more", "m"), "OK", []any{3})
		c.want("its answer", "OK")
		if s := r.Status().Workers[0]; s.State != "draining" {
			t.Errorf("the worker is %s, want draining", s.State)
		}
		w1.answer(first, "OK", []any{1})
		c.want("the answer to what ran there before", "OK")
		w1.sock.Close()
		r.empty()
	})
}

func TestStoppingAndGone(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w1, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{})
		w1.set(func() { w1.mute = true })
		w1.answer(w1.want("a call", "m"), "ERR", []any{errStopping, "no", ""})
		time.Sleep(beat / 100)
		w1.sock.Close() // it ends before it has answered the ping
		w2 := r.rawWorker("s", "m")
		w2.answer(w2.want("the refused call", "m"), "OK", []any{1})
		c.want("its answer", "OK")
		r.empty()
	})
}

// A method may fail with an error of that name: it then ran, and must not run
// again, neither at another worker nor by a client that takes the name for the
// broker's own refusal.
func TestStoppingByName(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w1, c := r.rawWorker("s", "m"), r.rawClient()
		w2 := r.rawWorker("s", "other")
		c.send("1", nil, "m", []any{})
		w1.answer(w1.want("a call", "m"), "ERR", []any{errStopping, "downstream", "trace"})
		if g := c.wantErr("the method's own error", errRemote); !strings.Contains(string(g.Args), "downstream") || !strings.Contains(string(g.Args), "trace") {
			t.Errorf("its message and traceback are lost: %q", g.Args)
		}
		c.send("2", nil, "m", []any{})
		call := w1.want("a call", "m")
		w1.answer(call, "STREAM", 1)
		c.want("it has begun", "STREAM")
		w1.answer(call, "ERR", []any{errStopping, "downstream", ""})
		c.wantErr("the method's own error in a stream", errRemote)
		w2.nothing("it is not run again", beat/4)
		if r.joined() != 2 {
			t.Error("the worker was taken for one that stops")
		}
		r.empty()
	})
}

// A refusal that cannot be mended is answered ServerBusy: the call has not run,
// and the broker takes others.
func TestStoppingLastWorker(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		w.set(func() { w.refuse = true })
		c.send("1", nil, "m", []any{})
		w.answer(w.want("a call", "m"), "ERR", []any{errStopping, "no", ""})
		begun := time.Now()
		c.pastErr("nobody else comes", errBusy)
		if waited := time.Since(begun); waited < beat || waited > 3*beat {
			t.Errorf("it was refused after %v, want some two heartbeats: another worker may come", waited)
		}
		r.empty()
	})
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		w.set(func() { w.refuse = true })
		c.send("1", nil, "m", []any{strings.Repeat("x", keepOne+1)})
		w.answer(w.want("a call that is too large to be kept", "m"), "ERR", []any{errStopping, "no", ""})
		if g := c.wantErr("it cannot go elsewhere", errBusy); !strings.Contains(string(g.Args), "has not run") {
			t.Errorf("got %q", g.Args)
		}
		r.empty()
	})
}

// A worker that leaves says so behind its last answer: what it holds still has not
// run, goes elsewhere, and the connection is ours to close.
func TestWorkerLeaves(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w1, c := r.rawWorkerProperty("2", "s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{"a"})
		w1.answer(w1.want("a call", "m"), "OK", []any{1})
		c.want("its answer", "OK")
		c.send("2", nil, "m", []any{"b"})
		call := w1.want("a call that it does not read", "m")
		w2 := r.rawWorker("s", "m")
		w1.send("bye", nil, event.NameBye, []any{})
		moved := w2.want("it goes to the other one", "m")
		if string(moved.Args) != string(call.Args) {
			t.Errorf("the moved call has args %x, want %x", moved.Args, call.Args)
		}
		w2.answer(moved, "OK", []any{2})
		c.want("its answer", "OK")
		r.wait("its connection is closed", func() bool { return len(r.Status().Workers) == 1 })
		w2.send("bye", nil, event.NameBye, []any{})
		c.send("3", nil, "m", []any{})
		w2.answer(w2.want("without X-Zrpc that is no leave", "m"), "OK", []any{3})
		c.want("its answer", "OK")
		r.empty()
	})
}

// A broker that stops tells the clients that understand it, and refuses the others'
// calls until they are quiet.
func TestBrokerLeaves(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		told, other := r.rawClientProperty("2"), r.rawClient()
		r.wait("both are there", func() bool { return r.Status().Clients == 2 })
		ended := make(chan error, 1)
		go func() { ended <- r.Shutdown(context.Background()) }()
		told.want("the broker leaves", event.NameBye)
		begun := time.Now()
		for range 5 {
			time.Sleep(partQuiet / 2)
			other.send("1", nil, "m", []any{})
			other.wantErr("a call that comes late", errStopping)
		}
		told.sock.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took < 3*partQuiet || took > 4*partQuiet {
			t.Errorf("it waited %v, want %v since the last call", took, partQuiet)
		}
	})
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		r.rawClientProperty("2") // it never goes
		r.wait("it is there", func() bool { return r.Status().Clients == 1 })
		begun := time.Now()
		if err := r.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		within(t, "leaving a client that does not care", begun, partMost+partMost/10)
	})
}
