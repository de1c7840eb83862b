package services

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/method"
	"github.com/zrpc-go/zrpc/zrpc"
)

// serve puts a built-in service on the network, as the command does, and returns a client of it.
func serve(t *testing.T, name string) *zrpc.Client {
	t.Helper()
	svc, _ := Lookup(name)
	srv := zrpc.NewServer(&zrpc.ServerOptions{Name: svc.Name})
	for _, e := range svc.Entries {
		if err := srv.Handle(e.Name, e.Func, zrpc.WithDoc(e.Doc, e.Params...)); err != nil {
			t.Fatal(err)
		}
	}
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(t.Context()) }() // which ends before the cleanup runs
	client, err := zrpc.Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return client
}

// text is a result as its msgpack bytes decode, shown.
func text(t *testing.T, client *zrpc.Client, method string, args ...any) string {
	t.Helper()
	r, err := client.Invoke(t.Context(), method, args...)
	var remote *zrpc.RemoteError
	switch {
	case errors.As(err, &remote):
		return remote.Name + ": " + remote.Message
	case err != nil:
		t.Fatal(err)
	case !r.Streaming():
		var v any
		if err := r.Decode(&v); err != nil {
			t.Fatal(err)
		}
		return show(v)
	}
	var items []string
	for raw, err := range r.Items() {
		if errors.As(err, &remote) {
			items = append(items, remote.Name+": "+remote.Message)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		v, err := event.DecodeAny(raw)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, show(v))
	}
	return strings.Join(items, "; ")
}

func TestOverTheWire(t *testing.T) {
	demo, clock := serve(t, "demo"), serve(t, "time")
	for _, c := range []struct {
		client *zrpc.Client
		method string
		args   []any
		want   string
	}{
		{demo, "add", []any{"1", "5"}, `string "15"`},
		{demo, "add", []any{1, 2.5}, "float 3.5"},
		{demo, "add", []any{1, nil}, "TypeError: unsupported operand type(s) for +: 'int' and 'NoneType'"},
		{demo, "add", []any{uint64(1 << 63), uint64(1 << 63)}, "OverflowError: Integer value out of range"},
		{demo, "divide", []any{1, 0}, "ZeroDivisionError: division by zero"},
		{demo, "echo", []any{map[string]any{"a": []any{nil, true, "x"}}}, `map[string]interface {} "map[a:[<nil> true x]]"`},
		{demo, "fail", []any{"boom"}, "RuntimeError: boom"},
		{demo, "sleep", []any{0}, `<nil> "<nil>"`},
		{demo, "streaming_range", []any{0, 5, 2}, "int 0; int 2; int 4"},
		{demo, "streaming_range", []any{0, 5, 0}, "ValueError: range() arg 3 must not be zero"},
		{demo, "js.J", []any{"x"}, `string "123,x"`},
		{demo, "Greeter.SayHello", []any{map[string]any{"name": "Bob"}}, `map[string]interface {} "map[message:hello Bob]"`},
		{clock, "strftime", []any{"%Y-%m-%d", []any{2026, 11, 23, 0, 0, 0, 0, 327, 0}}, `string "2026-11-23"`},
		{clock, "gmtime", []any{86400}, "[int 1970, int 1, int 2, int 0, int 0, int 0, int 4, int 2, int 0, ]"},
		{clock, "sleep", []any{"1"}, "TypeError: 'str' object cannot be interpreted as an integer"},
	} {
		if got := text(t, c.client, c.method, c.args...); got != c.want {
			t.Errorf("%s%v = %s, want %s", c.method, c.args, got, c.want)
		}
	}
	names, err := zrpc.Call[[]string](t.Context(), demo, "_zerorpc_list")
	if err != nil || !slices.Contains(names, "Greeter.AllStream") {
		t.Errorf("list: %q, %v", names, err)
	}
	n := 0
	for item, err := range zrpc.Stream[streamData](t.Context(), demo, "Greeter.GetStream", streamData{"x"}) {
		if err != nil || !strings.HasPrefix(item.Data, "x ") {
			t.Errorf("GetStream: %v, %v", item, err)
		}
		n++
	}
	if n != 10 {
		t.Errorf("GetStream has %d items", n)
	}
}

// The caller's streams are of the shapes that the RPC layer knows.
func TestShapes(t *testing.T) {
	for name, want := range map[string]method.Shape{
		"Greeter.SayHello": method.Unary, "Greeter.GetStream": method.ServerStream,
		"Greeter.PutStream": method.ClientStream, "Greeter.AllStream": method.Bidi, "streaming_range": method.ServerStream,
	} {
		m, err := method.New(name, entry(t, "demo", name).Func, nil)
		if err != nil || m.Shape != want {
			t.Errorf("%s: %v, %v, want %v", name, m.Shape, err, want)
		}
	}
}
