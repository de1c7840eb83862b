//go:build !race

// Under the race detector sync.Pool drops buffers at random, so the budgets hold
// without it only.

package zrpc_test

import (
	"runtime"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// TestBytesMemory: what an echo of a megabyte takes from the heap, both sides
// together. Handed over it is next to nothing; as []byte it is what handler and caller
// get for good, and no copy beside.
func TestBytesMemory(t *testing.T) {
	const size, calls = 1 << 20, 40
	c := newPair(t, "tcp://127.0.0.1:*", byteMethods, nil, nil)
	want := content(size, 0)
	arg := zrpc.NewBytes(want, nil)
	for _, test := range []struct {
		what   string
		budget uint64 // bytes a call
		allocs uint64
		call   func() error
	}{
		// A collection may come between, and empty the pools.
		{"handed over", size / 8, 50, func() error {
			b, err := zrpc.Call[*zrpc.Bytes](t.Context(), c, "echo", arg)
			b.Release()
			return err
		}},
		{"copied", 2*size + size/2, 60, func() error {
			_, err := zrpc.Call[[]byte](t.Context(), c, "plain", want)
			return err
		}},
	} {
		var before, after runtime.MemStats
		for range calls {
			if err := test.call(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&before)
		for range calls {
			if err := test.call(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		per, allocs := (after.TotalAlloc-before.TotalAlloc)/calls, (after.Mallocs-before.Mallocs)/calls
		t.Logf("%s: %d bytes in %d allocations a call", test.what, per, allocs)
		if per > test.budget || allocs > test.allocs {
			t.Errorf("%s: %d bytes in %d allocations a call, budget %d in %d", test.what, per, allocs, test.budget, test.allocs)
		}
	}
}
