package socket

import "github.com/zrpc-go/zrpc/internal/zmtp"

// Received is one received message. Its bytes are lent: they may be read until
// Release, or for ever after Keep. One of the two must be called once, by
// whoever took it; what is forgotten is left to the collector.
type Received struct {
	// Envelope is the frames before the last, encoded; empty if there is one.
	Envelope []byte
	// Body is the content of the last frame.
	Body []byte

	from *chunk // nil: the message's own memory
}

// First returns the content of the first of several frames; ok is false if Body
// is the only one.
func (m *Received) First() (frame []byte, ok bool) {
	if len(m.Envelope) == 0 {
		return nil, false
	}
	for frame = range m.frames {
		break
	}
	return frame, true
}

// Lent reports whether the bytes end with Release.
func (m *Received) Lent() bool { return m.from != nil }

// Release ends the use of the message's bytes.
func (m *Received) Release() {
	if m.from != nil {
		m.from.release()
	}
	*m = Received{}
}

// Keep makes the bytes the caller's own. It copies them unless they are alone in
// their memory already.
func (m *Received) Keep() {
	if m.from == nil {
		return
	}
	if !m.from.whole {
		// One buffer for both, each cut off at its end.
		n := len(m.Envelope)
		b := make([]byte, 0, n+len(m.Body))
		b = append(append(b, m.Envelope...), m.Body...)
		m.from.release()
		m.Envelope, m.Body = b[:n:n], b[n:]
	}
	m.from = nil
}

// size is what the message counts in a queue.
func (m *Received) size() int { return len(m.Envelope) + len(m.Body) + messageCost }

// frames yields the content of every frame, the body last.
func (m *Received) frames(yield func(frame []byte) bool) {
	z := zmtp.Message{Envelope: m.Envelope, Body: m.Body}
	z.Frames(yield)
}

// split returns the frames, which are the caller's.
func (m *Received) split() [][]byte {
	m.Keep()
	n := 0
	for range m.frames {
		n++
	}
	frames := make([][]byte, 0, n)
	for f := range m.frames {
		frames = append(frames, f)
	}
	return frames
}
