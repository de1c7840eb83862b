package zmtp

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Next returns the next message whose bytes have all been read; ok is false if
// there is none, which calls for Fill. PINGs are answered on the way; commands
// that RFC 37 leaves without a meaning here (empty or damaged ones, ERROR and
// READY after the handshake) are passed over, as libzmq does. An error means
// that the peer broke the protocol; the connection is closed then.
func (c *Conn) Next() (m Message, ok bool, err error) {
	r := &c.rd
	for {
		b := r.big
		if b == nil {
			b = r.unread()
		} else if len(b) < r.need {
			if err := r.feed(); err != nil {
				return m, false, c.unreadable("too much input from", err)
			}
			b = r.big
		}
		v, h, end, err := r.scan.step(b, c.maxMessage, c.maxFrames)
		if err != nil {
			return m, false, c.unreadable("bad input from", err)
		}
		switch v {
		case scanMessage:
			m.Envelope, m.Body = b[:r.scan.at:r.scan.at], b[h:end:end]
			r.finish(&m, end)
			return m, true, nil
		case scanCommand:
			deliver, err := c.command(b[h:end:end])
			if err != nil {
				return m, false, c.unreadable("bad input from", err)
			}
			m.Command, m.Body = true, b[h:end:end]
			if r.scan.parts == 0 {
				r.finish(&m, end)
			} else {
				err = r.excise(&m, b, end, deliver)
			}
			if err != nil {
				return m, false, c.unreadable("too much input from", err)
			}
			if deliver {
				return m, true, nil
			}
			if m.Owned {
				Recycle(m.Buffer)
			}
			m = Message{}
		default:
			more, err := c.wait(end)
			if err != nil {
				return m, false, c.unreadable("too much input from", err)
			}
			if more {
				continue
			}
			c.answer()
			return m, false, nil
		}
	}
}

// wait prepares for more bytes of the present message, which needs end in all.
// more: some are there already.
func (c *Conn) wait(end int) (more bool, err error) {
	r := &c.rd
	if r.big != nil {
		r.need = end
		return len(r.unread()) > 0, nil
	}
	if n := r.w - r.r; end > gatherMin && (n >= gatherMin || end <= r.trust) {
		err = r.gather(n, end)
	}
	return false, err
}

// finish takes the first end bytes, a whole message or command, out of the
// reader and fills in m's owner.
func (r *reader) finish(m *Message, end int) {
	r.scan = scan{}
	if r.big == nil {
		r.r += end
		return
	}
	m.Owned, m.Buffer = true, r.big
	r.big = nil
	r.draw(0) // whoever keeps the message counts it from now on
	r.trust = max(r.trust, min(end, maxTrust))
}

// excise takes a command out of the middle of a message, of which b is what is
// there. The message goes on in a gathering buffer: there the command is always
// at the end, and taking it away costs nothing however often a peer does it.
func (r *reader) excise(m *Message, b []byte, end int, deliver bool) error {
	if deliver {
		// Its bytes are about to be overwritten by the message's next frame.
		m.Buffer = append(getBuffer(len(m.Body)), m.Body...)
		m.Body, m.Owned = m.Buffer, true
	}
	at := r.scan.at
	if r.big == nil {
		if err := r.gather(at, at+2); err != nil {
			return err
		}
		r.r += end - at
	} else {
		r.big = b[:at]
		r.need = at + 2
	}
	return nil
}

// command handles a command's body; deliver says that it is the user's.
func (c *Conn) command(body []byte) (deliver bool, err error) {
	name, data, ok := CutCommand(body)
	if !ok {
		return false, nil
	}
	switch string(name) {
	case "PING":
		return false, c.ping(data)
	case "PONG", "READY", "ERROR":
		return false, nil
	}
	return true, nil
}

// ping handles a PING: a time to live of 2 bytes and a context (RFC 37, "The
// PING and PONG Commands").
func (c *Conn) ping(data []byte) error {
	if len(data) < 2 {
		return fmt.Errorf("%w: PING without its time to live", ErrFrame)
	}
	c.rd.ttl = time.Duration(binary.BigEndian.Uint16(data)) * ttlUnit
	c.wr.setPong(data[2:min(len(data), 2+maxPongContext)])
	c.rd.pong = true
	return nil
}

// answer writes a PONG that is due. It waits until all input has been looked
// at, so that a heap of PINGs costs one PONG and one write. If that fails, Fill
// will find out: there may be input left.
func (c *Conn) answer() {
	if c.rd.pong {
		c.rd.pong = false
		c.Flush()
	}
}
