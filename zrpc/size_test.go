package zrpc_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// TestTooLargeHarmsNobody sends and answers what does not fit into a message: the
// one call fails, at once, and another in flight on the connection goes on.
func TestTooLargeHarmsNobody(t *testing.T) {
	const most = 1 << 20
	release := make(chan struct{})
	c := newPair(t, "inproc://"+t.Name(), func(s *zrpc.Server) {
		s.Handle("wait", func(ctx context.Context) (string, error) {
			select {
			case <-release:
				return "done", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		s.Handle("fill", func(n int) []byte { return make([]byte, n) })
		s.Handle("length", func(b []byte) int { return len(b) })
	}, &zrpc.ServerOptions{MaxMessage: most}, &zrpc.ClientOptions{MaxMessage: most})
	other := make(chan error, 1)
	go func() {
		_, err := zrpc.Call[string](t.Context(), c, "wait")
		other <- err
	}()
	if _, err := zrpc.Call[int](t.Context(), c, "length", make([]byte, most)); err == nil || !strings.Contains(err.Error(), "a message holds") {
		t.Errorf("arguments that are too large: %v", err)
	}
	var remote *zrpc.RemoteError
	if _, err := zrpc.Call[[]byte](t.Context(), c, "fill", most); !errors.As(err, &remote) || remote.Name != "OverflowError" {
		t.Errorf("a result that is too large: %v", err)
	}
	if b, err := zrpc.Call[[]byte](t.Context(), c, "fill", most/2); err != nil || len(b) != most/2 {
		t.Errorf("a result that fits: %d bytes, %v", len(b), err)
	}
	close(release)
	if err := <-other; err != nil {
		t.Errorf("the call beside them: %v", err)
	}
}
