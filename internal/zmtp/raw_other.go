//go:build !unix

package zmtp

import (
	"net"
	"syscall"
)

// Without Unix descriptors reads go through net.Conn, holding a read buffer
// while they wait, and writes through the flusher goroutine.

func rawConn(net.Conn) syscall.RawConn { return nil }

func (r *reader) rawRead(uintptr) bool { return true }

func newTryWriter(nc net.Conn) tryWriter {
	t, _ := nc.(tryWriter)
	return t
}
