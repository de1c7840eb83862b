package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

func stubbed(s *zrpc.Server) {
	demo(s)
	s.Handle("add_all", func(start int, more ...int) int {
		for _, n := range more {
			start += n
		}
		return start
	})
	s.Handle("Odd.Name", func() string { return "odd" })
	s.Handle("hang", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	s.Handle("half", func(n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			yield(0, errors.New("half way"))
		}
	})
}

func TestStub(t *testing.T) {
	c := newPair(t, "inproc://"+t.Name(), stubbed, nil, nil)
	var svc struct {
		Hello   func(ctx context.Context, name string) (string, error)
		Add     func(a, b int) (int, error)
		AddAll  func(start int, more ...int) (int, error)
		Fail    func(ctx context.Context, text string) error
		Odd     func() (string, error) `zrpc:"Odd.Name"`
		Hang    func(ctx context.Context) error
		Count   func(ctx context.Context, n int) iter.Seq2[int, error]
		Half    func(n int) iter.Seq2[int, error]
		Words   func(n int) iter.Seq2[string, error]   `zrpc:"count"`
		Missing func() iter.Seq2[int, error]           `zrpc:"nope"`
		Left    func() error                           `zrpc:"-"`
		Tagged  func(name string) (any, error)         `zrpc:"hello"`
		Untaged func(ctx context.Context, s int) error `json:"x"`
		Other   int
		hidden  func()
	}
	svc.Other = 5
	if err := c.Stub(&svc); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if s, err := svc.Hello(ctx, "stub"); err != nil || s != "Hello, stub" {
		t.Errorf("Hello: %q, %v", s, err)
	}
	var none context.Context
	if s, err := svc.Hello(none, "nil"); err != nil || s != "Hello, nil" {
		t.Errorf("a nil context: %q, %v", s, err)
	}
	if n, err := svc.Add(1, 2); err != nil || n != 3 {
		t.Errorf("Add: %d, %v", n, err)
	}
	if n, err := svc.AddAll(1, 2, 3, 4); err != nil || n != 10 {
		t.Errorf("variadic: %d, %v", n, err)
	}
	if n, err := svc.AddAll(1); err != nil || n != 1 {
		t.Errorf("variadic without: %d, %v", n, err)
	}
	if err := svc.Fail(ctx, "boom"); err == nil || err.Error() != "Error: boom" {
		t.Errorf("Fail: %v", err)
	}
	if s, err := svc.Odd(); err != nil || s != "odd" {
		t.Errorf("a name by tag: %q, %v", s, err)
	}
	if v, err := svc.Tagged("x"); err != nil || v != "Hello, x" {
		t.Errorf("a result of any type: %v, %v", v, err)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := svc.Hang(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Hang: %v, want the context's end", err)
	}
	if svc.Left != nil || svc.Other != 5 || svc.hidden != nil {
		t.Error("fields that are left alone were set")
	}

	if got := collect(svc.Count(ctx, 300)); !strings.HasSuffix(got, " 298 299") {
		t.Errorf("Count: …%s", got[len(got)-20:])
	}
	counting := svc.Count(ctx, 2)
	if a, b := collect(counting), collect(counting); a != "0 1" || b != a {
		t.Errorf("each loop is a call of its own: %q, then %q", a, b)
	}
	if got := collect(svc.Half(2)); got != "0 1 Error: half way" {
		t.Errorf("an error is the last pair: %q", got)
	}
	if got := collect(svc.Words(2)); !strings.Contains(got, "int, want str") {
		t.Errorf("items of another type: %q", got)
	}
	if got := collect(svc.Missing()); !strings.Contains(got, `no method "nope"`) {
		t.Errorf("a stream of nothing: %q", got)
	}
	for n, err := range svc.Count(ctx, 1000) {
		if err != nil {
			t.Error(err)
		}
		if n == 3 {
			break
		}
	}
}

// collect joins the items of a stream, and its error.
func collect[T any](seq iter.Seq2[T, error]) string {
	var parts []string
	for v, err := range seq {
		if err != nil {
			parts = append(parts, err.Error())
		} else {
			parts = append(parts, fmt.Sprint(v))
		}
	}
	return strings.Join(parts, " ")
}

func TestStubRefused(t *testing.T) {
	c := zrpc.NewClient(nil)
	defer c.Close()
	var untouched struct {
		Good func() error
		Bad  func() int
	}
	for _, tc := range []struct {
		why, want string
		stub      any
	}{
		{"nothing", "pointer to a struct", nil},
		{"no pointer", "pointer to a struct", struct{}{}},
		{"a nil pointer", "pointer to a struct", (*struct{ F func() error })(nil)},
		{"no struct", "pointer to a struct", new(int)},
		{"a struct without funcs", "no exported func fields", &struct{ f func() }{}},
		{"a result that is no error", "field Bad: its results", &untouched},
		{"no result", "its results", &struct{ F func() }{}},
		{"three results", "its results", &struct{ F func() (int, int, error) }{}},
		{"a stream without errors", "its results", &struct{ F func() iter.Seq[int] }{}},
		{"a stream of two values", "its results", &struct{ F func() iter.Seq2[int, int] }{}},
		{"a callback", "parameter 1, a func(), cannot be sent", &struct{ F func(func()) error }{}},
		{"a channel", "parameter 2, a chan int, cannot be sent", &struct {
			F func(context.Context, chan int) error
		}{}},
		{"a stream that is not last", "parameter 1, a iter.Seq2[int,error], cannot be sent", &struct {
			F func(iter.Seq2[int, error], int) error
		}{}},
		{"two streams of the caller", "a Duplex sends", &struct {
			F func(iter.Seq2[int, error]) (*zrpc.Duplex[int, int], error)
		}{}},
		{"a Duplex without an error", "its results", &struct{ F func() *zrpc.Duplex[int, int] }{}},
	} {
		if err := c.Stub(tc.stub); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.why, err, tc.want)
		}
	}
	if untouched.Good != nil {
		t.Error("one field cannot be filled, and another was")
	}
}

