package zrpc

import (
	"slices"
	"sync/atomic"
	"time"
)

// target is what calls are spread over: an endpoint that the client connects to,
// which outlives its connections, or one connection that was accepted.
type target struct {
	endpoint string // set at creation; empty for one that was accepted

	// answered is set while there is nothing to be done about a good answer: so
	// each call costs a look at it, and no more.
	answered atomic.Bool

	// links.mu guards the fields below
	health  health
	noted   bool // that it is out has been logged
	retired bool // the resolver no longer names it: no new calls
}

// knownLocked returns what an endpoint is known by, nil if nothing. A client has
// few, most have one: a map would take more than all of them.
func (ls *links) knownLocked(endpoint string) *target {
	for _, t := range ls.targets {
		if t.endpoint == endpoint {
			return t
		}
	}
	return nil
}

// targetLocked returns what an endpoint is known by from now on.
func (ls *links) targetLocked(endpoint string) *target {
	t := ls.knownLocked(endpoint)
	if t == nil {
		t = &target{endpoint: endpoint}
		ls.targets = append(ls.targets, t)
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
	ls.targets = slices.DeleteFunc(ls.targets, func(t *target) bool { return t.endpoint == endpoint })
}

// at returns the present connections to an endpoint.
func (ls *links) at(endpoint string) (connections []*link) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	its := ls.knownLocked(endpoint)
	for _, l := range ls.all {
		if l.target == its {
			connections = append(connections, l)
		}
	}
	return connections
}
