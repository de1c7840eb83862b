//go:build !race

package broker

import (
	"context"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// TestForwardAllocates: passing a call on, and its answer back, allocates
// nothing, so what a call costs through a broker is what it costs directly.
func TestForwardAllocates(t *testing.T) {
	r := startAt(t, Options{}, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*")
	srv := r.worker("echo", map[string]any{"echo": func(s string) string { return s }})
	at, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(endpoint string) float64 {
		c, err := zrpc.Dial(t.Context(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		call := func() {
			if got, err := zrpc.Call[string](context.Background(), c, "echo", "0123456789"); got != "0123456789" || err != nil {
				t.Fatalf("%q, %v", got, err)
			}
		}
		for range 200 { // the method has proven cheap, pools are full
			call()
		}
		return testing.AllocsPerRun(500, call)
	}
	direct, through := cost(at), cost(r.front)
	// The garbage collector empties pools meanwhile: part of an allocation is noise.
	if through > direct+0.5 {
		t.Errorf("a call through the broker allocates %.1f times, a direct one %.1f times", through, direct)
	}
}