func TestInvoke(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", func(s *zrpc.Server) {
		stubbed(s)
		s.Handle("tick", func(ctx context.Context) iter.Seq[int] {
			return func(yield func(int) bool) { yield(1); <-ctx.Done() }
		})
	}, nil, nil)
	ctx := t.Context()

	one, err := c.Invoke(ctx, "hello", "you")
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if err := one.Decode(&text); err != nil || text != "Hello, you" || one.Streaming() || string(one.Raw()) != "\xaaHello, you" {
		t.Errorf("%q, %v, streaming %v, raw %x", text, err, one.Streaming(), one.Raw())
	}
	var number int
	if err := one.Decode(&number); err == nil || !strings.Contains(err.Error(), "result of hello: is str, want int") {
		t.Errorf("Decode into another type: %v", err)
	}
	for range 2 {
		if got := collect(one.Items()); got != fmt.Sprint([]byte("\xaaHello, you")) {
			t.Errorf("one result as a stream of one: %s", got)
		}
	}
	for range 2 { // as often as one likes
		if err := one.Close(); err != nil {
			t.Error(err)
		}
	}

	many, err := c.Invoke(ctx, "half", 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := many.Decode(&number); !errors.Is(err, zrpc.ErrStreamed) || many.Raw() != nil || !many.Streaming() {
		t.Errorf("Decode of a stream: %v", err)
	}
	var items [][]byte
	for raw, e := range many.Items() {
		if err = e; e == nil {
			items = append(items, raw)
		}
	}
	if fmt.Sprint(items) != "[[0] [1] [2]]" || err == nil || err.Error() != "Error: half way" {
		t.Errorf("items %v, then %v", items, err)
	}

	empty, err := c.Invoke(ctx, "count", 0)
	if err != nil || !empty.Streaming() || collect(empty.Items()) != "" {
		t.Errorf("an empty stream: %v", err)
	}
	if _, err := c.Invoke(ctx, "fail", "boom"); err == nil || err.Error() != "Error: boom" {
		t.Errorf("an error in place of an answer: %v", err)
	}
	if _, err := c.Invoke(ctx, "nope"); !errors.Is(err, zrpc.ErrNoMethod) {
		t.Errorf("unknown method: %v", err)
	}
	if _, err := c.Invoke(ctx, "hello", make(chan int)); err == nil || !strings.Contains(err.Error(), "calling hello: argument 1: can not serialize 'chan int'") {
		t.Errorf("an argument that cannot be sent: %v", err)
	}

	// The end of Invoke's context ends the reading too, as in net/http.
	bound, cancel := context.WithCancel(ctx)
	defer cancel()
	ticks, err := c.Invoke(bound, "tick")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ticks.Items() {
		cancel()
		err = e
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a stream of an ended context: %v", err)
	}

	// Close ends a loop that waits for the next item.
	ticks, err = c.Invoke(ctx, "tick")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ticks.Items() {
		go ticks.Close()
		err = e
	}
	if !errors.Is(err, zrpc.ErrClosed) {
		t.Errorf("a closed stream: %v", err)
	}
}

