//go:build !race

// The race detector's shadow of stacks and heap would be counted too.

package broker

import (
	"runtime"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// taken is what the process's objects and stacks take, in bytes.
func taken() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools keep goes with the second
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// TestIdleMemory: what a client that has made a call and is idle takes, its own end
// and the broker's together. A broker in front of ten thousand of them is to stay small.
func TestIdleMemory(t *testing.T) {
	const clients, limit = 300, 32 << 10
	r := startAt(t, Options{}, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
	r.worker("demo", demo())
	call := func() {
		if _, err := zrpc.Call[string](t.Context(), r.client(), "echo", "0123456789"); err != nil {
			t.Fatal(err)
		}
	}
	call()
	before := taken()
	for range clients {
		call()
	}
	each := 0
	wait(t, "an idle client takes at most 32 KiB", func() bool { // goroutines on their way to rest have larger stacks yet
		each = (taken() - before) / clients
		return each <= limit
	})
	t.Logf("%d bytes", each)
}
