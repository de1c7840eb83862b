package zmtp

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// eventually polls until cond holds.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !cond(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%s: not after %v", what, limit)
		}
	}
}

// TestSenders: many senders, every way of flushing, every kind of body: all
// arrive, each sender's in its order, and every tail is released once.
func TestSenders(t *testing.T) {
	const senders, each = 16, 200
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			a, b := tr.pair(t)
			x, y := connect(t, a, b, withType(nil, "DEALER"), withType(nil, "ROUTER"))
			var released atomic.Int64
			var wg sync.WaitGroup
			for s := range senders {
				wg.Go(func() {
					for i := range each {
						body := binary.BigEndian.AppendUint32(nil, uint32(s))
						body = binary.BigEndian.AppendUint32(body, uint32(i))
						f := Flush(i % 4)
						var err error
						switch {
						case i%50 == 7:
							tail := make([]byte, 30_000)
							err = x.SendOwned(always, nil, body, tail, func() { released.Add(1) }, f)
						case i%50 == 8:
							err = x.SendOwned(always, nil, body, []byte("tail"), func() { released.Add(1) }, f)
						case i%50 == 9:
							err = x.Send(always, nil, append(body, make([]byte, 20_000)...), f)
						default:
							err = x.Send(context.Background(), nil, body, f)
						}
						if err != nil {
							t.Errorf("send: %v", err)
						}
					}
					x.Flush()
				})
			}
			next := make([]uint32, senders)
			for range senders * each {
				m, err := recv(y)
				must(t, "recv", err)
				s, i := binary.BigEndian.Uint32(m.Body), binary.BigEndian.Uint32(m.Body[4:])
				if next[s] != i {
					t.Fatalf("sender %d: message %d came, %d was due", s, i, next[s])
				}
				next[s]++
			}
			wg.Wait()
			eventually(t, "all tails are released", func() bool { return released.Load() == senders*each/50*2 })
			eventually(t, "the queue is empty", func() bool { n, b := x.Queued(); return n == 0 && b == 0 })
		})
	}
}

// stuck returns a connection whose peer takes nothing.
func stuck(t testing.TB, cfg Config) (*Conn, net.Conn) {
	nc, far := memPair(1)
	return reading(t, nc, cfg), far
}

// TestHighWaterMark: at the mark Send waits for room, a context or the end.
func TestHighWaterMark(t *testing.T) {
	for _, tc := range []struct {
		why string
		cfg Config
		n   int // messages of 10 bytes that are let in
	}{
		{"messages, beside the one that is being written", Config{SendHWM: 3}, 4},
		{"bytes", Config{SendBytes: 25}, 3},
		{"a large message may enter an empty queue", Config{SendBytes: 1}, 1},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, far := stuck(t, tc.cfg)
				defer c.Close(nil)
				body := make([]byte, 8)
				for i := range tc.n {
					if !c.TrySend(nil, body, Now) {
						t.Fatalf("message %d found no room", i)
					}
				}
				if n, bytes := c.Queued(); n != tc.n || bytes != 10*tc.n {
					t.Errorf("%d messages, %d bytes are queued", n, bytes)
				}
				if c.TrySend(nil, body, Now) {
					t.Error("TrySend went over the mark")
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				wantErr(t, "Send with a context that ends", c.Send(ctx, nil, body, Now), context.DeadlineExceeded)
				wantErr(t, "WaitRoom", c.WaitRoom(ctx), context.DeadlineExceeded)
				released := 0
				err := c.SendOwned(ctx, nil, nil, body, func() { released++ }, Now)
				wantErr(t, "SendOwned", err, context.DeadlineExceeded)
				if released != 1 {
					t.Errorf("the tail of a refused message was released %d times", released)
				}
				must(t, "a command is exempt", c.SendCommand("X", nil))

				sent := make(chan error, 2)
				go func() { sent <- c.Send(always, nil, body, Now) }()
				var none context.Context // waits for room alone
				go func() { sent <- c.WaitRoom(none) }()
				synctest.Wait()
				if len(sent) != 0 {
					t.Fatal("Send did not wait")
				}
				io.ReadFull(far, make([]byte, 10*tc.n+4)) // all messages and the command
				synctest.Wait()
				if len(sent) == 0 {
					t.Fatal("room was not noticed")
				}
				must(t, "a waiting sender", <-sent)
				go func() {
					for c.Send(always, nil, body, Now) == nil {
					}
					sent <- ErrClosed
				}()
				synctest.Wait()
				c.Close(nil)
				synctest.Wait()
				<-sent
				wantErr(t, "a sender that waits while the connection is closed", <-sent, ErrClosed)
			})
		})
	}
}

