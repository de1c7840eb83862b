package zmtp

import (
	"fmt"
	"io"
	"net"

	"github.com/go-zeromq/zmq4"
)

// guard is the net.Conn that zmq4.Open sees. zmq4 allocates whatever size a
// frame names and slices commands unchecked, so the guard hands over a unit
// (the greeting, or one command frame) only after it came whole and was
// checked. It holds writes back until the next read, so that a handshake is
// two writes and two reads. Used by one goroutine.
type guard struct {
	net.Conn

	// set at creation
	typ    zmq4.SocketType
	mech   [20]byte // our mechanism as it stands in a greeting
	oneWay bool     // a Write may wait for the peer to read: see flush

	sent    bool // our greeting has been written
	greeted bool // the peer's greeting has been handed over

	buf    []byte // read and not yet handed over
	out    []byte // written by zmq4 and not yet sent
	pass   int    // bytes of the checked unit still to hand over
	total  int    // bytes handed over
	frames int    // command frames handed over
	minor  byte   // the peer's minor version, 3.x

	err error // why Read failed, before zmq4 wraps it

	writing chan error // a write under way beside us; nil if none
}

func newGuard(nc net.Conn, cfg *Config) *guard {
	g := &guard{Conn: nc, typ: cfg.Type, oneWay: !isBuffered(nc)}
	copy(g.mech[:], cfg.Security.Type())
	return g
}

// isBuffered tells whether nc has a buffer that takes our handshake without
// waiting for the peer to read.
func isBuffered(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn, tryWriter:
		return true
	}
	return false
}

// Write collects zmq4's bytes.
func (g *guard) Write(p []byte) (int, error) {
	g.out = append(g.out, p...)
	if !g.sent && len(g.out) >= greetingSize {
		// zmq4 greets as 3.0. What runs behind the handshake here is 3.1
		// (PING, SUBSCRIBE and CANCEL as commands), so say so.
		g.out[11] = 1
		g.sent = true
	}
	return len(p), nil
}

// flush sends what zmq4 wrote. Both sides write before they read; where a
// Write waits for the peer's Read (net.Pipe) that would be a deadlock, so
// there the write runs beside the read.
func (g *guard) flush() error {
	if err := g.join(); err != nil || len(g.out) == 0 {
		return err
	}
	out := g.out
	g.out = nil
	if !g.oneWay {
		_, err := g.Conn.Write(out)
		return err
	}
	done := make(chan error, 1)
	g.writing = done
	go func() {
		_, err := g.Conn.Write(out)
		done <- err
	}()
	return nil
}

// join waits for the write beside us; the deadline or a Close ends it.
func (g *guard) join() error {
	if g.writing == nil {
		return nil
	}
	err := <-g.writing
	g.writing = nil
	return err
}

// Read hands zmq4 bytes of a checked unit.
func (g *guard) Read(p []byte) (int, error) {
	if g.pass == 0 {
		n, err := g.nextUnit()
		if err != nil {
			g.err = err
			return 0, err
		}
		g.pass = n
		g.total += n
	}
	n := copy(p, g.buf[:g.pass])
	g.buf = g.buf[n:]
	g.pass -= n
	return n, nil
}

// nextUnit reads and checks the next unit and returns its size.
func (g *guard) nextUnit() (n int, err error) {
	if err := g.flush(); err != nil {
		return 0, err
	}
	if !g.greeted {
		return g.greeting()
	}
	return g.command()
}

// need reads until n bytes are buffered. The buffer grows with what came, up to
// the size of a read buffer, which any unit fits in.
func (g *guard) need(n int) error {
	if n > maxHandshake-g.total {
		return fmt.Errorf("%w: over %d bytes", ErrHandshake, maxHandshake)
	}
	for len(g.buf) < n {
		if len(g.buf) == cap(g.buf) {
			g.buf = append(make([]byte, 0, min(readSize, max(512, 2*len(g.buf)))), g.buf...)
		}
		k, err := g.Conn.Read(g.buf[len(g.buf):cap(g.buf)])
		g.buf = g.buf[:len(g.buf)+k]
		if err != nil && len(g.buf) < n {
			if err == io.EOF && len(g.buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
