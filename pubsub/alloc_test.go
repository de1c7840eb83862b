//go:build !race

// Under the race detector sync.Pool drops buffers at random, so the budgets
// hold without it only.

package pubsub

import (
	"context"
	"testing"
)

// TestAllocations holds what an event costs without interceptors: nothing at the
// sender, and from there to the handler's return what receiving and decoding it
// takes.
func TestAllocations(t *testing.T) {
	e, _ := recorder(0)
	e.out.send = func(context.Context, ...[]byte) error { return nil }
	args := []any{"text", true}
	if n := testing.AllocsPerRun(200, func() { _ = e.Emit(context.Background(), "n", args...) }); n > 0 {
		t.Errorf("%v allocations an Emit, want none", n)
	}
	push, pull := pair(t, nil)
	handled := make(chan bool)
	handle(t, pull, "n", func(string, bool) { handled <- true })
	served := make(chan error, 1)
	go func() { served <- pull.Serve(t.Context()) }()
	defer func() {
		pull.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	const budget = 8 // the Event, its name and text, frames and their bytes, and what parks a reader
	if n := testing.AllocsPerRun(500, func() {
		_ = push.Emit(t.Context(), "n", args...)
		<-handled
	}); n > budget {
		t.Errorf("%v allocations from Emit to the handler's return, want at most %d", n, budget)
	}
}
