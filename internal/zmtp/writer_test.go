package zmtp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
		{"messages", Config{SendHWM: 3}, 3},
		{"bytes", Config{SendBytes: 25}, 3},
		{"a large message may enter an empty queue", Config{SendBytes: 1}, 1},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, far := stuck(t, tc.cfg)
				defer c.Close(nil)
				body := make([]byte, 8)
				for i := range tc.n {
					must(t, fmt.Sprintf("message %d", i), c.Send(always, nil, body, Now))
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
				go func() { sent <- c.WaitRoom(context.Background()) }()
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

// TestCorked: Later writes nothing until somebody flushes, 64 KiB are pending,
// or the queue is full and somebody waits for room.
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
		for range 101 {
			must(t, "Send", c.Send(always, nil, []byte("x"), Later))
		}
		if n := arrived(); n != 300 {
			t.Errorf("a full queue wrote %d bytes", n)
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

// TestReleaseOnce: whatever becomes of a connection, every tail is released
// exactly once, and Close does not leave any behind.
func TestReleaseOnce(t *testing.T) {
	for _, tr := range transports {
		for _, end := range []string{"close", "peer leaves"} {
			t.Run(tr.name+"/"+end, func(t *testing.T) {
				nc, far := tr.pair(t)
				c := reading(t, nc, Config{SendBytes: 1 << 30})
				var counts [200]atomic.Int32
				var wg sync.WaitGroup
				started := make(chan struct{})
				var once sync.Once
				for i := range counts {
					wg.Go(func() {
						c.SendOwned(always, nil, nil, make([]byte, 100_000), func() { counts[i].Add(1) }, Flush(i%4))
						once.Do(func() { close(started) })
					})
				}
				<-started
				if end == "close" {
					c.Close(nil)
				} else {
					far.Close()
					io.Copy(io.Discard, nc)
				}
				wg.Wait()
				c.Close(nil)
				eventually(t, "all tails are released", func() bool {
					for i := range counts {
						if counts[i].Load() == 0 {
							return false
						}
					}
					return true
				})
				for i := range counts {
					if n := counts[i].Load(); n != 1 {
						t.Errorf("tail %d was released %d times", i, n)
					}
				}
				if err := c.Send(always, nil, nil, Now); err == nil {
					t.Error("Send on a closed connection succeeded")
				}
			})
		}
	}
}

// TestWriteErrorKeepsInput: a peer that sends its last words and leaves is
// still read to the end, although what we send it fails.
func TestWriteErrorKeepsInput(t *testing.T) {
	nc, far := memPair(1 << 10)
	c := reading(t, nc, Config{})
	far.Write(unhex(t, "0003"+"627965"))
	far.Close()
	if err := c.Send(always, nil, []byte("x"), Now); err == nil {
		t.Error("a write to a peer that has left succeeded")
	}
	if err := c.Send(always, nil, []byte("x"), Now); err == nil {
		t.Error("and so did the next")
	}
	must(t, "the connection is open for reading", c.Err())
	m, err := recv(c)
	must(t, "recv", err)
	if string(m.Body) != "bye" {
		t.Errorf("got %q", m.Body)
	}
	_, err = recv(c)
	wantErr(t, "the end", err, io.EOF)
	wantErr(t, "Err", c.Err(), io.EOF)
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

// TestClose: idempotent, the first reason counts, everybody returns.
func TestClose(t *testing.T) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			nc, far := tr.pair(t)
			defer far.Close()
			c := reading(t, nc, Config{SendHWM: 1})
			reason := errors.New("enough")
			read := make(chan error, 1)
			go func() { read <- c.Fill() }()
			eventually(t, "Fill waits", c.rd.parked.Load)
			c.Close(reason)
			c.Close(errors.New("later"))
			wantErr(t, "Fill", within(t, "Fill", func() error { return <-read }), reason)
			wantErr(t, "Err", c.Err(), reason)
			wantErr(t, "Send", c.Send(always, nil, nil, Now), reason)
			wantErr(t, "SendCommand", c.SendCommand("X", nil), reason)
			wantErr(t, "Flush", c.Flush(), reason)
			wantErr(t, "WaitRoom", c.WaitRoom(always), reason)
			wantErr(t, "Fill again", c.Fill(), reason)
			<-c.Done()
			c.Trim()
		})
	}
}

// TestLingerWaitsForPeer: closing with unread input would reset the connection
// and with it the replies in flight; with a reader in place CloseLinger ends
// our direction first and waits for the peer's end.
func TestLingerWaitsForPeer(t *testing.T) {
	x, y := tcpPair(t, nil, nil)
	go collect(x)
	eventually(t, "the reader waits", x.rd.parked.Load)
	const n = 1000
	for range n {
		must(t, "Send", x.Send(always, nil, []byte("reply"), Later))
	}
	closed := make(chan error, 1)
	go func() { closed <- x.CloseLinger(limit) }()
	for i := range n {
		y.Send(always, nil, []byte("input that nobody will read"), Now)
		if _, err := recv(y); err != nil {
			t.Fatalf("reply %d is lost: %v", i, err)
		}
	}
	_, err := recv(y)
	wantErr(t, "the end, not a reset", err, io.EOF)
	y.Close(nil)
	must(t, "CloseLinger", within(t, "CloseLinger", func() error { return <-closed }))
}

// TestTrim: buffers that were not used since the last Trim are given up.
func TestTrim(t *testing.T) {
	x, y := tcpPair(t, nil, nil)
	must(t, "Send", x.Send(always, nil, make([]byte, 1000), Now))
	_, err := recv(y)
	must(t, "recv", err)
	x.Trim()
	if x.wr.spare == nil {
		t.Error("a buffer in use was given up")
	}
	x.Trim()
	if x.wr.spare != nil {
		t.Error("an idle buffer was kept")
	}
	must(t, "Send", x.Send(always, nil, bytes.Repeat([]byte("x"), 10), Now))
	m, err := recv(y)
	must(t, "recv", err)
	if string(m.Body) != "xxxxxxxxxx" {
		t.Errorf("got %q", m.Body)
	}
}
