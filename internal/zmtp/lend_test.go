package zmtp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
)

// pattern is n bytes that differ from message to message and along the way.
func pattern(n, seed int) []byte {
	block := make([]byte, 251) // which divides no size of a buffer
	for i := range block {
		block[i] = byte(i + seed)
	}
	return bytes.Repeat(block, n/len(block)+1)[:n]
}

// TestSendLent: whatever the peer does, a lent tail is used no more once SendLent has
// returned. It is overwritten then, and must have arrived as it was.
func TestSendLent(t *testing.T) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			a, b := tr.pair(t)
			x, y := connect(t, a, b, withType(nil, "DEALER"), withType(nil, "ROUTER"))
			sizes := []int{0, 1, copyFirst, copyMax, copyMax + 1, 1 << 20, 5 << 20}
			var wg sync.WaitGroup
			defer wg.Wait()
			for g := range 2 { // two, so that one finds the other writing
				wg.Go(func() {
					for i, n := range sizes {
						tail := pattern(n, i)
						if err := x.SendLent(always, nil, []byte{byte(i)}, tail, Flush((i+g)%4)); err != nil {
							t.Errorf("%d bytes: %v", n, err)
						}
						clear(tail)
					}
					x.Flush()
				})
			}
			for range 2 * len(sizes) {
				m, err := recv(y)
				must(t, "recv", err)
				i := int(m.Body[0])
				if !bytes.Equal(m.Body[1:], pattern(sizes[i], i)) {
					t.Fatalf("%d bytes arrived as other ones", sizes[i])
				}
				if m.Owned {
					Recycle(m.Buffer)
				}
			}
		})
	}
}

// TestSendLentToNobody: a tail that waits for room, or for a peer that takes nothing,
// is a copy; the bound on what is queued counts it, and a context ends the wait.
func TestSendLentToNobody(t *testing.T) {
	c, _ := stuck(t, Config{SendBytes: 1 << 20})
	tail := pattern(2<<20, 0)
	must(t, "SendLent", c.SendLent(always, nil, nil, tail, Now))
	if n, b := c.Queued(); n != 1 || b < len(tail) {
		t.Errorf("%d messages, %d bytes queued", n, b)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.SendLent(ctx, nil, nil, tail, Now); !errors.Is(err, context.Canceled) {
		t.Errorf("with a full queue: %v", err)
	}
	clear(tail) // the race detector knows if somebody still reads it
	must(t, "Close", c.Close(nil))
	if err := c.SendLent(always, nil, nil, tail, Now); !errors.Is(err, ErrUnsent) {
		t.Errorf("on a closed connection: %v", err)
	}
}

// TestSendLentTakesOverFromTheFlusher: who lends writes at once, also where the right
// to write was on its way to a flusher that has not begun. That one must find it gone:
// two who write mix their frames, and one of them reads the tail after its return.
func TestSendLentTakesOverFromTheFlusher(t *testing.T) {
	const senders, each, size = 4, 40, copyMax + 1
	x, y := tcpPair(t, nil, nil)
	var wg sync.WaitGroup
	defer wg.Wait()
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				head := binary.BigEndian.AppendUint16([]byte{byte(s)}, uint16(i))
				x.Send(always, nil, head, Async) // a heartbeat, say
				tail := pattern(size, s+i)
				if err := x.SendLent(always, nil, head, tail, Now); err != nil {
					t.Errorf("sender %d, message %d: %v", s, i, err)
				}
				clear(tail)
			}
		})
	}
	var next [senders]int // twice the message's number, and 1 for the lent one
	for range 2 * senders * each {
		m, err := recv(y)
		must(t, "recv", err)
		s, i := int(m.Body[0]), int(binary.BigEndian.Uint16(m.Body[1:]))
		if want := next[s] / 2; i != want {
			t.Fatalf("sender %d: message %d came, %d was due", s, i, want)
		}
		if next[s]%2 == 1 && !bytes.Equal(m.Body[3:], pattern(size, s+i)) {
			t.Fatalf("sender %d: the tail of message %d arrived as another one", s, i)
		}
		next[s]++
		if m.Owned {
			Recycle(m.Buffer)
		}
	}
}
