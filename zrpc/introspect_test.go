package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// cooler is a service in the manner of zerorpc's own example.
type cooler struct{ motto string }

func (c *cooler) AddMan(sentence string) string             { return sentence + ", man!" }
func (c *cooler) Add42(n int) int                           { return n + 42 }
func (c *cooler) Join(sep string, parts ...string) string   { return strings.Join(parts, sep) }
func (c *cooler) Multiply(args [2]int, reply *int) error    { *reply = args[0] * args[1]; return nil }
func (c *cooler) Motto(_ context.Context) (string, error)   { return c.motto, nil }
func (c *cooler) Sum(xs iter.Seq2[int, error]) (int, error) { return 0, nil }

// byValue has a method that its pointer alone has.
type byValue struct{}

func (*byValue) Hidden() {}

// documented is documented by RegisterDocs, as generated code does it.
type documented struct{}

func (documented) Boat(sentence string) string { return sentence }

func area(_ context.Context, width, height int) int { return width * height }

func init() {
	zrpc.RegisterDocs(&documented{}, zrpc.ServiceDoc{
		Doc:     "Boats.",
		Methods: map[string]zrpc.MethodDoc{"Boat": {Doc: "Replaces the sentence.", Params: []string{"sentence"}}},
	})
	zrpc.RegisterFuncDoc(area, zrpc.MethodDoc{Doc: "The area.", Params: []string{"width", "height"}})
}

// ask calls a method and returns its result as Go shows it.
func ask(t *testing.T, c *zrpc.Client, method string, args ...any) string {
	t.Helper()
	v, err := zrpc.Call[any](t.Context(), c, method, args...)
	if err != nil {
		return "error " + err.Error()
	}
	return fmt.Sprint(v)
}

func TestIntrospection(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", func(s *zrpc.Server) {
		if err := s.Register(&cooler{motto: "cool"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Register(documented{}); err != nil {
			t.Fatal(err)
		}
		if err := s.Handle("area", area); err != nil {
			t.Fatal(err)
		}
		if err := s.Handle("volume", area, zrpc.WithDoc("Something else.", "a", "b")); err != nil {
			t.Fatal(err)
		}
	}, nil, nil)
	for _, tc := range []struct {
		why, method string
		args        []any
		want        string
	}{
		{"ping tells the name", "_zerorpc_ping", nil, "[pong cooler]"},
		{"the first type registered names the service", "_zerorpc_name", nil, "cooler"},
		{"the list is sorted, without the built-in", "_zerorpc_list", nil, "[add42 add_man area boat join motto multiply sum volume]"},
		{"documentation that was generated", "_zerorpc_help", []any{"boat"}, "Replaces the sentence."},
		{"that of a function", "_zerorpc_help", []any{"area"}, "The area."},
		{"WithDoc goes before it", "_zerorpc_help", []any{"volume"}, "Something else."},
		{"no documentation is nil", "_zerorpc_help", []any{"join"}, "<nil>"},
		{"help on nothing", "_zerorpc_help", []any{"nope"}, "error NameError: nope"},
		{"help on the built-in", "_zerorpc_help", []any{"_zerorpc_ping"}, "error NameError: _zerorpc_ping"},
		{"getargspec's four parts", "_zerorpc_args", []any{"area"}, "[[width height] <nil> <nil> <nil>]"},
		{"a variadic function", "_zerorpc_args", []any{"join"}, "[[arg0] arg1 <nil> <nil>]"},
		{"args of nothing", "_zerorpc_args", []any{"nope"}, "error NameError: nope"},
		{"a method is called", "add_man", []any{"hi"}, "hi, man!"},
		{"with its receiver", "motto", nil, "cool"},
		{"variadic", "join", []any{"-", "a", "b", "c"}, "a-b-c"},
		{"in net/rpc's manner", "multiply", []any{[]int{6, 7}}, "42"},
	} {
		if got := ask(t, c, tc.method, tc.args...); got != tc.want {
			t.Errorf("%s: %s%v = %s, want %s", tc.why, tc.method, tc.args, got, tc.want)
		}
	}

	type arg struct {
		Name string `msgpack:"name"`
	}
	type described struct {
		Args []arg  `msgpack:"args"`
		Doc  string `msgpack:"doc"`
	}
	info, err := zrpc.Call[struct {
		Name    string               `msgpack:"name"`
		Methods map[string]described `msgpack:"methods"`
	}](t.Context(), c, "_zerorpc_inspect")
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != "cooler" || len(info.Methods) != 9 {
		t.Errorf("inspect: %q with %d methods", info.Name, len(info.Methods))
	}
	if got := fmt.Sprint(info.Methods["area"]); got != "{[{width} {height}] The area.}" {
		t.Errorf("inspect of area: %s", got)
	}
	if got := fmt.Sprint(info.Methods["join"]); got != "{[{arg0} {*arg1}] }" {
		t.Errorf("inspect of a variadic method: %s", got)
	}
}

func TestRegisterName(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", func(s *zrpc.Server) {
		if err := s.RegisterName("h", &cooler{}); err != nil {
			t.Fatal(err)
		}
	}, &zrpc.ServerOptions{Name: "mine"}, nil)
	if got := ask(t, c, "h.AddMan", "hello"); got != "hello, man!" {
		t.Errorf("h.AddMan: %s", got)
	}
	if got := ask(t, c, "_zerorpc_name"); got != "mine" {
		t.Errorf("ServerOptions.Name gives way to a type's: %s", got)
	}
}

