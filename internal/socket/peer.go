package socket

import (
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Peer is one connection whose handshake is done. Its fields do not change.
// The reader half of Conn belongs to Options.Serve, the writer half to anybody.
type Peer struct {
	*zmtp.Conn

	// RoutingID is unique among the socket's present peers: the identity that
	// the peer announced if it was the first to, else a zero byte and four
	// bytes of a counter with a random start.
	RoutingID []byte

	// Endpoint is the endpoint that the connection came by: of Bind as it was
	// reported, or of Connect as it was given.
	Endpoint string

	// Accepted is whether the peer connected to us.
	Accepted bool
}
