// Package ratelimit bounds how often a server's methods are called, in all, by
// method and by caller, and how often a client calls.
//
//	zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{ratelimit.Server(ratelimit.Options{
//		PerPeer: ratelimit.Limit{Rate: 100, Burst: 20},
//		Methods: map[string]ratelimit.Limit{"report": {Rate: 0.1, Burst: 1}},
//	})}}
//
// A call beyond a limit is answered at once with the error RateLimited, which
// says when to come again; it did not run, and zrpc.Unsent is true of it. A limit
// is a token bucket (golang.org/x/time/rate): Burst calls may come at once, Rate a
// second in the long run. A stream counts as one call.
//
// A limit in time does not know how long calls take. Against overload use package
// limit; this one is for fairness and for prices.
package ratelimit

import (
	"context"
	"fmt"
	"math"
	"net"
	"time"

	"golang.org/x/time/rate"

	"github.com/zrpc-go/zrpc/interceptor/internal/table"
	"github.com/zrpc-go/zrpc/zrpc"
)

// Limited is the name of the error of calls beyond a limit.
const Limited = "RateLimited"

// Limit is how often something may happen. The zero value is no limit.
type Limit struct {
	Rate  float64 // times a second; 0: no limit, negative: never
	Burst int     // how many times at once; 0: as often as in a second, at least once
}

// Options says what is limited. Each limit that is set must allow a call.
type Options struct {
	Total     Limit            // all calls together
	PerMethod Limit            // those of each method
	Methods   map[string]Limit // those of single methods, instead of PerMethod

	// PerPeer limits the calls of each caller; for the server only.
	PerPeer Limit

	// PeerKey says who is one caller. Default: Host. A caller without a
	// trustworthy address is better told by its Peer.User, which an authenticating
	// interceptor further out has set.
	PeerKey func(ctx context.Context, peer *zrpc.Peer) string

	// MaxPeers bounds the callers remembered; the one that did not call longest
	// is forgotten and, if it comes back, has its burst again. Default 10,000.
	MaxPeers int
}

const (
	defaultMaxPeers = 10_000

	// maxMethods bounds the methods of a client, which may be anything; those of
	// a server are those it has.
	maxMethods = 10_000
)

// Host tells callers by the host of their address, whatever their connections;
// all that come by inproc or ipc are one.
func Host(_ context.Context, peer *zrpc.Peer) string {
	if peer == nil {
		return ""
	}
	if host, _, err := net.SplitHostPort(peer.Address); err == nil {
		return host
	}
	return peer.Address
}

// Connection tells callers by their connection.
func Connection(_ context.Context, peer *zrpc.Peer) string {
	if peer == nil {
		return ""
	}
	return peer.RoutingID
}

// limiter makes the token bucket of a limit, nil for none.
func (l Limit) limiter() *rate.Limiter {
	switch {
	case l.Rate == 0:
		return nil
	case l.Rate < 0:
		return rate.NewLimiter(0, 0)
	case l.Burst <= 0:
		l.Burst = int(max(1, min(l.Rate, math.MaxInt32)))
	}
	return rate.NewLimiter(rate.Limit(l.Rate), l.Burst)
}

// limits are the token buckets of an interceptor.
type limits struct {
	opt     Options // set at creation
	total   *rate.Limiter
	methods *table.Table[string, *rate.Limiter]
	peers   *table.Table[string, *rate.Limiter] // nil: no limit for each
}

func newLimits(o Options) *limits {
	if o.PeerKey == nil {
		o.PeerKey = Host
	}
	if o.MaxPeers <= 0 {
		o.MaxPeers = defaultMaxPeers
	}
	l := &limits{opt: o, total: o.Total.limiter()}
	l.methods = table.New(maxMethods+len(o.Methods), func(name string) *rate.Limiter {
		if own, ok := o.Methods[name]; ok {
			return own.limiter()
		}
		return o.PerMethod.limiter()
	})
	if o.PerPeer.Rate != 0 {
		l.peers = table.New(o.MaxPeers, func(string) *rate.Limiter { return o.PerPeer.limiter() })
	}
	return l
}

// of returns the token buckets of a call, the narrowest first. Some may be nil.
func (l *limits) of(ctx context.Context, req *zrpc.Request) [3]*rate.Limiter {
	var peer *rate.Limiter
	if l.peers != nil && req.Peer != nil {
		peer = l.peers.Get(l.opt.PeerKey(ctx, req.Peer))
	}
	return [3]*rate.Limiter{peer, l.methods.Get(req.Method), l.total}
}

// Server returns an interceptor for servers that refuses calls beyond the limits.
// A call refused by one limit does not count towards the others.
func Server(opt Options) zrpc.Interceptor {
	l := newLimits(opt)
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			now := time.Now()
			var taken [3]*rate.Reservation
			for i, bucket := range l.of(ctx, req) {
				if bucket == nil {
					continue
				}
				r := bucket.ReserveN(now, 1)
				wait := r.DelayFrom(now)
				if taken[i] = r; wait == 0 {
					continue
				}
				for _, r := range taken {
					if r != nil {
						r.CancelAt(now)
					}
				}
				return nil, refusal(req.Method, wait)
			}
			return next(ctx, req)
		}
	}
}

// refusal is the answer to a call that comes too early.
func refusal(method string, wait time.Duration) error {
	text := fmt.Sprintf("%s is called too often; try again in %v", method, wait.Round(time.Millisecond))
	if wait == rate.InfDuration {
		text = fmt.Sprintf("%s may not be called here", method)
	}
	return &zrpc.RemoteError{Name: Limited, Message: text}
}

// Client returns an interceptor for clients that makes calls wait for their turn.
// One whose context would end before fails at once, with the error RateLimited.
func Client(opt Options) zrpc.Interceptor {
	l := newLimits(opt)
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			for _, bucket := range l.of(ctx, req) {
				if bucket == nil {
					continue
				}
				if err := bucket.Wait(ctx); err != nil {
					if ctx.Err() != nil {
						return nil, ctx.Err()
					}
					return nil, &zrpc.RemoteError{Name: Limited, Message: fmt.Sprintf("calling %s: this client's own limit: %v", req.Method, err)}
				}
			}
			return next(ctx, req)
		}
	}
}
