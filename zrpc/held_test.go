package zrpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

const (
	heldLimit = 16 << 20 // MaxHeld
	heldPeers = 30       // each of whom alone may hold more
	heldEach  = 8 << 20  // what each sends, or wants to be sent
	heldCall  = 256 << 10
)

// greedy is one connection of a peer that wants to make the server hold much.
type greedy struct {
	nc   net.Conn
	conn *zmtp.Conn
}

func newGreedy(t *testing.T, endpoint string) *greedy {
	t.Helper()
	nc, err := net.Dial("tcp", endpoint[len("tcp://"):])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := zmtp.Handshake(nc, &zmtp.Config{Type: zmq4.Dealer})
	if err != nil {
		t.Fatal(err)
	}
	return &greedy{nc, conn}
}

// endless is a message of which only the first half is sent.
var endless = zmtp.AppendFrame(nil, false, make([]byte, 2*heldEach))

// half begins a message and never ends it.
func (g *greedy) half() { g.nc.Write(endless[:heldEach]) }

// calls makes calls of heldCall bytes, and reads no answer.
func (g *greedy) calls(method string) {
	envelope := zmtp.AppendFrame(nil, true, nil)
	arg := event.AppendBin(event.AppendArrayHeader(nil, 1), make([]byte, heldCall))
	for n := range heldEach / heldCall {
		h := event.Head{ID: fmt.Appendf(nil, "%032d", n), Name: method}
		if g.conn.Send(context.Background(), envelope, append(event.AppendHead(nil, &h), arg...), zmtp.Now) != nil {
			return // disconnected
		}
	}
}

// heldServer serves "echo", "wait", which holds its argument until its caller is
// gone, and "grow", whose answer is many times the request.
func heldServer(t *testing.T) (s *Server, endpoint string) {
	t.Helper()
	s = NewServer(&ServerOptions{MaxHeld: heldLimit})
	answer := make([]byte, 8*heldCall)
	s.Handle("echo", func(p []byte) []byte { return p })
	s.Handle("grow", func([]byte) []byte { return answer })
	s.Handle("wait", func(ctx context.Context, _ []byte) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
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
	return s, endpoint
}

// heap is what is live, in bytes.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestHeld: thirty peers, each of which keeps to its own limits, cannot make the
// server hold more than MaxHeld and its slack together, and calls of others go
// on meanwhile. When they are gone, nothing is counted any more.
func TestHeld(t *testing.T) {
	for _, test := range []struct {
		name   string
		do     func(g *greedy)
		larger bool // larger calls of others go on as well: the greedy ones are larger still
		stays  bool // they are refused, and not disconnected
	}{
		{"messages that never end", (*greedy).half, true, false},
		{"requests of calls that last", func(g *greedy) { g.calls("wait") }, false, true},
		{"answers that nobody reads", func(g *greedy) { g.calls("grow") }, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, endpoint := heldServer(t)
			before := heap()
			var all []*greedy
			for range heldPeers {
				all = append(all, newGreedy(t, endpoint))
			}
			var work, good sync.WaitGroup
			full := make(chan struct{})
			good.Go(func() { heldCalls(t, endpoint, 10, 0, full) })
			if test.larger {
				good.Go(func() { heldCalls(t, endpoint, heldCall, 20, full) })
			}
			for _, g := range all {
				work.Go(func() { test.do(g) })
			}
			most := 0
			reached := poll(func() bool {
				st := s.Stats()
				most = max(most, st.Held)
				if test.stays { // refused
					return most > heldLimit*3/4
				}
				return st.Conns < heldPeers/2 // the rest was sent away, whatever we saw of the moment before
			})
			if !reached {
				t.Errorf("%d bytes were held, and %d connections are left: the limit was not reached", most, s.Stats().Conns)
			}
			close(full)
			good.Wait()
			most = max(most, s.Stats().Held)
			grown := heap() - before
			if most > heldLimit*5/4 {
				t.Errorf("%d bytes were held, the limit is %d and a quarter", most, heldLimit)
			}
			// Beside what is counted: buffers of the connections, and what the greedy
			// ones have queued themselves and the kernel does not take. All that they
			// try to make the server hold is 15 times the limit.
			for _, g := range all {
				_, queued := g.conn.Queued()
				grown -= queued
			}
			if grown > 6*heldLimit {
				t.Errorf("the heap grew by %d bytes, %d of them counted", grown, most)
			}
			for _, g := range all {
				g.nc.Close()
			}
			work.Wait()
			if !poll(func() bool { return s.Stats().Held == 0 }) {
				t.Errorf("%d bytes count as held by nobody", s.Stats().Held)
			}
			t.Logf("%d KiB were held, the heap grew by %d KiB", most>>10, grown>>10)
		})
	}
}

// heldCalls is a good client: it calls, each time with size bytes, until the limit
// is reached and then as often again as shows that it can go on. So many calls may
// be lost: a larger one that comes in the moment in which those who were sent away
// have not given their memory back yet is refused as well.
func heldCalls(t *testing.T, endpoint string, size, lost int, full chan struct{}) {
	c, err := Dial(t.Context(), endpoint)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	arg := bytes.Repeat([]byte("x"), size)
	for n, left := 0, 100; left > 0; n++ {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		got, err := Call[[]byte](ctx, c, "echo", arg)
		cancel()
		if err == nil && len(got) != size {
			err = errors.New("a short answer")
		}
		if err != nil && lost > 0 {
			lost--
			continue
		}
		if err != nil {
			t.Errorf("call %d of a good client with %d bytes: %v", n, size, err)
			return
		}
		select {
		case <-full:
			left--
		default:
		}
	}
}
