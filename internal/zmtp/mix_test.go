package zmtp

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zrpc-go/zrpc/internal/budget"
)

// haltingConn is a connection whose kernel takes what it likes, and in its own time.
type haltingConn struct {
	net.Conn
	try  tryWriter
	rand func(n int) int
}

func (c *haltingConn) TryWrite(p []byte) (int, error) {
	for range c.rand(4) {
		runtime.Gosched()
	}
	return c.try.TryWrite(p[:c.rand(len(p)+1)])
}

// mixedSender sends in every way there is, at random, and counts what was taken.
type mixedSender struct {
	c        *Conn
	id       byte
	r        *rand.Rand
	taken    uint32 // messages that were queued, and must arrive
	given    int    // tails that were given away
	released *atomic.Int64
}

func (s *mixedSender) send(t *testing.T) {
	head := binary.BigEndian.AppendUint32([]byte{s.id}, s.taken)
	f := Flush(s.r.IntN(4))
	tail := pattern([]int{0, 1, 100, 5000, copyMax + 1, 2 * copyMax}[s.r.IntN(6)], int(s.id)+int(s.taken))
	ctx, cancel := context.WithCancel(always)
	defer cancel()
	if s.r.IntN(4) == 0 {
		go cancel()
	}
	release := func() { clear(tail); s.released.Add(1) }
	var err error
	switch s.r.IntN(7) {
	case 0:
		err = s.c.Send(ctx, nil, append(head, tail...), f)
		clear(tail)
	case 1:
		if !s.c.TrySend(nil, append(head, tail...), f) {
			return
		}
	case 2:
		s.given++
		err = s.c.SendOwned(ctx, nil, head, tail, release, f)
	case 3:
		s.given++
		if !s.c.TrySendOwned(nil, head, tail, release, f) {
			return
		}
	case 4:
		err = s.c.SendLent(ctx, nil, head, tail, f)
		clear(tail)
	case 5:
		s.c.WaitRoom(ctx)
		return
	case 6:
		s.c.Flush()
		return
	}
	switch {
	case err == nil:
		s.taken++
	case !errors.Is(err, context.Canceled) && !errors.Is(err, ErrClosed):
		t.Errorf("a send: %v", err)
	}
}

// TestMixedSenders drives the right to write through its states at random: whatever is
// taken arrives once, whole and in its sender's order, tails come back once, nobody
// waits for ever and nothing stays queued or counted; a Close in the midst ends all.
func TestMixedSenders(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		near, far := memPair(1 + r.IntN(100_000))
		var mu sync.Mutex
		own := rand.New(rand.NewPCG(seed, 2))
		nc := &haltingConn{near, near.(tryWriter), func(n int) int {
			mu.Lock()
			defer mu.Unlock()
			return own.IntN(n)
		}}
		b := budget.New(1 << 30)
		cfg := Config{SendHWM: 1 + r.IntN(40), SendBytes: 1 + r.IntN(300_000), Budget: b}
		x, y := connect(t, nc, far, withType(&cfg, "DEALER"), withType(nil, "ROUTER"))
		closes := seed%4 == 3

		var released atomic.Int64
		senders := make([]*mixedSender, 1+r.IntN(8))
		next := make([]uint32, len(senders))
		var wg sync.WaitGroup
		for i := range senders {
			s := &mixedSender{c: x, id: byte(i), r: rand.New(rand.NewPCG(seed, uint64(i+3))), released: &released}
			senders[i] = s
			wg.Go(func() {
				for range 50 {
					s.send(t)
				}
				x.Flush()
			})
		}
		received := make(chan error, 1)
		var got atomic.Int64
		go func() {
			for {
				m, err := recv(y)
				if err != nil {
					received <- err
					return
				}
				i, n := m.Body[0], binary.BigEndian.Uint32(m.Body[1:])
				if n != next[i] || !slices.Equal(m.Body[5:], pattern(len(m.Body)-5, int(i)+int(n))) {
					t.Errorf("seed %d: sender %d: message %d of %d bytes came damaged or instead of %d", seed, i, n, len(m.Body), next[i])
				}
				next[i]++
				if m.Owned {
					Recycle(m.Buffer)
				}
				if got.Add(1) == 50 && closes {
					go x.Close(nil)
				}
			}
		}()
		within(t, "the senders", func() error { wg.Wait(); return nil })
		total, given := 0, 0
		for _, s := range senders {
			total, given = total+int(s.taken), given+s.given
		}
		if !closes {
			eventually(t, "all has come", func() bool { return got.Load() >= int64(total) })
			eventually(t, "nothing is queued", func() bool { n, b := x.Queued(); return n == 0 && b == 0 })
			eventually(t, "nothing is counted", func() bool { return b.Used() == 0 })
		}
		must(t, "Close", x.Close(nil))
		within(t, "the receiver", func() error { return <-received })
		if int(released.Load()) != given {
			t.Errorf("seed %d: %d of %d tails came back", seed, released.Load(), given)
		}
		if n := b.Used(); n != 0 {
			t.Errorf("seed %d: %d bytes stay counted", seed, n)
		}
		if t.Failed() {
			return
		}
	}
}
