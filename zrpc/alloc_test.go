//go:build !race

// Under the race detector sync.Pool drops buffers at random, so the budgets
// hold without it only.

package zrpc

import (
	"context"
	"testing"
)

// TestAllocations: what one call over TCP allocates, at both ends together, once
// its method runs on the reading goroutine.
func TestAllocations(t *testing.T) {
	srv := NewServer(nil)
	defer srv.Close()
	for name, fn := range map[string]any{
		"plain":   func(s string) string { return s },
		"context": func(_ context.Context, s string) (string, error) { return s, nil },
		"number":  func(n int) int { return n },
	} {
		if err := srv.Handle(name, fn); err != nil {
			t.Fatal(err)
		}
	}
	endpoint, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(t.Context())
	c, err := Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	text := func(method string) func() error {
		return func() error { _, err := Call[string](ctx, c, method, "0123456789"); return err }
	}
	for _, tc := range []struct {
		why    string
		budget float64
		call   func() error
	}{
		{"the caller's result, the handler's argument", 2, text("plain")},
		{"and its context", 3, text("context")},
		{"numbers", 0, func() error { _, err := Call[int](ctx, c, "number", 7); return err }},
	} {
		for range 100 { // the method proves that it is quick
			if err := tc.call(); err != nil {
				t.Fatal(err)
			}
		}
		got := testing.AllocsPerRun(2000, func() {
			if err := tc.call(); err != nil {
				t.Fatal(err)
			}
		})
		if got > tc.budget {
			t.Errorf("%s: %v allocations a call, may have %v", tc.why, got, tc.budget)
		}
	}
}
