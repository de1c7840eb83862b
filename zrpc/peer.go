package zrpc

import (
	"context"

	"github.com/zrpc-go/zrpc/stream"
)

// Peer is the other end of a connection.
type Peer struct {
	Address   string // network address, as of net.Addr
	Endpoint  string // our endpoint that it came by
	RoutingID string // unique among the present peers of a server
	Zrpc      bool   // it is zrpc, and knows its extensions of the protocol

	// User is who makes the call, as an interceptor found out that authenticates
	// callers, such as package interceptor/auth; "" if none did. An interceptor of
	// one's own sets it in Request.Peer before it calls next.
	User string
}

// PeerFrom returns who made the call that a handler's context belongs to: with
// interceptors, their Request.Peer. It must not be changed.
func PeerFrom(ctx context.Context) (*Peer, bool) {
	conn, ok := stream.ConnFromContext(ctx)
	if !ok {
		return nil, false
	}
	if req, ok := stream.OwnerFromContext(ctx).(*Request); ok && req.Peer != nil {
		return req.Peer, true
	}
	return peerOf(conn), true
}

// peerOf describes the other end of a connection.
func peerOf(conn stream.Conn) *Peer {
	w, ok := conn.(wire)
	if !ok {
		return &Peer{}
	}
	return &Peer{
		Address:   w.RemoteAddr().String(),
		Endpoint:  w.Endpoint,
		RoutingID: string(w.RoutingID),
		Zrpc:      w.Extended(),
	}
}
