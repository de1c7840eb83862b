package drive

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

const (
	// probeTime bounds the wait for each subscriber's first probe.
	probeTime = 10 * time.Second
	// pollTime is between looks at the counts, when a run is about to end.
	pollTime = 100 * time.Microsecond
	// ahead is how many receipts the fastest subscriber may be ahead of the slowest: more
	// than any window holds.
	ahead = 64
)

// subscribers is the client's side of Pub and Push; see wire.Fan.
type subscribers struct {
	// set at creation
	push   bool
	size   int
	window int
	all    []subscriber
	ready  sync.WaitGroup // one for each that has not yet received a probe
	l      net.Listener

	mu     sync.Mutex // guards the fields below
	pace   net.Conn   // the publisher's connection for receipts; nil before it came
	owed   int        // receipts that came about before it
	passed [ahead]int // how many subscribers have passed each multiple of ReceiptEvery
}

// subscriber is one connection. Its count has a cache line of its own.
type subscriber struct {
	n      atomic.Int64 // messages of this run
	probed atomic.Bool
	c      io.Closer
	_      [32]byte
}

// subscribe connects all and waits until each has received a probe.
func subscribe(p peers.Peer, c wire.Command) (s *subscribers, err error) {
	s = &subscribers{push: c.Work == wire.Push, size: c.Size, window: c.Window, all: make([]subscriber, c.Conns)}
	if s.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for the publisher: %w", err)
	}
	go s.accept()
	s.ready.Add(len(s.all))
	for i := range s.all {
		sub := &s.all[i]
		if sub.c, err = p.Subscribe(c.Addr, s.push, func(p []byte) { s.got(sub, p) }); err != nil {
			s.close()
			return nil, fmt.Errorf("subscribe to %s: %w", c.Addr, err)
		}
	}
	probed := make(chan struct{})
	go func() {
		s.ready.Wait()
		close(probed)
	}()
	select {
	case <-probed:
		return s, nil
	case <-time.After(probeTime):
		s.close()
		return nil, fmt.Errorf("not every subscriber has received a probe within %v", probeTime)
	}
}

func (s *subscribers) addr() string { return s.l.Addr().String() }

// accept takes the publisher's connections, one a run, until the listener is closed.
func (s *subscribers) accept() {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.pace != nil {
			s.pace.Close()
		}
		s.pace = c
		s.sendLocked(s.owed)
		s.owed = 0
		s.mu.Unlock()
	}
}

// got counts one message of a subscriber; its own goroutine calls it.
func (s *subscribers) got(sub *subscriber, p []byte) {
	if len(p) != s.size { // a probe
		if !sub.probed.Swap(true) {
			s.ready.Done()
		}
		return
	}
	// The count goes up last: when it is complete, so are the receipts, and none of them
	// can be taken for one of the next run, which would then overrun its window.
	n := sub.n.Load() + 1
	if s.window > 0 && n%wire.ReceiptEvery == 0 {
		s.pass(int(n / wire.ReceiptEvery % ahead))
	}
	sub.n.Store(n)
}

// pass notes that one more subscriber has come so far; the last one makes a receipt.
func (s *subscribers) pass(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed[i]++
	if s.passed[i] < len(s.all) {
		return
	}
	s.passed[i] = 0
	if s.pace == nil {
		s.owed++
		return
	}
	s.sendLocked(1)
}

// sendLocked sends n receipts. When that fails the publisher is waiting in vain, and
// says so.
func (s *subscribers) sendLocked(n int) {
	if n > 0 {
		s.pace.Write(make([]byte, n))
	}
}

// await waits until what was sent has arrived, or nothing arrives any more, and counts.
// Seconds is the time from the beginning until the last arrival: the publisher's own
// time comes before.
func (s *subscribers) await(sent int64) (wire.Reply, error) {
	want := sent
	if !s.push {
		want *= int64(len(s.all))
	}
	start := time.Now()
	have, last := s.count(), start
	for have < want && time.Since(last) < wire.QuietMillis*time.Millisecond {
		time.Sleep(pollTime)
		if n := s.count(); n != have {
			have, last = n, time.Now()
		}
	}
	s.reset()
	if have > want {
		return wire.Reply{}, fmt.Errorf("%d messages arrived of %d: some came twice", have, want)
	}
	return wire.Reply{Ops: have, Lost: want - have, Seconds: last.Sub(start).Seconds()}, nil
}

// count is how many messages all together have received in this run.
func (s *subscribers) count() (n int64) {
	for i := range s.all {
		n += s.all[i].n.Load()
	}
	return n
}

// reset prepares the next run; the publisher connects anew for it.
func (s *subscribers) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		s.all[i].n.Store(0)
	}
	s.passed = [ahead]int{}
	s.owed = 0
	if s.pace != nil {
		s.pace.Close()
		s.pace = nil
	}
}

// close ends all connections. Systems may call got a last time afterwards.
func (s *subscribers) close() {
	for i := range s.all {
		if c := s.all[i].c; c != nil {
			c.Close()
		}
	}
	s.l.Close()
	s.reset()
}