// TestRegistrationRefused registers what cannot work: it is refused with the
// reason and the fix, and leaves nothing behind.
func TestRegistrationRefused(t *testing.T) {
	s := zrpc.NewServer(nil)
	defer s.Close()
	if err := s.Handle("taken", func() {}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		why  string
		err  error
		want string
	}{
		{"nothing", s.Register(nil), "not nil"},
		{"a type without methods", s.Register(5), "no exported methods"},
		{"a type that embeds a lock, which peers could take for good", s.Register(&struct{ sync.Mutex }{}), "mu sync.Mutex"},
		{"a value whose pointer has the methods", s.Register(byValue{}), "register a *zrpc_test.byValue"},
		{"no function", s.Handle("x", 5), "no function"},
		{"a nil function", s.Handle("x", (func())(nil)), "nil"},
		{"a parameter that nobody can send", s.Handle("x", func(chan int) {}), "chan"},
		{"too many results", s.Handle("x", func() (int, int, error) { return 0, 0, nil }), "cannot expose x"},
		{"a name that is taken", s.Handle("taken", func() {}), "registered already"},
		{"no name", s.Handle("", func() {}), "needs a name"},
		{"a name of zerorpc's own", s.Handle("_zpc_hb", func() {}), "underscore"},
		{"a name that is no UTF-8", s.Handle("a\xff", func() {}), "UTF-8"},
		{"a name too long to be called", s.Handle(strings.Repeat("x", 2000), func() {}), "at most 1024"},
		{"documentation of other parameters", s.Handle("x", func(a, b int) {}, zrpc.WithDoc("", "a")), "names 1"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.why, tc.err, tc.want)
		}
	}
	if err := s.Handle("x", func() {}); err != nil {
		t.Errorf("a refused registration left something behind: %v", err)
	}
}

type customError struct{ code int }

func (e *customError) Error() string { return fmt.Sprint("code ", e.code) }

type namedError struct{}

func (namedError) Error() string    { return "no more" }
func (namedError) WireName() string { return "StockError" }

// TestErrorNames checks what the caller is told of a handler's error.
func TestErrorNames(t *testing.T) {
	errs := map[string]error{
		"plain":    errors.New("p"),
		"wrapped":  fmt.Errorf("w: %w", errors.New("p")),
		"custom":   &customError{3},
		"inside":   fmt.Errorf("w: %w", &customError{3}),
		"named":    fmt.Errorf("w: %w", namedError{}),
		"remote":   &zrpc.RemoteError{Name: "KeyError", Message: "'k'", Traceback: "tb"},
		"relayed":  fmt.Errorf("backend: %w", &zrpc.RemoteError{Name: "KeyError", Message: "'k'", Traceback: "tb"}),
		"unnamed":  &zrpc.RemoteError{Message: "m"},
		"deadline": context.DeadlineExceeded,
		"lost":     zrpc.ErrLostRemote,
		"nil":      (*customError)(nil), // its Error method panics
	}
	handle := func(s *zrpc.Server) {
		s.Handle("fail", func(which string) error { return errs[which] })
		s.Handle("crash", func() { panic("ouch") })
		s.Handle("stream", func(which string) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) { yield(1, nil); yield(0, errs[which]) }
		})
	}
	brief := newPair(t, "tcp://127.0.0.1:*", handle, nil, nil)
	long := newPair(t, "tcp://127.0.0.1:*", handle, &zrpc.ServerOptions{Traceback: true}, nil)
	for _, tc := range []struct{ which, name, message, traceback string }{
		{"plain", "Error", "p", "Error: p"},
		{"wrapped", "Error", "w: p", "Error: w: p"},
		{"custom", "customError", "code 3", "customError: code 3"},
		{"inside", "customError", "w: code 3", "customError: w: code 3"},
		{"named", "StockError", "w: no more", "StockError: w: no more"},
		{"remote", "KeyError", "'k'", "tb"},
		{"relayed", "KeyError", "backend: KeyError: 'k'", "tb"},
		{"unnamed", "RemoteError", "m", "RemoteError: m"},
		{"deadline", "TimeoutExpired", "context deadline exceeded", "TimeoutExpired: context deadline exceeded"},
		{"lost", "LostRemote", "lost remote", "LostRemote: lost remote"},
	} {
		for _, err := range []error{
			second(zrpc.Call[any](t.Context(), brief, "fail", tc.which)),
			last(zrpc.Stream[int](t.Context(), brief, "stream", tc.which)),
		} {
			var remote *zrpc.RemoteError
			if !errors.As(err, &remote) || remote.Name != tc.name || remote.Message != tc.message || remote.Traceback != tc.traceback {
				t.Errorf("%s: %#v, want %q, %q, %q", tc.which, remote, tc.name, tc.message, tc.traceback)
			}
		}
	}
	var remote *zrpc.RemoteError
	err := second(zrpc.Call[any](t.Context(), brief, "fail", "nil"))
	if !errors.As(err, &remote) || remote.Name != "Panic" {
		t.Errorf("an error that panics: %v, want Panic", err)
	}
	err = second(zrpc.Call[any](t.Context(), brief, "crash"))
	if !errors.As(err, &remote) || remote.Message != "panic: ouch" || strings.Contains(remote.Traceback, ".go:") {
		t.Errorf("a panic: %#v, want no traceback unless it is asked for", remote)
	}
	err = second(zrpc.Call[any](t.Context(), long, "crash"))
	if !errors.As(err, &remote) || !strings.Contains(remote.Traceback, ".go:") {
		t.Errorf("a panic: %#v, want its traceback", remote)
	}
	err = second(zrpc.Call[any](t.Context(), long, "fail", "plain"))
	if !errors.As(err, &remote) || remote.Traceback != "p" {
		t.Errorf("an error: %#v, want its long form", remote)
	}
}

func second[T any](_ T, err error) error { return err }

// last returns the error that ends a stream.
func last[T any](seq iter.Seq2[T, error]) (err error) {
	for _, err = range seq {
	}
	return err
}