// TestUnaryCallOfStream calls a stream for one result.
func TestUnaryCallOfStream(t *testing.T) {
	c := newPair(t, "inproc://"+t.Name(), demo, nil, nil)
	if _, err := zrpc.Call[int](t.Context(), c, "count", 3); !errors.Is(err, zrpc.ErrStreamed) {
		t.Errorf("%v, want ErrStreamed", err)
	}
	if got := collect(zrpc.Stream[string](t.Context(), c, "hello", "x")); got != "Hello, x" {
		t.Errorf("a result as a stream of one: %q", got)
	}
	if got := collect(zrpc.Stream[int](t.Context(), c, "hello", "x")); !strings.Contains(got, "want int") {
		t.Errorf("an item of another type: %q", got)
	}
	if got := collect(zrpc.Stream[int](t.Context(), c, "fail", "boom")); got != "Error: boom" {
		t.Errorf("an error before the first item: %q", got)
	}
}

// TestItemsAreTheCallers keeps what Call and Stream returned while more comes.
func TestItemsAreTheCallers(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", func(s *zrpc.Server) {
		s.Handle("bins", func(n, size int) iter.Seq[[]byte] {
			return func(yield func([]byte) bool) {
				for i := range n {
					if !yield([]byte(strings.Repeat(string(rune('a'+i%26)), size))) {
						return
					}
				}
			}
		})
		s.Handle("bin", func(i, size int) []byte { return []byte(strings.Repeat(string(rune('a'+i%26)), size)) })
	}, nil, nil)
	check := func(what string, i, size int, got []byte) {
		t.Helper()
		if want := strings.Repeat(string(rune('a'+i%26)), size); string(got) != want {
			t.Fatalf("%s of %d bytes: number %d was overwritten", what, size, i)
		}
	}
	for _, size := range []int{3, 1000, 40_000} {
		var kept [][]byte
		var anys []any
		for b, err := range zrpc.Stream[[]byte](t.Context(), c, "bins", 200, size) {
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, b)
		}
		for v, err := range zrpc.Stream[any](t.Context(), c, "bins", 200, size) {
			if err != nil {
				t.Fatal(err)
			}
			anys = append(anys, v)
		}
		for i := range 200 {
			check("item", i, size, kept[i])
			check("item of any type", i, size, anys[i].([]byte))
		}
		kept = nil
		for i := range 200 {
			b, err := zrpc.Call[[]byte](t.Context(), c, "bin", i, size)
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, b)
		}
		for i := range kept {
			check("result", i, size, kept[i])
		}
	}
}
