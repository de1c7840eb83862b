package interop

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// rounds is how many times a delay is measured.
const rounds = 20

// deadline is the callers': long enough for a request to come to the handler of
// another process on a crowded machine.
const deadline = 300 * time.Millisecond

// TestCancelAcrossProcesses measures how long after a caller gives up the
// context of its handler, in another process, has ended.
func TestCancelAcrossProcesses(t *testing.T) {
	const heartbeat = 5 * time.Second // zerorpc's own: what a caller's silence would take 10 to 15 s to tell
	server := peer.Self(t, "server", anyPort, heartbeat.String())
	c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{Heartbeat: heartbeat})
	h := callByHand(t, server.Endpoint())
	for _, test := range []struct {
		what   string
		method string
		// giveUp begins a call and returns, once begun is called, the moment when
		// the handler's context should have ended.
		giveUp func(begun func()) time.Time
	}{
		{"a call is cancelled", "sleep", func(begun func()) time.Time {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if _, err := zrpc.Call[any](ctx, c, "sleep", 600); !errors.Is(err, context.Canceled) {
					t.Errorf("the cancelled call: %v", err)
				}
			}()
			begun()
			at := time.Now()
			cancel()
			<-ended
			return at
		}},
		{"a stream is left", "slow_stream", func(begun func()) time.Time {
			var at time.Time
			for _, err := range zrpc.Stream[int](t.Context(), c, "slow_stream", 1000, 0.01) {
				if err != nil {
					t.Error(err)
				}
				begun()
				at = time.Now()
				break
			}
			return at
		}},
		{"a call's deadline passes", "sleep", func(begun func()) time.Time {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			if _, err := zrpc.Call[any](ctx, c, "sleep", 600); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the call with a deadline: %v", err)
			}
			at, _ := ctx.Deadline()
			begun()
			return at
		}},
		{"the deadline's header key alone", "sleep", func(begun func()) time.Time {
			at := time.Now().Add(100 * time.Millisecond)
			h.send("", "sleep", event.AppendInt(event.AppendString(nil, "deadline"), 100), 1, 600)
			begun()
			return at
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			server := server.On(t)
			var took []time.Duration
			for range rounds {
				at := test.giveUp(func() { server.WaitMethod(10*time.Second, test.method, "begin") })
				server.WaitMethod(heartbeat, test.method, "lost")
				took = append(took, time.Since(at))
			}
			slices.Sort(took)
			t.Logf("%s: seen by the handler after %v (median of %d; the longest %v)", test.what, took[rounds/2], rounds, took[rounds-1])
			if took[rounds-1] >= heartbeat {
				t.Errorf("%s: the handler saw it after %v, no sooner than by heartbeats", test.what, took[rounds-1])
			}
		})
	}
}
