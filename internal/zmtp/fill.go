package zmtp

import (
	"io"
	"time"
)

// past is a deadline that has always passed.
var past = time.Unix(1, 0)

// Fill blocks until at least one more byte has been read. Slices of messages
// that are not Owned end with it. It returns at once if a whole read buffer of
// input still waits for Next. ErrInterrupted leaves the connection as it was;
// after any other error it is closed: io.EOF or, with unread input, such as half
// a message, io.ErrUnexpectedEOF when the peer left; ErrSilent; what Close was
// given; or the network's error. Test with errors.Is.
func (c *Conn) Fill() error {
	r := &c.rd
	graced := false
	for {
		if r.ttl > 0 {
			c.watch(r.ttl, graced)
		}
		n, err := r.read()
		if err == nil || n > 0 {
			return nil
		}
		if isTimeout(err) && c.Err() == nil {
			again, terr := c.timeout(&graced)
			if again {
				continue
			}
			if terr == ErrInterrupted {
				return terr
			}
			err = terr
		} else if err == io.EOF && (r.big != nil || r.stash != nil || r.r < r.w) {
			err = io.ErrUnexpectedEOF
		}
		return c.unreadable("read from", err)
	}
}

// read reads once. Without an error it read something, or there was no room.
func (r *reader) read() (n int, err error) {
	if r.raw != nil {
		before := r.held()
		r.err = nil
		err = r.raw.Read(r.try)
		r.parked.Store(false)
		if err == nil {
			err = r.err
		}
		return r.held() - before, err
	}
	r.err = nil
	dst := r.room()
	if len(dst) == 0 {
		return 0, r.err
	}
	r.parked.Store(true)
	n, err = r.nc.Read(dst)
	r.parked.Store(false)
	r.got(n)
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}

// unreadable is broken for the reading half, whose message that has not come
// whole is not going to.
func (c *Conn) unreadable(what string, err error) error {
	c.rd.draw(0) // which never fails
	return c.broken(what, err)
}

// held is the number of bytes in the reader.
func (r *reader) held() int { return r.w - r.r + len(r.stash) + len(r.big) }

// watch sets the read deadline to the peer's time to live, counted from now:
// only the time that somebody spends waiting for the peer counts against it.
func (c *Conn) watch(ttl time.Duration, graced bool) {
	if graced {
		ttl = ttlGrace
	}
	c.dlMu.Lock()
	defer c.dlMu.Unlock()
	if !c.interrupted {
		c.nc.SetReadDeadline(time.Now().Add(ttl))
	}
}

// timeout judges a passed read deadline. again: read once more.
func (c *Conn) timeout(graced *bool) (again bool, err error) {
	c.dlMu.Lock()
	defer c.dlMu.Unlock()
	switch {
	case c.interrupted:
		return false, ErrInterrupted
	case c.rd.ttl == 0:
		// Left over from a time to live that a later PING took back.
		c.nc.SetReadDeadline(time.Time{})
		return true, nil
	case !*graced:
		*graced = true
		return true, nil
	}
	return false, ErrSilent
}

// Buffered returns the number of bytes read and not yet returned by Next.
func (c *Conn) Buffered() int { return c.rd.held() }

// Interrupt makes a blocked Fill, or else the next one, return ErrInterrupted,
// until Resume. Any goroutine.
func (c *Conn) Interrupt() {
	c.dlMu.Lock()
	defer c.dlMu.Unlock()
	c.interrupted = true
	c.nc.SetReadDeadline(past)
}

// Resume ends an Interrupt. For whoever holds the right to read.
func (c *Conn) Resume() {
	c.dlMu.Lock()
	defer c.dlMu.Unlock()
	c.interrupted = false
	c.nc.SetReadDeadline(time.Time{})
}

// Detach leaves the present read buffer to those who use slices of it, and goes
// on with a copy of the unread rest.
func (c *Conn) Detach() {
	r := &c.rd
	if r.buf == nil {
		return
	}
	if rest := r.buf[r.r:r.w]; len(rest) > 0 {
		r.stash = append(getBuffer(len(rest)), rest...)
	}
	r.buf, r.r, r.w = nil, 0, 0
}
