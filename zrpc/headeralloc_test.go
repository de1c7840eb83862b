//go:build !race

package zrpc_test

import (
	"math"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// TestAllocationsOfCalls holds what a call costs that uses none of the extras, both
// sides together: neither header keys, metadata, retries nor interceptors are for
// nothing, but who does without pays nothing for them.
func TestAllocationsOfCalls(t *testing.T) {
	c := newPair(t, "inproc://"+t.Name(), demo, nil, nil)
	for _, test := range []struct {
		what string
		most float64
		f    func() error
	}{
		{"a call", 8, func() error { _, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); return err }},
		{"a stream", 44, func() (last error) {
			for _, err := range zrpc.Stream[int](t.Context(), c, "count", 10) {
				last = err
			}
			return last
		}},
	} {
		for range 200 { // until the method runs inline and the pools are full
			if err := test.f(); err != nil {
				t.Fatal(err)
			}
		}
		// The least of some: others' garbage collections empty the pools.
		least := math.Inf(1)
		for range 20 {
			least = min(least, testing.AllocsPerRun(100, func() {
				if err := test.f(); err != nil {
					t.Error(err)
				}
			}))
		}
		if least > test.most {
			t.Errorf("%s: %v allocations, at most %v", test.what, least, test.most)
		}
	}
}
