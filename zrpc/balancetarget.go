package zrpc

import (
	"sync/atomic"
	"time"
)

// target is what calls are spread over: an endpoint that the client connects to,
// which outlives its connections, or one connection that was accepted.
type target struct {
	// answered is set while there is nothing to be done about a good answer: so
	// each call costs a look at it, and no more.
	answered atomic.Bool

	// links.mu guards the fields below
	health  health
	noted   bool // that it is out has been logged
	retired bool // the resolver no longer names it: no new calls
}

// targetLocked returns what an endpoint is known by.
func (ls *links) targetLocked(endpoint string) *target {
	t := ls.targets[endpoint]
	if t == nil {
		t = new(target)
		ls.targets[endpoint] = t
	}
	return t
}

// retire takes an endpoint's connections, present and future ones, from new calls
// or gives them back.
func (ls *links) retire(endpoint string, retired bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.targetLocked(endpoint).retired = retired
	ls.publishLocked(time.Now())
}

// forget drops what is known of a retired endpoint. Connections that are left
// stay retired.
func (ls *links) forget(endpoint string) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(ls.targets, endpoint)
}

// at returns the present connections to an endpoint.
func (ls *links) at(endpoint string) (connections []*link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.all {
		if l.target == ls.targets[endpoint] {
			connections = append(connections, l)
		}
	}
	return connections
}
