// Stub calls a remote service through a struct of functions, so that it reads like a local one.
//
//	go run ./examples/stub                 # serves until interrupted
//	go run ./examples/stub client          # calls it
//
// service.py is the same service in Python, client.py calls either.
package main

import (
	"context"
	"iter"
)

// The comments and parameter names below reach callers by a generated file: zrpc tcp://127.0.0.1:4242 -? shows them.
//go:generate go run github.com/zrpc-go/zrpc/cmd/zrpc gen doc -type Calculator

// Calculator is the service. Its methods are called by their names in snake case: "add", "divide", "squares".
type Calculator struct{}

// Add returns the sum of a and b.
func (Calculator) Add(a, b int) int { return a + b }

// Divide returns a / b.
func (Calculator) Divide(ctx context.Context, a, b float64) (float64, error) {
	if b == 0 {
		return 0, zeroDivision{}
	}
	return a / b, nil
}

// Squares yields the squares of the numbers.
func (Calculator) Squares(numbers ...int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, n := range numbers {
			if !yield(n * n) {
				return
			}
		}
	}
}

// zeroDivision is the error that a Python service would raise, name included.
type zeroDivision struct{}

func (zeroDivision) Error() string    { return "division by zero" }
func (zeroDivision) WireName() string { return "ZeroDivisionError" }
