package zmtp

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/go-zeromq/zmq4"
)

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
