//go:build !race

// The race detector's shadow of stacks and heap would be counted too.

package zrpc

import (
	"context"
	"iter"
	"runtime"
	"testing"
)

// taken is what the process's objects and stacks take, in bytes.
func taken() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools keep goes with the second
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// TestIdleMemory: what a connection holds after a call, and a stream while its
// handler waits for credit: both ends together, goroutines included. The stacks of
// a client's connection and of a stream are 2 KiB, the least there is; a few frames
// more, and they double.
func TestIdleMemory(t *testing.T) {
	const conns, streams = 300, 2000
	srv := NewServer(nil)
	defer srv.Close()
	srv.Handle("echo", func(s string) string { return s })
	srv.Handle("count", func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range n {
				if !yield(i) {
					return
				}
			}
		}
	})
	endpoint, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(t.Context())
	dial := func() *Client {
		c, err := Dial(t.Context(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := Call[string](t.Context(), c, "echo", "0123456789"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := dial().With(CallOptions{Credit: 1})
	for _, tc := range []struct {
		what     string
		n, limit int
		open     func() error
	}{
		{"connection", conns, 15 << 10, func() error { dial(); return nil }},
		{"stream", streams, 11 << 9, func() error {
			_, err := first.Invoke(context.Background(), "count", 1000)
			return err
		}},
	} {
		before := taken()
		for range tc.n {
			if err := tc.open(); err != nil {
				t.Fatal(err)
			}
		}
		// Goroutines on their way to rest have larger stacks yet, and timers.
		each := 0
		if !poll(func() bool { each = (taken() - before) / tc.n; return each <= tc.limit }) {
			t.Errorf("an idle %s takes %d bytes, may take %d", tc.what, each, tc.limit)
		}
		t.Logf("%s: %d bytes", tc.what, each)
	}
}
