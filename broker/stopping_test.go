package broker

import (
	"strings"
	"testing"
	"time"
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
