//go:build unix

package zmtp

import (
	"io"
	"net"
	"syscall"
)

// rawConn returns access to nc's descriptor, nil if it has none. Only the
// standard library's own types count: a type that wraps one and lends out its
// methods would be bypassed.
func rawConn(nc net.Conn) syscall.RawConn {
	var sc syscall.Conn
	switch t := nc.(type) {
	case *net.TCPConn:
		sc = t
	case *net.UnixConn:
		sc = t
	default:
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// rawRead is one attempt to read, called by RawConn.Read until it returns true.
// Between attempts the goroutine waits for input without a read buffer.
func (r *reader) rawRead(fd uintptr) bool {
	dst := r.room()
	if len(dst) == 0 {
		return true
	}
	for {
		n, err := sysRead(fd, dst, r.lone)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			r.park()
			r.parked.Store(true)
			return false
		case err != nil:
			r.err = err
		case n == 0:
			r.err = io.EOF
		default:
			r.got(n)
			r.lone = n <= quickMax
		}
		return true
	}
}

// descriptor writes to a socket without ever waiting.
type descriptor struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // attempt as a value, so that a write allocates nothing

	// right to write only
	p   []byte
	n   int
	err error
}

func newDescriptor(raw syscall.RawConn) *descriptor {
	d := &descriptor{raw: raw}
	d.try = d.attempt
	return d
}

// TryWrite implements tryWriter.
func (d *descriptor) TryWrite(p []byte) (int, error) {
	d.p, d.n, d.err = p, 0, nil
	err := d.raw.Write(d.try)
	d.p = nil
	if err == nil {
		err = d.err
	}
	return d.n, err
}

// attempt always reports success, so that RawConn.Write does not wait.
func (d *descriptor) attempt(fd uintptr) bool {
	for {
		n, err := sysWrite(fd, d.p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
		case err != nil:
			d.err = err
		default:
			d.n = n
		}
		return true
	}
}

// newTryWriter returns how to write to nc without waiting, nil if nothing can.
func newTryWriter(nc net.Conn) tryWriter {
	if raw := rawConn(nc); raw != nil {
		return newDescriptor(raw)
	}
	t, _ := nc.(tryWriter)
	return t
}
