package drive

import (
	"fmt"
	"io"
	"net"
	"sync"
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
	done   sync.WaitGroup
}

const (
	// deafTime bounds the wait until the relay has read what it is to read.
	deafTime = 10 * time.Second
	// deafBuffer is small, so that the server soon notices that nobody reads.
	deafBuffer = 64 << 10
)

// newDeaf returns when the peer has stopped reading. The server may still write as much
// as the buffers of the two sockets hold, which is less than was asked for.
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
		return d, nil
	case <-timeout.C:
		d.close()
		return nil, fmt.Errorf("in %v not even %d bytes of answers came", deafTime, wire.DeafBytes)
	}
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
	d.done.Go(func() { io.Copy(server, client) })
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
