package zrpc

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// lingerQuiet is how long no request may have come before a server that stops
	// closes its connections: a refused client goes elsewhere, and what it sent
	// before it knew is here within a round trip, which is less.
	lingerQuiet = 50 * time.Millisecond

	// lingerMost bounds the linger for the sake of clients that call on and on,
	// whatever they are answered.
	lingerMost = time.Second
)

// lastRefusal is when a server that stops has refused a request last, in
// nanoseconds since 1970; at first, when it began to stop.
type lastRefusal struct{ at atomic.Int64 }

func (l *lastRefusal) note() { l.at.Store(time.Now().UnixNano()) }

// linger returns when all have had the time to hear that the server stops: when no
// request came for lingerQuiet, after lingerMost, or when ctx ends. Until then
// requests are refused in good order, instead of being lost with the connection.
func (s *Server) linger(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lingerMost)
	defer cancel()
	for s.sock.Stats().Peers > 0 {
		quiet := time.Since(time.Unix(0, s.refused.at.Load()))
		if quiet >= lingerQuiet || !wait(ctx, lingerQuiet-quiet) {
			return
		}
	}
}
