package main

import (
	"context"
	"errors"
	"iter"
	"math"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// valueError is Python's ValueError on the wire.
type valueError string

func (e valueError) Error() string    { return string(e) }
func (e valueError) WireName() string { return "ValueError" }

// helloRPC returns a server with the methods that the recorded sessions call, under the name and with the
// documentation that their Python class had.
func helloRPC() (*zrpc.Server, error) {
	srv := zrpc.NewServer(&zrpc.ServerOptions{Name: "HelloRPC"})
	add := func(name string, fn any, opts ...zrpc.HandleOption) error { return srv.Handle(name, fn, opts...) }
	nothing := func() {}
	return srv, errors.Join(
		add("hello", func(name string) string { return "Hello, " + name },
			zrpc.WithDoc("Say hello.\n\nLonger text here.", "name")),
		add("add", plus),
		add("echo", func(x any) any { return x }),
		add("ret", ret),
		add("streaming_range", func(from, to, step int) iter.Seq[int] {
			return func(yield func(int) bool) {
				for i := from; i < to && yield(i); i += step {
				}
			}
		}),
		add("empty_stream", func() iter.Seq[int] { return func(func(int) bool) {} }),
		add("fail_stream", func(n int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range n {
					if !yield(i, nil) {
						return
					}
				}
				yield(0, valueError("stream boom"))
			}
		}),
		add("fail", func(msg string) error { return valueError(msg) }),
		add("sleep", sleep),
		// The rest is listed only.
		add("kw", nothing), add("logged_sleep", nothing), add("logged_stream", nothing), add("noargs", nothing),
		add("not_iterable", nothing), add("raise_base", nothing), add("raise_kind", nothing), add("slow_stream", nothing),
		add("varargs", nothing),
	)
}

// plus is Python's a+b with b=2 by default.
func plus(a any, more ...any) (any, error) {
	var b any = int64(2)
	if len(more) > 0 {
		b = more[0]
	}
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return a + b, nil
		}
	case string:
		if b, ok := b.(string); ok {
			return a + b, nil
		}
	}
	return nil, valueError("cannot add")
}

// ret returns a value of each kind.
func ret(kind string) (any, error) {
	v, ok := map[string]any{
		"int": 1, "neg": -1, "float": 1.5, "nan": math.NaN(), "none": nil, "true": true, "str": "s", "uni": "hé",
		"bytes": []byte{0, 0xff}, "list": []int{1, 2}, "tuple": [2]int{1, 2}, "dict": map[string]any{"a": 1},
		"nested": map[string]any{"a": []any{map[string]any{"b": nil}}}, "big": uint64(1 << 63),
		"intkey": map[int]int{1: 2},
	}[kind]
	if !ok {
		return nil, valueError("no such kind")
	}
	return v, nil
}

// sleeping is told of each call of sleep once it has begun.
var sleeping = make(chan struct{}, 1)

func sleep(ctx context.Context, seconds float64) error {
	select {
	case sleeping <- struct{}{}:
	default:
	}
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
