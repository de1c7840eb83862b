package broker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

func TestServices(t *testing.T) {
	bubble(t, Options{Settle: -1}, func(t *testing.T, r *rig) {
		a, b := r.rawWorker("A", "both", "onlya"), r.rawWorker("B", "both", "onlyb", "js.J")
		c := r.rawClient()
		for i, tc := range []struct {
			method, service string
			at              *raw
			as              string
		}{
			{"onlya", "", a, "onlya"},
			{"onlyb", "", b, "onlyb"},
			{"js.J", "", b, "js.J"},
			{"A.both", "", a, "both"},
			{"B.both", "", b, "both"},
			{"B.js.J", "", b, "js.J"},
			{"both", "A", a, "both"},
			{"both", "B", b, "both"},
		} {
			var header []any
			if tc.service != "" {
				header = []any{"service", tc.service}
			}
			id := fmt.Sprint("c", i)
			c.send(id, nil, tc.method, []any{i}, header...)
			g := tc.at.want(tc.method+" of "+tc.service, tc.as)
			tc.at.answer(g, "OK", []any{i})
			if back, _ := event.Text(c.want("its answer", "OK").ResponseTo); string(back) != id {
				t.Errorf("%s: the answer is for %q, want %q", tc.method, back, id)
			}
		}
		c.send("x", nil, "onlyb", []any{}, "service", "A")
		c.wantErr("a service without the method", errName)
		c.send("y", nil, "onlyb", []any{}, "service", "C")
		c.wantErr("an unknown service", errName)
		// A plain name that several have goes to any of them.
		for i := range 4 {
			c.send(fmt.Sprint("p", i), nil, "both", []any{})
		}
		if n, m := a.drain("both", beat), b.drain("both", beat); n != 2 || m != 2 {
			t.Errorf("A got %d, B got %d of four calls", n, m)
		}
	})
}

func TestIntrospection(t *testing.T) {
	r := start(t, Options{Name: "pool", Settle: -1})
	c := r.client()
	ctx := t.Context()
	if got, err := zrpc.Call[[]string](ctx, c, "_zerorpc_ping"); !slices.Equal(got, []string{"pong", "pool"}) {
		t.Errorf("ping without workers: %v, %v", got, err)
	}
	one := r.worker("demo", demo())
	if got, err := zrpc.Call[string](ctx, c, "_zerorpc_name"); got != "demo" {
		t.Errorf("the name of a single service: %v, %v", got, err)
	}
	r.worker("other", map[string]any{"add": func(a, b int) int { return a + b }, "more": func() int { return 1 }})
	if got, err := zrpc.Call[string](ctx, c, "_zerorpc_name"); got != "pool" {
		t.Errorf("the name of several: %v, %v", got, err)
	}
	list, err := zrpc.Call[[]string](ctx, c, "_zerorpc_list")
	want := "add demo.add echo fail more other.add range sleep"
	if got := strings.Join(list, " "); got != want {
		t.Errorf("the list: %s, %v, want %s", got, err, want)
	}
	type inspection struct {
		Name    string               `msgpack:"name"`
		Methods map[string]event.Raw `msgpack:"methods"`
	}
	in, err := zrpc.Call[inspection](ctx, c, "_zerorpc_inspect")
	if err != nil || in.Name != "pool" || len(in.Methods) != len(list) {
		t.Errorf("inspection: %+v, %v", in, err)
	}
	for _, m := range []string{"add", "other.add", "more"} {
		if _, err := zrpc.Call[any](ctx, c, "_zerorpc_help", m); err != nil {
			t.Errorf("help of %s: %v", m, err)
		}
		if _, err := zrpc.Call[any](ctx, c, "_zerorpc_args", m); err != nil {
			t.Errorf("args of %s: %v", m, err)
		}
	}
	for _, args := range [][]any{{}, {1}, {"nosuch"}} {
		_, err := zrpc.Call[any](ctx, c, "_zerorpc_help", args...)
		if _, ok := errors.AsType[*zrpc.RemoteError](err); !ok {
			t.Errorf("help of %v: %v", args, err)
		}
	}
	if _, err := zrpc.Call[any](ctx, c, "_zerorpc_nosuch"); !errors.Is(err, zrpc.ErrNoMethod) {
		t.Errorf("an unknown built-in: %v", err)
	}
	one.Close()
	r.wait("its methods go with it", func() bool {
		list, err := zrpc.Call[[]string](ctx, c, "_zerorpc_list")
		return err == nil && strings.Join(list, " ") == "add more"
	})
}

// A service may get methods while it serves; the broker asks again.
func TestRefresh(t *testing.T) {
	bubble(t, Options{Settle: -1}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		w.set(func() { w.methods = []string{"m", "late"} })
		time.Sleep(refreshEvery)
		r.wait("the new method is known", func() bool { return r.Status().Services[0].Methods == 2 })
		c.send("1", nil, "late", []any{})
		w.answer(w.want("the new method", "late"), "OK", []any{1})
		c.past("its answer", "OK")
	})
}

// Python 3.11 cannot answer _zerorpc_inspect: its methods are asked for piece by
// piece.
func TestInspectPieces(t *testing.T) {
	bubble(t, Options{Settle: -1}, func(t *testing.T, r *rig) {
		w := r.rawWorkerComing()
		w.answer(w.want("first", "_zerorpc_inspect"), "ERR", []any{"AttributeError", "no getargspec", ""})
		w.answer(w.want("then", "_zerorpc_name"), "OK", []any{"old"})
		w.answer(w.want("and", "_zerorpc_list"), "OK", []any{[]string{"m"}})
		r.wait("it has joined", func() bool { return r.joined() == 1 })
		w.answer(w.want("at leisure", "_zerorpc_help"), "OK", []any{"The doc."})
		c := r.rawClient()
		c.send("1", nil, "_zerorpc_inspect", []any{})
		if g := c.want("the merged answer", "OK"); !strings.Contains(string(g.Args), "The doc.") || !strings.Contains(string(g.Args), "old") {
			t.Errorf("inspection: %q", g.Args)
		}
		// The next look finds the same and asks no further.
		w.answer(w.want("a minute later", "_zerorpc_inspect"), "ERR", []any{"AttributeError", "", ""})
		w.answer(w.want("a minute later", "_zerorpc_name"), "OK", []any{"old"})
		w.answer(w.want("a minute later", "_zerorpc_list"), "OK", []any{[]string{"m"}})
		w.nothing("its documentation is known", beat)
	})
}

// Who does not say what it has gets no calls, and is asked again.
func TestNotInspected(t *testing.T) {
	bubble(t, Options{Settle: -1}, func(t *testing.T, r *rig) {
		w := r.rawWorkerComing()
		for range 2 {
			w.want("asked", "_zerorpc_inspect") // and not answered
			w.answer(w.want("asked", "_zerorpc_name"), "ERR", []any{"NameError", "", ""})
			w.answer(w.want("asked", "_zerorpc_list"), "ERR", []any{"one text"})
		}
		if s := r.Status().Workers[0]; s.State != "coming" {
			t.Errorf("the worker is %s", s.State)
		}
	})
}
