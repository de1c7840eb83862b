package zmtp

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// memHalf is one direction of an in-memory connection: a bounded buffer.
type memHalf struct {
	mu     sync.Mutex
	buf    []byte
	size   int
	closed bool
	change chan struct{} // closed and replaced at every change
}

func (h *memHalf) changedLocked() {
	close(h.change)
	h.change = make(chan struct{})
}

func (h *memHalf) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		h.changedLocked()
	}
}

// memConn is an end of an in-memory connection with TryWrite and deadlines.
// All waiting is on channels, so that it runs under testing/synctest.
type memConn struct {
	in, out *memHalf
	rd, wd  memDeadline
}

// memDeadline holds a deadline and tells waiters when it is changed.
type memDeadline struct {
	mu     sync.Mutex
	at     time.Time
	change chan struct{}
}

func (d *memDeadline) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	close(d.change)
	d.change = make(chan struct{})
	return nil
}

func (d *memDeadline) get() (time.Time, chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at, d.change
}

// memPair returns the two ends; each direction buffers size bytes.
func memPair(size int) (a, b net.Conn) {
	half := func() *memHalf { return &memHalf{size: size, change: make(chan struct{})} }
	p, q := half(), half()
	end := func(in, out *memHalf) net.Conn {
		return &memConn{
			in: in, out: out,
			rd: memDeadline{change: make(chan struct{})}, wd: memDeadline{change: make(chan struct{})},
		}
	}
	return end(p, q), end(q, p)
}

// wait waits until h changes; d is the deadline to keep.
func (d *memDeadline) wait(change chan struct{}) error {
	at, moved := d.get()
	var timer <-chan time.Time
	if !at.IsZero() {
		left := time.Until(at)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		t := time.NewTimer(left)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-change:
	case <-moved:
	case <-timer:
	}
	return nil
}

func (c *memConn) Read(p []byte) (int, error) {
	for {
		if at, _ := c.rd.get(); !at.IsZero() && !time.Now().Before(at) {
			return 0, os.ErrDeadlineExceeded
		}
		c.in.mu.Lock()
		n := copy(p, c.in.buf)
		c.in.buf = c.in.buf[n:]
		closed, change := c.in.closed, c.in.change
		if n > 0 {
			c.in.changedLocked()
		}
		c.in.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		if closed {
			return 0, io.EOF
		}
		if err := c.rd.wait(change); err != nil {
			return 0, err
		}
	}
}

func (c *memConn) TryWrite(p []byte) (int, error) {
	n, _, err := c.tryWrite(p)
	return n, err
}

func (c *memConn) tryWrite(p []byte) (int, chan struct{}, error) {
	h := c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return 0, nil, net.ErrClosed
	}
	n := min(len(p), h.size-len(h.buf))
	if n > 0 {
		h.buf = append(h.buf, p[:n]...)
		h.changedLocked()
	}
	return n, h.change, nil
}

func (c *memConn) Write(p []byte) (done int, err error) {
	for {
		n, change, err := c.tryWrite(p[done:])
		if done += n; err != nil || done == len(p) {
			return done, err
		}
		if err := c.wd.wait(change); err != nil {
			return done, err
		}
	}
}

func (c *memConn) Close() error {
	c.in.close()
	c.out.close()
	return nil
}

type memAddr struct{}

func (memAddr) Network() string { return "memory" }
func (memAddr) String() string  { return "memory" }

func (c *memConn) LocalAddr() net.Addr                { return memAddr{} }
func (c *memConn) RemoteAddr() net.Addr               { return memAddr{} }
func (c *memConn) SetReadDeadline(t time.Time) error  { return c.rd.set(t) }
func (c *memConn) SetWriteDeadline(t time.Time) error { return c.wd.set(t) }
func (c *memConn) SetDeadline(t time.Time) error      { c.rd.set(t); return c.wd.set(t) }

// closeWrite ends our direction of nc as far as nc can do that.
func closeWrite(nc net.Conn) {
	switch c := nc.(type) {
	case *net.TCPConn:
		c.CloseWrite()
	case *net.UnixConn:
		c.CloseWrite()
	case *memConn:
		c.out.close()
	default:
		nc.Close()
	}
}
