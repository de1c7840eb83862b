package ratelimit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

func register(s *zrpc.Server) {
	s.Handle("a", func() {})
	s.Handle("b", func() {})
}

// passed makes n calls and returns how many were not refused.
func passed(t *testing.T, c *zrpc.Client, method string, n int) (ok int) {
	t.Helper()
	for range n {
		_, err := zrpc.Call[any](t.Context(), c, method)
		var remote *zrpc.RemoteError
		switch {
		case err == nil:
			ok++
		case !errors.As(err, &remote) || remote.Name != Limited || !zrpc.Unsent(err):
			t.Errorf("%s: %v, want %s", method, err, Limited)
		}
	}
	return ok
}

func TestServerRefuses(t *testing.T) {
	who := "ann"
	for _, test := range []struct {
		why  string
		opt  Options
		a, b int // of 10 calls each
	}{
		{"no limit", Options{}, 10, 10},
		{"all calls together", Options{Total: Limit{1, 4}}, 4, 0},
		{"each method", Options{PerMethod: Limit{Rate: 3}}, 3, 3},
		{"one method", Options{PerMethod: Limit{1, 3}, Methods: map[string]Limit{"b": {1, 7}}}, 3, 7},
		{"one method free", Options{PerMethod: Limit{1, 3}, Methods: map[string]Limit{"b": {}}}, 3, 10},
		{"never", Options{Methods: map[string]Limit{"a": {Rate: -1}}}, 0, 10},
		{"each caller", Options{PerPeer: Limit{1, 4}}, 4, 0},
		{"each caller by connection", Options{PerPeer: Limit{1, 4}, PeerKey: Connection}, 4, 0},
		{"a rate below one", Options{Total: Limit{Rate: 0.01}}, 1, 0},
		// The six refusals of a by its own limit must not use up the total.
		{"refused calls do not count", Options{Total: Limit{1, 10}, Methods: map[string]Limit{"a": {1, 4}}}, 4, 6},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := pair.New(t, register, []zrpc.Interceptor{Server(test.opt)}, nil)
			if a, b := passed(t, c, "a", 10), passed(t, c, "b", 10); a != test.a || b != test.b {
				t.Errorf("%s: %d and %d of ten calls passed, want %d and %d", test.why, a, b, test.a, test.b)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c := pair.New(t, register, []zrpc.Interceptor{Server(Options{
			PerPeer: Limit{10, 2}, MaxPeers: 1,
			PeerKey: func(context.Context, *zrpc.Peer) string { return who },
		})}, nil)
		if n := passed(t, c, "a", 10); n != 2 {
			t.Errorf("ann's burst of 2 let %d pass", n)
		}
		<-time.After(100 * time.Millisecond)
		if n := passed(t, c, "a", 10); n != 1 {
			t.Errorf("a tenth of a second at 10 a second let %d pass", n)
		}
		who = "bob"
		if n := passed(t, c, "a", 10); n != 2 {
			t.Errorf("bob's burst of 2 let %d pass", n)
		}
		who = "ann" // forgotten for bob
		if n := passed(t, c, "a", 10); n != 2 {
			t.Errorf("ann, come back, may make %d calls", n)
		}
	})
}

func TestClientWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pair.New(t, register, nil, []zrpc.Interceptor{Client(Options{Total: Limit{2, 1}, PerPeer: Limit{1, 1}})})
		begun := time.Now()
		if n := passed(t, c, "a", 5); n != 5 || time.Since(begun) != 2*time.Second {
			t.Errorf("%d calls in %v, want 5 in 2 s", n, time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := zrpc.Call[any](ctx, c, "a"); !zrpc.Unsent(err) || time.Since(begun) != 2*time.Second {
			t.Errorf("with too little time: %v after %v, want the refusal at once", err, time.Since(begun))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if _, err := zrpc.Call[any](ctx, c, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestWhoIsOneCaller(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		peer *zrpc.Peer
		want string
	}{
		{nil, ""},
		{&zrpc.Peer{Address: "192.0.2.1:4242"}, "192.0.2.1"},
		{&zrpc.Peer{Address: "[2001:db8::1]:4242"}, "2001:db8::1"},
		{&zrpc.Peer{Address: "@"}, "@"},
	} {
		if got := Host(ctx, test.peer); got != test.want {
			t.Errorf("Host(%v) = %q, want %q", test.peer, got, test.want)
		}
	}
	if Connection(ctx, nil) != "" || Connection(ctx, &zrpc.Peer{RoutingID: "r"}) != "r" {
		t.Error("Connection is not the routing id")
	}
}
