package socket

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Pipe returns the two ends of an in-memory connection. Unlike net.Pipe it has
// a buffer (64 KiB each way), so that a writer need not meet its reader, and
// unlike a socket pair it needs no descriptor and runs under testing/synctest.
//
// Each end is a net.Conn with deadlines, safe for concurrent use, and has
//
//	TryWrite(p []byte) (n int, err error)
//
// which takes what there is room for and never waits.
func Pipe() (a, b net.Conn) { return newPipe("pipe") }

// newPipe makes a connection whose addresses read inproc://name.
func newPipe(name string) (a, b *pipeConn) {
	x, y := newPipeHalf(), newPipeHalf()
	addr := inprocAddr(name)
	return &pipeConn{in: x, out: y, addr: addr}, &pipeConn{in: y, out: x, addr: addr}
}

// inprocAddr is the address of both ends: the name has no two sides.
type inprocAddr string

func (a inprocAddr) Network() string { return "inproc" }
func (a inprocAddr) String() string  { return "inproc://" + string(a) }

// pipeConn is one end: it reads one half and writes the other.
type pipeConn struct {
	in, out *pipeHalf
	addr    inprocAddr
}

func (c *pipeConn) Read(p []byte) (int, error)     { return c.in.read(p) }
func (c *pipeConn) Write(p []byte) (int, error)    { return c.out.write(p, true) }
func (c *pipeConn) TryWrite(p []byte) (int, error) { return c.out.write(p, false) }
func (c *pipeConn) LocalAddr() net.Addr            { return c.addr }
func (c *pipeConn) RemoteAddr() net.Addr           { return c.addr }

// Close ends both directions; the other end reads what is buffered, then EOF.
func (c *pipeConn) Close() error {
	c.in.close(true)
	c.out.close(false)
	return nil
}

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.rd, t)
	c.out.setDeadline(&c.out.wd, t)
	return nil
}

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.rd, t)
	return nil
}

func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.wd, t)
	return nil
}

// pipeHalf is one direction: a ring buffer that grows up to pipeBuffer.
type pipeHalf struct {
	mu   sync.Mutex
	wake sync.Cond // bytes, room, a deadline or an end came

	// mu guards the fields below.
	buf      []byte // ring; nil until first written
	at, n    int    // start and count of the unread bytes in buf
	rclosed  bool   // the reading end was closed: nobody will read
	wclosed  bool   // the writing end was closed: EOF after buf
	rd, wd   deadline
	rwaiting int // readers in Wait
	wwaiting int // writers in Wait
}

// deadline is a point in time and what wakes the waiters then.
type deadline struct {
	t     time.Time // zero: none
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.t.IsZero() && !time.Now().Before(d.t) }

func newPipeHalf() *pipeHalf {
	h := &pipeHalf{}
	h.wake.L = &h.mu
	return h
}

func (h *pipeHalf) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.rclosed:
			return 0, net.ErrClosed
		case h.rd.passed():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case h.n > 0:
			n := h.takeLocked(p)
			if h.wwaiting > 0 {
				h.wake.Broadcast()
			}
			return n, nil
		case h.wclosed:
			return 0, io.EOF
		}
		h.rwaiting++
		h.wake.Wait()
		h.rwaiting--
	}
}

// write appends p, all of it if wait, otherwise what there is room for.
func (h *pipeHalf) write(p []byte, wait bool) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.wclosed:
			return n, net.ErrClosed
		case h.rclosed:
			return n, io.ErrClosedPipe
		case h.wd.passed():
			return n, os.ErrDeadlineExceeded
		}
		k := h.putLocked(p[n:])
		n += k
		if k > 0 && h.rwaiting > 0 {
			h.wake.Broadcast()
		}
		if n == len(p) || !wait {
			return n, nil
		}
		h.wwaiting++
		h.wake.Wait()
		h.wwaiting--
	}
}

// putLocked copies as much of p as fits, growing the ring first.
func (h *pipeHalf) putLocked(p []byte) int {
	if need := min(h.n+len(p), pipeBuffer); need > len(h.buf) {
		size := max(4<<10, len(h.buf))
		for size < need {
			size *= 2
		}
		b := make([]byte, min(size, pipeBuffer))
		n := copy(b, h.buf[h.at:min(h.at+h.n, len(h.buf))])
		copy(b[n:], h.buf[:h.n-n])
		h.buf, h.at = b, 0
	}
	done := 0
	for done < len(p) && h.n < len(h.buf) {
		end := (h.at + h.n) % len(h.buf)
		stop := len(h.buf)
		if end < h.at {
			stop = h.at
		}
		k := copy(h.buf[end:stop], p[done:])
		done += k
		h.n += k
	}
	return done
}

// takeLocked copies unread bytes to p.
func (h *pipeHalf) takeLocked(p []byte) int {
	done := 0
	for done < len(p) && h.n > 0 {
		k := copy(p[done:], h.buf[h.at:min(h.at+h.n, len(h.buf))])
		h.at = (h.at + k) % len(h.buf)
		h.n -= k
		done += k
	}
	if h.n == 0 {
		h.at = 0 // the next message lies in one piece
	}
	return done
}

// close ends the half from its reading or its writing side.
func (h *pipeHalf) close(reader bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if reader {
		h.rclosed = true
		h.buf, h.at, h.n = nil, 0, 0
		h.rd.stop()
	} else {
		h.wclosed = true
		h.wd.stop()
	}
	h.wake.Broadcast()
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// setDeadline replaces d, which is one of h's two.
func (h *pipeHalf) setDeadline(d *deadline, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.stop()
	d.t = t
	if wait := time.Until(t); !t.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.wake.Broadcast()
		})
	} else {
		h.wake.Broadcast() // passed already, or no longer any
	}
}
