//go:build !race

// Under the race detector sync.Pool drops buffers at random, so the budgets
// hold without it only.

package zmtp

import (
	"context"
	"runtime"
	"testing"
)

// TestAllocations: the budgets of the steady state.
func TestAllocations(t *testing.T) {
	x, y := tcpPair(t, nil, nil)
	envelope, body := AppendFrame(nil, true, nil), make([]byte, 100)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	big, release := make([]byte, 100_000), func() {}
	get := func(n int) {
		for range n {
			m, err := recv(y)
			must(t, "recv", err)
			Recycle(m.Buffer)
		}
	}
	for _, tc := range []struct {
		what   string
		budget float64
		f      func()
	}{
		{"a small message there and back", 0, func() {
			x.Send(ctx, envelope, body, Now)
			m, _ := recv(y)
			y.Send(ctx, m.Envelope, m.Body, Now)
			recv(x)
		}},
		{"a corked batch", 0, func() {
			for range 10 {
				x.Send(ctx, envelope, body, Later)
			}
			x.Flush()
			get(10)
		}},
		{"Yield", 0, func() { x.Send(ctx, envelope, body, Yield); get(1) }},
		{"Async: the flusher's goroutine", 0, func() { x.Send(ctx, envelope, body, Async); get(1) }},
		{"TrySend", 0, func() { x.TrySend(envelope, body, Now); get(1) }},
		{"PING and PONG", 0, func() {
			x.SendCommand("PING", body[:2])
			x.Send(ctx, nil, body, Now)
			get(1)
			y.answer()
		}},
		// A pooled buffer costs its slice header on its way back.
		{"a large body handed over", 3, func() { x.SendOwned(ctx, envelope, body, big, release, Now); get(1) }},
		{"a large body copied", 4, func() { x.Send(ctx, envelope, big, Now); get(1) }},
	} {
		for range 100 {
			tc.f() // warm up buffers, and descriptors of the runtime
		}
		if got := testing.AllocsPerRun(500, tc.f); got > tc.budget {
			t.Errorf("%s: %v allocations, budget %v", tc.what, got, tc.budget)
		}
	}
}

// TestIdleMemory: what an idle connection holds, its goroutine's stack included.
func TestIdleMemory(t *testing.T) {
	const conns = 200
	used := func() uint64 {
		var ms runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&ms)
		return ms.HeapAlloc + ms.StackInuse
	}
	before := used()
	var all []*Conn
	for range conns / 2 {
		x, y := tcpPair(t, nil, nil)
		for _, c := range []*Conn{x, y} {
			go collect(c)
			must(t, "Send", c.Send(always, nil, make([]byte, 100), Now))
			all = append(all, c)
		}
	}
	for _, c := range all {
		eventually(t, "the message has come and the reader waits", func() bool { n, _ := c.Queued(); return c.rd.parked.Load() && n == 0 })
	}
	per := (used() - before) / conns
	t.Logf("%d bytes an idle connection", per)
	if per > 12<<10 {
		t.Errorf("%d bytes an idle connection", per)
	}
	runtime.KeepAlive(all)
}
