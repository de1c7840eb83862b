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

// deaf is a connection on which answers are asked for and not read any more. Clients of
// all systems read what comes, so it goes through a relay that stops doing so:
//
//	client ──requests──▶ relay ──▶ server
//	client ◀──answers── relay ◀── server   until so many bytes have come
type deaf struct {
	conn   peers.Conn
	listen net.Listener
	quit   chan struct{} // closed: the relay is to end
	heard  chan struct{} // closed by the relay: it has read all that it will
	asked  atomic.Int64  // bytes on their way to the server, or there
	done   sync.WaitGroup
}

const (
	// deafTime bounds the wait until the relay has read what it is to read.
	deafTime = 10 * time.Second
	// deafBuffer is small, so that the server soon notices that nobody reads.
	deafBuffer = 64 << 10
	// stillTime without a byte on its way to the server means that it takes no more; it
	// is looked at every stillTick.
	stillTime, stillTick = 200 * time.Millisecond, 5 * time.Millisecond
)

// newDeaf returns when the peer has stopped reading, and the server has stopped taking
// its requests or has them all: from then on the peer does nothing at all. The server
// has written as much as the buffers of the two sockets hold, which is less than was
// asked for.
func newDeaf(p peers.Peer, addr string) (_ *deaf, err error) {
	d := &deaf{quit: make(chan struct{}), heard: make(chan struct{})}
	if d.listen, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	d.done.Go(func() { d.relay(addr) })
	if d.conn, err = p.Dial(d.listen.Addr().String()); err != nil {
		d.close()
		return nil, err
	}
	d.ask()
	timeout := time.NewTimer(deafTime)
	defer timeout.Stop()
	select {
	case <-d.heard:
	case <-timeout.C:
		d.close()
		return nil, fmt.Errorf("in %v not even %d bytes of answers came", deafTime, wire.DeafBytes)
	}
	if !d.stands(timeout.C) {
		d.close()
		return nil, fmt.Errorf("after %v the server still takes requests", deafTime)
	}
	return d, nil
}

// stands waits until nothing goes to the server any more; false if that is never before
// the time is over.
func (d *deaf) stands(timeout <-chan time.Time) bool {
	tick := time.NewTicker(stillTick)
	defer tick.Stop()
	last, since := d.asked.Load(), time.Now()
	for time.Since(since) < stillTime {
		select {
		case <-timeout:
			return false
		case <-tick.C:
		}
		if n := d.asked.Load(); n != last {
			last, since = n, time.Now()
		}
	}
	return true
}

// metered counts what is read.
type metered struct {
	io.Reader
	n *atomic.Int64
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.n.Add(int64(n))
	return n, err
}

// relay passes one connection on.
func (d *deaf) relay(addr string) {
	client, err := d.listen.Accept()
	if err != nil {
		return // closed
	}
	d.listen.Close() // a client that connects anew is not heard
	defer client.Close()
	server, err := net.Dial("tcp", addr)
	if err != nil {
		return // newDeaf finds that nothing comes
	}
	server.(*net.TCPConn).SetReadBuffer(deafBuffer) // a hint
	defer server.Close()
	d.done.Go(func() { io.Copy(server, metered{client, &d.asked}) })
	d.done.Go(func() {
		if _, err := io.CopyN(client, server, wire.DeafBytes); err == nil {
			close(d.heard)
		}
	})
	<-d.quit
}

// ask begins the streams and calls. They end, with errors, when the connection is closed.
func (d *deaf) ask() {
	if c, ok := d.conn.(peers.Streamer); ok {
		for range wire.DeafStreams {
			d.done.Go(func() { c.Stream(wire.MaxItems) })
		}
	}
	if c, ok := d.conn.(peers.ByteEchoer); ok {
		for range wire.DeafCalls {
			d.done.Go(func() { c.EchoBytes(make([]byte, wire.DeafSize)) })
		}
	}
}

// failed is never: how long a server puts up with such a client is its own affair.
func (d *deaf) failed() error { return nil }

// close cuts the connection first: no client need wait for a peer that does not read.
func (d *deaf) close() {
	close(d.quit)
	d.listen.Close()
	if d.conn != nil {
		d.conn.Close() // its work is done
	}
	d.done.Wait()
}
