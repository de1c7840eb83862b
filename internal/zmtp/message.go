package zmtp

import "encoding/binary"

// Message is one received message, all frames of it, or one command.
//
// Unless Owned, the slices lie in the connection's read buffer and are valid
// until the next Next, Fill or Detach of the same connection.
type Message struct {
	Envelope []byte // the frames before the last, headers included, as received: may be written back verbatim
	Body     []byte // the last frame's content; of a command, its whole body
	Command  bool   // a command (SUBSCRIBE, CANCEL, unknown ones); PING and PONG never get here
	Owned    bool   // the slices lie in a buffer that is the receiver's now
	Buffer   []byte // that whole buffer, for Recycle; nil if not Owned
}

// Frames yields the content of every frame in order, the body last: for f :=
// range m.Frames. The slices live as long as the message's.
func (m *Message) Frames(yield func(frame []byte) bool) {
	for e := m.Envelope; len(e) > 0; {
		h, size := 2, int(e[1])
		if e[0]&flagLong != 0 {
			h, size = 9, int(binary.BigEndian.Uint64(e[1:]))
		}
		if !yield(e[h : h+size : h+size]) {
			return
		}
		e = e[h+size:]
	}
	yield(m.Body)
}

// AppendFrames appends the content of every frame to dst, the body last.
func (m *Message) AppendFrames(dst [][]byte) [][]byte {
	for f := range m.Frames {
		dst = append(dst, f)
	}
	return dst
}