// TestCorked: Later writes nothing until somebody flushes, 16 messages or 64 KiB
// are pending, or the queue is full and somebody waits for room.
func TestCorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := memPair(1 << 20)
		c := reading(t, nc, Config{SendHWM: 100})
		defer c.Close(nil)
		arrived := func() int {
			far.SetReadDeadline(time.Now().Add(time.Millisecond))
			n, _ := far.Read(make([]byte, 1<<20))
			return n
		}
		must(t, "Send", c.Send(always, nil, make([]byte, 98), Later))
		must(t, "Send", c.Send(always, nil, make([]byte, 98), Later))
		if n := arrived(); n != 0 {
			t.Errorf("%d bytes were written early", n)
		}
		must(t, "Flush", c.Flush())
		if n := arrived(); n != 200 {
			t.Errorf("Flush wrote %d bytes", n)
		}
		must(t, "Flush with nothing to do", c.Flush())
		must(t, "Send", c.Send(always, nil, make([]byte, 98), Later))
		must(t, "Send", c.Send(always, nil, make([]byte, 98), Now))
		if n := arrived(); n != 200 {
			t.Errorf("Now wrote %d bytes", n)
		}
		must(t, "Send", c.Send(always, nil, make([]byte, corkMax), Later))
		if n := arrived(); n != corkMax+9 {
			t.Errorf("a full cork wrote %d bytes", n)
		}
		for range corkMsgs + 1 {
			must(t, "Send", c.Send(always, nil, []byte("x"), Later))
		}
		if n := arrived(); n != 3*corkMsgs {
			t.Errorf("a batch wrote %d bytes", n)
		}

		nc, far = memPair(1 << 20)
		c = reading(t, nc, Config{SendHWM: 10})
		defer c.Close(nil)
		for range 11 {
			must(t, "Send", c.Send(always, nil, []byte("x"), Later))
		}
		if n := arrived(); n != 30 {
			t.Errorf("a full queue wrote %d bytes", n)
		}
	})
}

// TestYieldTakenOver: a sender that lets others add to its write does not keep
// them waiting once there is enough for one.
func TestYieldTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := memPair(1 << 20)
		c := reading(t, nc, Config{})
		defer c.Close(nil)
		w := &c.wr
		w.mu.Lock()
		w.busy, w.yielding, w.patience = true, true, corkMsgs // a sender that does not get the CPU back
		w.mu.Unlock()
		for range 2 * corkMsgs { // the second half is written by senders of its own
			must(t, "Send", c.Send(always, nil, []byte("x"), Yield))
		}
		far.SetReadDeadline(time.Now().Add(time.Millisecond))
		b := make([]byte, 1<<10)
		n, _ := io.ReadFull(far, b[:3*2*corkMsgs])
		if n != 3*2*corkMsgs {
			t.Errorf("%d bytes were written, want %d messages of 3", n, 2*corkMsgs)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.busy || w.yielding {
			t.Error("somebody still holds the right to write")
		}
	})
}

// TestStalledPeerBlocksNobody: a caller's own write never waits for the peer.
func TestStalledPeerBlocksNobody(t *testing.T) {
	x, _ := tcpPair(t, &Config{SendBytes: 64 << 20}, nil)
	within(t, "sending to a peer that does not read", func() error {
		for range 60 {
			if err := x.Send(always, nil, make([]byte, 1<<20), Now); err != nil {
				return err
			}
		}
		return nil
	})
	if n, b := x.Queued(); n == 0 || b == 0 {
		t.Errorf("%d messages, %d bytes are queued; the peer has read nothing", n, b)
	}
	within(t, "Close", func() error { return x.Close(nil) })
}

// TestPongIsCoalesced: a peer that floods PINGs and never reads gets one PONG
// queued, however many it sends.
func TestPongIsCoalesced(t *testing.T) {
	c, far := stuck(t, Config{})
	must(t, "fill the peer's buffer", c.Send(always, nil, []byte("x"), Now))
	go func() {
		for range 10_000 {
			far.Write(unhex(t, "04080450494e47000061"))
		}
		far.Write(unhex(t, "04080450494e47000062"+"000171"))
	}()
	_, err := recv(c)
	must(t, "recv", err)
	_, bytes := c.Queued()
	if most := 3 + 8 + 8; bytes > most {
		t.Errorf("%d bytes are queued, at most %d should be", bytes, most)
	}
	all := make([]byte, 0, 100)
	far.SetReadDeadline(time.Now().Add(limit))
	for len(all) < 11 || all[len(all)-1] != 'b' {
		b := make([]byte, 1)
		if _, err := far.Read(b); err != nil {
			t.Fatalf("got %x and %v", all, err)
		}
		if all = append(all, b[0]); len(all) == cap(all) {
			break
		}
	}
	if len(all) > 3+8+8 {
		t.Errorf("got %x, want one message and at most two PONGs, the last for the last PING", all)
	}
}

// TestGather: what others queued is written by the one who let them run, whoever
// holds the right to write keeps it, and one who found nothing to write gives it back.
func TestGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, far := memPair(1 << 20)
		c := reading(t, nc, Config{})
		defer c.Close(nil)
		arrived := func() int {
			far.SetReadDeadline(time.Now().Add(time.Millisecond))
			n, _ := far.Read(make([]byte, 1<<20))
			return n
		}
		must(t, "Gather with nothing to do", c.Gather(2))
		for range 2 {
			must(t, "Send", c.Send(always, nil, []byte("x"), Later))
		}
		must(t, "Gather", c.Gather(2))
		if n := arrived(); n != 6 {
			t.Errorf("%d bytes were written, want 2 messages of 3", n)
		}
		w := &c.wr
		w.mu.Lock()
		w.busy = true
		w.mu.Unlock()
		must(t, "Send", c.Send(always, nil, []byte("x"), Now))
		must(t, "Gather beside a writer", c.Gather(2))
		if n := arrived(); n != 0 {
			t.Errorf("%d bytes were written by one who had no right to", n)
		}
		w.mu.Lock()
		must(t, "the writer's own write", w.flushLocked())
		if n := arrived(); n != 3 {
			t.Errorf("%d bytes were written, want 3", n)
		}
		c.Close(nil)
		if err := c.Gather(2); err == nil {
			t.Error("Gather on a closed connection reports no error")
		}
	})
}
