package zrpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// maxNamed bounds the endpoints that a resolver's word makes a client connect
	// to: each costs a connection and a goroutine, and a list that is longer is
	// probably a mistake.
	maxNamed = 1024

	// defaultDrain is long enough for calls of people's patience; streams that last
	// longer must be able to begin again anyway.
	defaultDrain = 5 * time.Minute

	// drainLook is how often a connection that drains is looked at; of one that is
	// busy less and less often, until maxDrainLook.
	drainLook    = 100 * time.Millisecond
	maxDrainLook = time.Second
)

var (
	errNoneNamed = errors.New("the resolver names no endpoint")
	errDrained   = fmt.Errorf("%w: the resolver no longer names the server, and the time to finish is over", ErrLostRemote)
)

// resolved keeps a client connected to what its resolver names.
type resolved struct {
	// set at creation
	core *clientCore
	ctx  context.Context // ends with the client

	mu     sync.Mutex // guards the fields below; taken before links.mu
	here   map[string]*place
	byHand map[string]bool // by Connect: not the resolver's to end
}

// place is one endpoint that the resolver named.
type place struct {
	cancel context.CancelFunc // ends its drain; nil unless it drains
}

// watch runs the resolver.
func (r *resolved) watch() { r.core.opt.Resolver.Watch(r.ctx, r.update) }

// update makes the connections those that are named. New ones are begun before
// old ones are let go.
func (r *resolved) update(endpoints []string, err error) {
	if err == nil && len(endpoints) == 0 {
		err = errNoneNamed
	}
	if len(endpoints) > maxNamed {
		r.complain("resolver", fmt.Errorf("it names %d endpoints, of which the first %d are used", len(endpoints), maxNamed))
		endpoints = endpoints[:maxNamed]
	}
	if err != nil {
		r.complain("resolver", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return
	}
	present, usable := make(map[string]bool, len(endpoints)), false
	for _, endpoint := range endpoints {
		if !present[endpoint] {
			present[endpoint] = true
			usable = r.useLocked(endpoint) || usable
		}
	}
	if !usable { // a list of something else, perhaps: stay with what works
		return
	}
	for endpoint, p := range r.here {
		if !present[endpoint] && p.cancel == nil {
			r.retireLocked(endpoint, p)
		}
	}
}

// complain tells the log, and calls that find no server.
func (r *resolved) complain(who string, err error) {
	r.core.links.failed(who, err)
	r.core.opt.Logger.Warn("resolving", "endpoint", who, "err", err)
}

// useLocked connects to an endpoint, or takes it back from draining. It reports
// whether it is one.
func (r *resolved) useLocked(endpoint string) bool {
	p := r.here[endpoint]
	switch {
	case p != nil && p.cancel != nil:
		r.keepLocked(endpoint, p)
	case p != nil, r.byHand[endpoint]:
	default:
		if err := r.core.sock.Connect(endpoint); err != nil {
			r.complain(endpoint, err)
			return false
		}
		r.here[endpoint] = new(place)
	}
	return true
}

// keepLocked ends an endpoint's draining.
func (r *resolved) keepLocked(endpoint string, p *place) {
	p.cancel()
	p.cancel = nil
	r.core.links.retire(endpoint, false)
}

// retireLocked has an endpoint drain.
func (r *resolved) retireLocked(endpoint string, p *place) {
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(r.ctx)
	r.core.links.retire(endpoint, true)
	r.core.helpers.Go(func() { r.drain(ctx, endpoint) })
}

// drain disconnects an endpoint when its calls have ended, or Drain is over,
// unless ctx ends before.
func (r *resolved) drain(ctx context.Context, endpoint string) {
	bound := r.core.opt.Drain
	began := time.Now()
	for idle, look := 0, drainLook; ; {
		if !wait(ctx, look) {
			return
		}
		// Two looks, because a call may have picked the connection just before it
		// was retired, and not be open yet.
		if r.open(endpoint) == 0 {
			idle, look = idle+1, drainLook
		} else {
			idle, look = 0, min(2*look, maxDrainLook)
		}
		late := bound > 0 && time.Since(began) >= bound
		if idle >= 2 || late {
			r.letGo(ctx, endpoint, late)
			return
		}
	}
}

// open counts the open calls at an endpoint.
func (r *resolved) open(endpoint string) (n int) {
	for _, l := range r.core.links.at(endpoint) {
		n += l.mux.Pending()
	}
	return n
}

// letGo disconnects a drained endpoint, unless it was named again meanwhile.
func (r *resolved) letGo(ctx context.Context, endpoint string, late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	r.here[endpoint].cancel()
	delete(r.here, endpoint)
	if late {
		for _, l := range r.core.links.at(endpoint) {
			l.mux.Close(errDrained)
		}
	}
	if err := r.core.sock.Disconnect(endpoint); err != nil {
		r.core.opt.Logger.Debug("disconnecting", "endpoint", endpoint, "err", err)
	}
	r.core.links.forget(endpoint)
}

// connectByHand is Connect of a client that has a resolver. What the resolver
// named too is no longer its own to end.
func (r *resolved) connectByHand(endpoint string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.core.sock.Connect(endpoint); err != nil {
		return err
	}
	r.byHand[endpoint] = true
	if p := r.here[endpoint]; p != nil {
		if p.cancel != nil {
			r.keepLocked(endpoint, p)
		}
		delete(r.here, endpoint)
	}
	return nil
}
