// Package calc is read by the tests of gendoc: it holds one of everything that a service's source may hold.
package calc

import (
	stdctx "context"
	"iter"
)

// Ctx is the context under another name.
type Ctx = stdctx.Context

// Calculator adds, and counts.
//
// It has "quotes", a \backslash and a `backtick` to be quoted.
type Calculator struct{ base }

// Add returns the sum of a and b,
// which is a + b.
//
//go:noinline
func (Calculator) Add(a, b int) int { return a + b }

// Sum adds up.
func (*Calculator) Sum(ctx stdctx.Context, numbers ...int) (sum int, err error) {
	for _, n := range numbers {
		sum += n
	}
	return sum, nil
}

// StreamingRange streams.
func (c *Calculator) StreamingRange(ctx Ctx, fr, to, step int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := fr; i < to && yield(i); i += step {
		}
	}
}

func (Calculator) Undocumented(_ string, named int) {}

// Unnamed has parameters without names.
func (Calculator) Unnamed(stdctx.Context, string, int) error { return nil }

// Total reads a stream.
func (Calculator) Total(ctx stdctx.Context, in iter.Seq2[int, error]) (int, error) { return 0, nil }

// Multiply is of net/rpc's shape.
func (Calculator) Multiply(args [2]int, reply *int) error { *reply = args[0] * args[1]; return nil }

func (Calculator) hidden() {}

type base struct{}

// Ping comes from the embedded type.
func (base) Ping() string { return "pong" }

func (base) quiet() {}

// Box has a type parameter.
type Box[T any] struct{ v T }

// Get cannot be registered.
func (b Box[T]) Get() T { return b.v }

// Adder is an interface.
type Adder interface {
	// Add adds.
	Add(a, b int) int
}

// Plain has no methods.
type Plain struct{}

// NewPlain is what go/doc takes for a constructor; it is a function all the same.
func NewPlain(size int) Plain { return Plain{} }

// Hello greets.
func Hello(ctx stdctx.Context, name string) string { return "Hello, " + name }

// Map has a type parameter.
func Map[T any](v T) T { return v }

// notExported is documented on request only.
type notExported struct{}

// Do does.
func (notExported) Do(what string) {}

// private too.
func private(x int) int { return x }

var zrpc = private(len([]any{notExported{}, Calculator.hidden, base.quiet})) // a name in the way of the import's

var _ = zrpc

func init() {}

func _() {}
