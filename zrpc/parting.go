package zrpc

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

const (
	// lingerQuiet is how long no request may have come before a server that stops
	// closes its connections: a refused client goes elsewhere, and what it sent
	// before it knew is here within a round trip, which is less.
	lingerQuiet = 50 * time.Millisecond

	// lingerMost bounds all of this, for the sake of clients that call on and on,
	// whatever they are answered.
	lingerMost = time.Second
)

// lastRefusal is when a server that stops has refused a request last, in
// nanoseconds since 1970.
type lastRefusal struct{ at atomic.Int64 }

func (l *lastRefusal) note() { l.at.Store(time.Now().UnixNano()) }

// partFrom takes leave of the clients of a server without calls, so that no request
// is lost with its connection. Those that understand it are told, and know then
// which of their calls did not run. Of others the requests are refused until none
// came for lingerQuiet. The end of ctx ends it; Close takes no leave.
func (s *Server) partFrom(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lingerMost)
	defer cancel()
	s.settle(ctx)
	s.mu.Lock()
	s.parting = ctx
	s.mu.Unlock()
	s.tell(ctx)
	// Whoever had been accepted and had not begun its handshake when the first look
	// was taken has come meanwhile.
	s.settle(ctx)
	others := s.tell(ctx)
	s.refused.note() // whoever just got the last answer is about to call again
	for others {
		quiet := time.Since(time.Unix(0, s.refused.at.Load()))
		if quiet >= lingerQuiet || !wait(ctx, lingerQuiet-quiet) {
			return
		}
		others = s.waits()
	}
}

// tell waits until those know who understand it, and reports whether there are
// others.
func (s *Server) tell(ctx context.Context) (others bool) {
	var told sync.WaitGroup
	s.mu.Lock()
	for m, w := range s.conns {
		if w.knowsBye() {
			told.Go(func() { m.Leave(ctx) })
		} else {
			others = true
		}
	}
	s.mu.Unlock()
	told.Wait()
	return others
}

// settle waits, for at most lingerQuiet, until those are served who were just coming
// when the server stopped listening: their side may be through with the handshake,
// and have sent a request.
func (s *Server) settle(ctx context.Context) {
	select {
	case <-s.serving:
	default:
		return // nobody is served
	}
	ctx, cancel := context.WithTimeout(ctx, lingerQuiet)
	defer cancel()
	for {
		s.mu.Lock()
		served := len(s.conns)
		s.mu.Unlock()
		st := s.sock.Stats()
		if st.Handshaking == 0 && st.Peers <= served || !wait(ctx, time.Millisecond) {
			return
		}
	}
}

// waits reports whether there are clients that have to find out by themselves.
func (s *Server) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.conns {
		if !w.knowsBye() {
			return true
		}
	}
	return false
}

// enter and leave keep the connections that are served. One that comes when the
// others are told is told first of all.
func (s *Server) enter(m *stream.ServerMux, w wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[m] = w
	if ctx := s.parting; ctx != nil && w.knowsBye() {
		go m.Leave(ctx) // which ends with the connection
	}
}

func (s *Server) leave(m *stream.ServerMux) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, m)
}
