//go:build !race

// Under the race detector sync.Pool drops buffers at random, so the budgets hold
// without it only.

package pubsub

import (
	"context"
	"testing"
)

// Without interceptors Emit allocates nothing, and a delivery what its handler is
// given. One round is a burst, as the pools and queues are meant for; the fraction
// is for what a collection empties.
func TestAllocations(t *testing.T) {
	e, _ := recorder(0)
	e.out.send = func(context.Context, ...[]byte) error { return nil }
	args := []any{"text", true}
	if n := testing.AllocsPerRun(200, func() { _ = e.Emit(context.Background(), "n", args...) }); n > 0 {
		t.Errorf("%v allocations an Emit, want none", n)
	}
	const n = 100
	arg := make([]byte, 100)
	done := make(chan struct{}, n)
	for _, tc := range []struct {
		why    string
		fn     any // nil: an iterator
		args   []any
		budget float64
	}{
		{"an int", func(int) { done <- struct{}{} }, []any{7}, 0.2},
		{"nothing, and a result that goes nowhere", func() (string, error) { done <- struct{}{}; return "x", nil }, nil, 0.2},
		{"bytes of its own", func([]byte) { done <- struct{}{} }, []any{arg}, 1.2},
		{"a context, the event and its bytes", func(context.Context, int) { done <- struct{}{} }, []any{7}, 3.2},
		{"an iterator: the event and its bytes", nil, []any{arg}, 2.2},
	} {
		t.Run(tc.why, func(t *testing.T) {
			pub, sub := closing(t, NewPublisher(nil)), closing(t, NewSubscriber(nil))
			connect(t, sub, bind(t, pub, "tcp://127.0.0.1:*"))
			await(t, pub, 1)
			served := make(chan error, 1)
			if tc.fn != nil {
				handle(t, sub, "n", tc.fn)
				go func() { served <- sub.Serve(t.Context()) }()
			} else {
				go func() {
					for _, err := range sub.Events(t.Context()) {
						if err != nil {
							break
						}
						done <- struct{}{}
					}
					served <- nil
				}()
			}
			ctx := context.Background()
			round := func() {
				for range n {
					if err := pub.Emit(ctx, "n", tc.args...); err != nil {
						t.Fatal(err)
					}
				}
				for range n {
					<-done
				}
			}
			round()
			if got := testing.AllocsPerRun(50, round) / n; got > tc.budget {
				t.Errorf("%.2f allocations an event emitted and delivered, want %v", got, tc.budget)
			}
			sub.Close()
			<-served
		})
	}
}
