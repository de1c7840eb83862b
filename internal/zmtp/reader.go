package zmtp

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/zrpc-go/zrpc/internal/budget"
)

// reader is the reader half's state. Bytes are read into buf; a message is cut
// out of it in place. A message that does not fit, or that is interrupted by a
// command, is gathered in a buffer of its own.
type reader struct {
	// set at creation
	nc  net.Conn
	raw syscall.RawConn       // nil: read with nc.Read
	acc *budget.Account       // what big draws on
	try func(fd uintptr) bool // rawRead as a value, so that a read allocates nothing

	// right to read only
	buf    *readBuffer   // nil while nothing is buffered and nobody reads
	r, w   int           // buf[r:w] is unread
	stash  []byte        // the unread bytes while buf is given back; pooled
	big    []byte        // the message being gathered, if not nil; pooled
	need   int           // big's least length that allows progress
	trust  int           // the largest gathered message so far, at most maxTrust
	scan   scan          // progress within the present message
	direct bool          // the read under way goes into big
	pong   bool          // a PONG waits to be written
	ttl    time.Duration // what the peer's last PING announced; 0: none
	err    error         // result of the read under way
	lease  int           // what big has drawn on the account
	lone   bool          // the last read brought a message or two

	parked atomic.Bool // a Fill waits for input
}

func (r *reader) init(nc net.Conn, rest []byte, acc *budget.Account) {
	r.nc, r.acc = nc, acc
	if r.raw = rawConn(nc); r.raw != nil {
		r.try = r.rawRead
	}
	if len(rest) > 0 { // at most a read buffer: see guard.need
		r.stash = append(getBuffer(len(rest)), rest...)
	}
}

// take gets a read buffer, with the stashed bytes in front.
func (r *reader) take() {
	r.buf = readPool.Get().(*readBuffer)
	r.r, r.w = 0, 0
	if r.stash != nil {
		r.w = copy(r.buf[:], r.stash)
		Recycle(r.stash)
		r.stash = nil
	}
}

// park gives the read buffer back before a wait that may be long. Part of a
// message moves to a small buffer: a peer that sends half a frame and stops
// holds what it sent, not 32 KiB.
func (r *reader) park() {
	if r.buf == nil {
		return
	}
	if rest := r.buf[r.r:r.w]; len(rest) > gatherMin {
		return
	} else if len(rest) > 0 {
		r.stash = append(getBuffer(len(rest)), rest...)
	}
	r.drop()
}

// drop gives the read buffer back, unread bytes and all.
func (r *reader) drop() {
	if r.buf != nil {
		readPool.Put(r.buf)
	}
	r.buf, r.r, r.w = nil, 0, 0
}

// unread returns the unread bytes that are not in big.
func (r *reader) unread() []byte {
	if r.buf == nil {
		if r.stash == nil {
			return nil
		}
		r.take()
	}
	return r.buf[r.r:r.w]
}

// room returns where the next read goes. It is empty only if the reader holds
// a whole buffer that Next has not been asked for, or may not hold more; then err
// is set.
func (r *reader) room() []byte {
	pending := r.unread()
	if r.direct = r.big != nil && len(pending) == 0 && r.need-len(r.big) >= directMin; r.direct {
		if r.err = r.grow(len(r.big) + 1); r.err != nil {
			return nil
		}
		return r.big[len(r.big):min(cap(r.big), r.need)]
	}
	if r.buf == nil {
		r.take()
	}
	if r.r == r.w {
		r.r, r.w = 0, 0
	} else if readSize-r.w < minRoom && r.r > 0 {
		r.w = copy(r.buf[:], r.buf[r.r:r.w])
		r.r = 0
	}
	return r.buf[r.w:]
}

// got takes note of n bytes read into room's slice.
func (r *reader) got(n int) {
	if r.direct {
		r.big = r.big[:len(r.big)+n]
	} else {
		r.w += n
	}
}

// gather moves the first n unread bytes to a buffer of their own, in which the
// present message is completed up to need.
func (r *reader) gather(n, need int) error {
	b := r.unread()[:n]
	first := max(n, min(need, max(gatherFactor*n, r.trust)))
	if err := r.draw(first); err != nil {
		return err
	}
	r.big = append(getBuffer(first), b...)
	r.r += n
	r.need = need
	return nil
}

// feed moves unread bytes to big, as many as it needs.
func (r *reader) feed() error {
	b := r.unread()
	n := min(r.need-len(r.big), len(b))
	if n <= 0 {
		return nil
	}
	if err := r.grow(len(r.big) + n); err != nil {
		return err
	}
	r.big = append(r.big, b[:n]...)
	r.r += n
	return nil
}

// grow makes big hold n bytes. It grows by what has come, never by what was
// announced, except up to a size that this peer has sent in full before.
func (r *reader) grow(n int) error {
	if cap(r.big) >= n {
		return nil
	}
	size := max(n, min(r.need, max(gatherFactor*len(r.big), r.trust)))
	if err := r.draw(size); err != nil {
		return err
	}
	old := r.big
	r.big = append(getBuffer(size), old...)
	Recycle(old)
	return nil
}

// draw makes what is drawn for big n bytes, 0 when there is none.
func (r *reader) draw(n int) error {
	if n <= readSize { // no more than the read buffer, which is not counted either
		n = 0
	}
	if n > r.lease {
		if err := r.acc.Take(n - r.lease); err != nil {
			return err
		}
	} else {
		r.acc.Give(r.lease - n)
	}
	r.lease = n
	return nil
}
