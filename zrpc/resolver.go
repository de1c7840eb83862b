package zrpc

import "context"

// Resolver names the endpoints of a service. StaticResolver, DNSResolver and
// FileResolver are some; a service registry's client is easily made another.
type Resolver interface {
	// Watch calls update with all present endpoints of the service, such as
	// tcp://10.0.0.7:4242, and again when they have changed, until ctx ends, or
	// until it knows that they will not change. An endpoint that is named is
	// connected to and kept up; one that is no longer named gets no new calls, and
	// is disconnected when those in progress have ended.
	//
	// update is called from one goroutine at a time and does not wait for anything
	// remote. If an error is passed, or no valid endpoint, all stays as it was: not
	// to know is more often a fault of whoever is asked than the end of a service.
	// The error is logged, and told by calls that find no server.
	Watch(ctx context.Context, update func(endpoints []string, err error))
}

// StaticResolver names endpoints that do not change.
type StaticResolver []string

// Watch names them once.
func (r StaticResolver) Watch(_ context.Context, update func([]string, error)) { update(r, nil) }
