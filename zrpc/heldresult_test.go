package zrpc

import (
	"context"
	"fmt"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// TestHeldResults: a result that waits for a caller who does not read takes its
// memory once, and all of that counts towards MaxHeld. What waits is a copy, so
// the handler's own must be garbage by then. Of each caller a few wait: its further
// calls do not begin.
func TestHeldResults(t *testing.T) {
	const size, callers, calls = 1 << 20, 20, 20
	s := NewServer(nil)
	s.Handle("make", func() []byte { return make([]byte, size) })
	endpoint, err := s.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})

	before := heap()
	envelope, none := zmtp.AppendFrame(nil, true, nil), event.AppendArrayHeader(nil, 0)
	for range callers {
		g := newGreedy(t, endpoint)
		defer g.nc.Close()
		for n := range calls {
			h := event.Head{ID: fmt.Appendf(nil, "%032d", n), Name: "make"}
			if err := g.conn.Send(context.Background(), envelope, append(event.AppendHead(nil, &h), none...), zmtp.Now); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Some of the answers are in the kernel's buffers; others wait.
	if !poll(func() bool { return s.Stats().Held > callers*size }) {
		t.Fatalf("%d bytes are held", s.Stats().Held)
	}
	grown, held := 0, 0
	once := poll(func() bool { // until all that has begun waits
		grown, held = heap()-before, s.Stats().Held
		return grown < held+held/4
	})
	if !once {
		t.Errorf("the heap grew by %d KiB, %d of them counted", grown>>10, held>>10)
	}
	if most := callers * calls * size / 2; held > most {
		t.Errorf("%d KiB are held of what nobody reads, want less than %d", held>>10, most>>10)
	}
}
