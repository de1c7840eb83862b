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
}

// PeerFrom returns who made the call that a handler's context belongs to.
func PeerFrom(ctx context.Context) (*Peer, bool) {
	conn, ok := stream.ConnFromContext(ctx)
	if !ok {
		return nil, false
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
