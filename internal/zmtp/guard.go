package zmtp

import (
	"bytes"
	"encoding/binary"
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

// greeting checks the peer's greeting (RFC 23, "Greeting"), each field as soon
// as it is there: an HTTP client, or an old peer that waits for our answer, is
// told from one that is merely slow.
func (g *guard) greeting() (int, error) {
	if err := g.need(1); err != nil {
		return 0, err
	}
	if g.buf[0] != 0xff {
		return 0, fmt.Errorf("%w: it starts with %q", ErrNotZMTP, g.buf[:min(len(g.buf), 8)])
	}
	if err := g.need(10); err != nil {
		return 0, err
	}
	if g.buf[9]&1 == 0 {
		return 0, fmt.Errorf("%w: unversioned signature", ErrNotZMTP)
	}
	if err := g.need(11); err != nil {
		return 0, err
	}
	if major := g.buf[10]; major < 3 {
		return 0, fmt.Errorf("%w: it speaks revision %d", ErrVersion, major)
	}
	if err := g.need(greetingSize); err != nil {
		return 0, err
	}
	if mech := g.buf[12:32]; !bytes.Equal(mech, g.mech[:]) {
		return 0, fmt.Errorf("%w: ours is %s, the peer's %q", ErrMechanism,
			bytes.TrimRight(g.mech[:], "\x00"), bytes.TrimRight(mech, "\x00"))
	}
	g.minor = g.buf[11]
	if g.buf[10] > 3 {
		g.minor = 1 // a newer major is treated as 3.1
	}
	// zmq4 insists on values that peers are free to choose.
	g.buf[9], g.buf[32] = 0x7f, 0
	g.greeted = true
	return greetingSize, nil
}

// command checks one handshake command frame.
func (g *guard) command() (int, error) {
	if g.frames == maxHandshakeN {
		return 0, fmt.Errorf("%w: over %d commands", ErrHandshake, maxHandshakeN)
	}
	g.frames++
	if err := g.need(2); err != nil {
		return 0, err
	}
	h, size := 2, uint64(g.buf[1])
	switch g.buf[0] {
	case flagCommand:
	case flagCommand | flagLong:
		if err := g.need(9); err != nil {
			return 0, err
		}
		h, size = 9, binary.BigEndian.Uint64(g.buf[1:])
	default:
		return 0, fmt.Errorf("%w: frame with flags %#02x instead of a command", ErrHandshake, g.buf[0])
	}
	if size > maxHandshakeCmd {
		return 0, fmt.Errorf("%w: command of %d bytes, at most %d are allowed", ErrHandshake, size, maxHandshakeCmd)
	}
	end := h + int(size)
	if err := g.need(end); err != nil {
		return 0, err
	}
	return end, g.inspect(g.buf[h:end])
}

// inspect checks a command's body before zmq4 parses it.
func (g *guard) inspect(body []byte) error {
	// libzmq's PLAIN server misspells ERROR: the name's length byte and its
	// first letter have become one byte, 5e.
	if rest, ok := bytes.CutPrefix(body, []byte("\x5eRROR")); ok {
		return refused(rest)
	}
	name, data, ok := CutCommand(body)
	if !ok {
		return fmt.Errorf("%w: command without a proper name", ErrHandshake)
	}
	switch string(name) {
	case "ERROR":
		return refused(data)
	case "READY", "INITIATE":
		md, err := parseMetadata(data)
		if err != nil {
			return err
		}
		if peer := zmq4.SocketType(md.Type); !peer.IsCompatible(g.typ) {
			return fmt.Errorf("%w: ours is %s, the peer's %s", ErrIncompatible, g.typ, peer)
		}
	}
	return nil
}

// refused reads an ERROR command's data: a length byte and the reason. A
// damaged one is still a refusal.
func refused(data []byte) error {
	reason := ""
	if len(data) > 0 {
		reason = string(data[1:min(len(data), 1+int(data[0]))])
	}
	return &RefusedError{Reason: reason}
}
