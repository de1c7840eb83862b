package socket

// ring is a first-in first-out queue of messages that reuses its memory. It
// shrinks when it has run empty after a burst.
type ring struct {
	buf   []message
	at, n int // start and count
}

// ringKept is the largest buffer that an empty ring keeps.
const ringKept = 64

func (r *ring) push(m message) {
	if r.n == len(r.buf) {
		b := make([]message, max(4, 2*len(r.buf)))
		k := copy(b, r.buf[r.at:])
		copy(b[k:], r.buf[:r.at])
		r.buf, r.at = b, 0
	}
	r.buf[(r.at+r.n)%len(r.buf)] = m
	r.n++
}

// pop may be called only while n > 0.
func (r *ring) pop() message {
	m := r.buf[r.at]
	r.buf[r.at] = message{} // its frames are the receiver's now
	r.at = (r.at + 1) % len(r.buf)
	r.n--
	if r.n == 0 && len(r.buf) > ringKept {
		*r = ring{}
	}
	return m
}
