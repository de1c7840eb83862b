package zmtp

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
)

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

// TestLingerWaitsForReader: a reader that is busy with what has come just then is one
// too: it is about to read on, and until then the input must not reset the connection.
func TestLingerWaitsForReader(t *testing.T) {
	x, y := tcpPair(t, nil, nil)
	input := make([]byte, 100_000)
	must(t, "Send", y.Send(always, nil, input, Now))
	_, err := recv(x)
	must(t, "recv", err)
	must(t, "Send", y.Send(always, nil, input, Now))
	must(t, "Send", x.Send(always, nil, []byte("reply"), Later))
	closed := make(chan error, 1)
	go func() { closed <- x.CloseLinger(limit) }()
	_, err = recv(y)
	must(t, "recv of the reply", err)
	go collect(x) // it is done with the first message
	_, err = recv(y)
	wantErr(t, "the end, not a reset", err, io.EOF)
	y.Close(nil)
	must(t, "CloseLinger", within(t, "CloseLinger", func() error { return <-closed }))
}

// TestNothingIsKept: a connection with nothing queued has no buffers.
func TestNothingIsKept(t *testing.T) {
	x, y := tcpPair(t, nil, nil)
	big := make([]byte, copyMax+1)
	go func() {
		for range 2 * keepSegments {
			x.Send(always, nil, big, Later)
		}
		x.Flush()
	}()
	for range 2 * keepSegments {
		_, err := recv(y)
		must(t, "recv", err)
	}
	eventually(t, "all is written", func() bool { _, n := x.Queued(); return n == 0 })
	x.wr.mu.Lock()
	defer x.wr.mu.Unlock()
	if x.wr.batch != nil || x.wr.buf != nil || cap(x.wr.cur) > keepSegments || cap(x.wr.pend) > keepSegments {
		t.Errorf("batch %v, lists of %d and %d", x.wr.batch != nil, cap(x.wr.cur), cap(x.wr.pend))
	}
}
