package socket

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// listener accepts connections on one bound endpoint.
type listener struct {
	// set at creation
	s      *Socket
	ln     net.Listener
	asked  string // as given to Bind
	actual string // as returned by Bind

	stopped atomic.Bool // by Unbind or Close
}

// run accepts until stop. Whatever goes wrong with one connection, or with the
// process for a while (EMFILE), ends neither the loop nor spins it.
func (l *listener) run() {
	var wait time.Duration
	for {
		nc, err := l.ln.Accept()
		if err == nil {
			wait = 0
			l.s.accept(nc, l.actual)
			continue
		}
		if l.stopped.Load() {
			return
		}
		wait = min(max(2*wait, acceptRetryMin), acceptRetryMax)
		l.s.count.acceptErrors.Add(1)
		l.s.log.Warn("accept failed, trying again", "endpoint", l.actual, "err", err, "wait", wait)
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			// Whoever has been in its handshake for longest holds a descriptor
			// without using it.
			l.s.mu.Lock()
			l.s.evictLocked()
			l.s.mu.Unlock()
		}
		select {
		case <-time.After(wait):
		case <-l.s.ctx.Done():
			return
		}
	}
}

// stop ends run and gives the address free.
func (l *listener) stop() {
	l.stopped.Store(true)
	_ = l.ln.Close()
}
