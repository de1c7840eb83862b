package broker

import (
	"sync/atomic"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// budget bounds what is queued for all peers together: each connection's own
// limit alone would let a few dozen that do not read hold gigabytes. The sum is
// taken after every so many bytes; only when it is too high are peers held to
// an equal share, which those that read stay below anyway.
type budget struct {
	// set at creation
	limit int
	conns func() []*zmtp.Conn

	since atomic.Int64 // bytes passed on since the last audit
	share atomic.Int64 // what one peer may have queued; 0: its own limit
}

// allows says whether n more bytes may be queued for a peer.
func (a *budget) allows(to *zmtp.Conn, n int) bool {
	if a.since.Add(int64(n)) >= int64(a.limit/8) {
		a.since.Store(0)
		a.audit()
	}
	share := a.share.Load()
	if share == 0 {
		return true
	}
	_, bytes := to.Queued()
	return int64(bytes) < share
}

// audit sets or lifts the share.
func (a *budget) audit() {
	conns := a.conns()
	total := 0
	for _, c := range conns {
		_, bytes := c.Queued()
		total += bytes
	}
	switch {
	case total > a.limit:
		a.share.Store(int64(max(1, a.limit/len(conns))))
	case total < a.limit/2:
		a.share.Store(0)
	}
}
