// Package breaker stops a client from calling what keeps failing, so that its
// callers learn at once what they would learn after a timeout, and a server in
// trouble is left alone.
//
//	zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{retry.Client(nil), breaker.Client(nil)}}
//
// There is a breaker for each key, by default each method. It is closed at first:
//
//	closed ──Failures in a row──▶ open ──OpenFor──▶ half-open ──all Probes succeed──▶ closed
//	                                ▲──────a probe fails───────────┘
//
// While it is open, calls fail with an *OpenError and do not run. A failure is
// what points to the server or the way to it: lost, unavailable, timed out,
// ServerBusy, ServerStopping. An error of the handler is a sign of life. A stream
// is judged by its opening.
//
// The state machine is that of github.com/sony/gobreaker.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/zrpc-go/zrpc/interceptor/internal/table"
	"github.com/zrpc-go/zrpc/zrpc"
)

// State is that of a breaker.
type State = gobreaker.State

// The states of a breaker.
const (
	Closed   = gobreaker.StateClosed
	HalfOpen = gobreaker.StateHalfOpen
	Open     = gobreaker.StateOpen
)

// Options configures Client. nil and the zero value are the defaults.
type Options struct {
	// Failures in a row open a breaker. Default 5.
	Failures int

	// OpenFor is how long it stays open. Default 10 s.
	OpenFor time.Duration

	// Probes bounds the calls let through while it is half-open; when as many
	// have succeeded it closes. Default 1.
	Probes int

	// Key says which breaker a call belongs to. A client that talks to several
	// services at once may go by more than the method. Default: req.Method.
	Key func(req *zrpc.Request) string

	// MaxKeys bounds the breakers; the one not used longest is forgotten, and
	// closed thereby. Default 1,000.
	MaxKeys int

	// Failed decides whether a call that ended with err counts as a failure.
	// Default: Failed.
	Failed func(err error) bool

	// OnChange is told of each change of a state. It runs under a lock: it must
	// be short and make no calls.
	OnChange func(key string, from, to State)
}

const (
	defaultFailures = 5
	defaultOpenFor  = 10 * time.Second
	defaultMaxKeys  = 1000
)

func (o Options) normalize() Options {
	if o.Failures <= 0 {
		o.Failures = defaultFailures
	}
	if o.OpenFor <= 0 {
		o.OpenFor = defaultOpenFor
	}
	if o.Probes <= 0 {
		o.Probes = 1
	}
	if o.Key == nil {
		o.Key = func(req *zrpc.Request) string { return req.Method }
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = defaultMaxKeys
	}
	if o.Failed == nil {
		o.Failed = Failed
	}
	return o
}

// Failed reports whether the error of a call points to the server or the way to
// it: the default of Options.Failed.
func Failed(err error) bool {
	var remote *zrpc.RemoteError
	if errors.As(err, &remote) {
		return remote.Name == "ServerBusy" || remote.Name == "ServerStopping"
	}
	return errors.Is(err, zrpc.ErrLostRemote) || errors.Is(err, zrpc.ErrUnavailable) ||
		errors.Is(err, context.DeadlineExceeded)
}

// OpenError is the error of a call that was not made because its breaker was
// open, or half-open with its probes under way.
type OpenError struct {
	Key string
	err error
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("zrpc: calls of %s fail, so this one was not made; try again later: %v", e.Key, e.err)
}

// Unwrap returns gobreaker's error.
func (e *OpenError) Unwrap() error { return e.err }

// Client returns an interceptor for clients. Inside of package retry it counts
// each attempt, and lets no retry through once it is open.
func Client(opt *Options) zrpc.Interceptor {
	var o Options
	if opt != nil {
		o = *opt
	}
	o = o.normalize()
	breakers := table.New(o.MaxKeys, o.breaker)
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			key := o.Key(req)
			result, err := breakers.Get(key).Execute(func() (any, error) { return next(ctx, req) })
			if err == gobreaker.ErrOpenState || err == gobreaker.ErrTooManyRequests {
				return nil, &OpenError{key, err}
			}
			return result, err
		}
	}
}

// breaker makes one.
func (o *Options) breaker(key string) *gobreaker.CircuitBreaker[any] {
	return gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
		Name:          key,
		MaxRequests:   uint32(o.Probes),
		Timeout:       o.OpenFor,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= uint32(o.Failures) },
		OnStateChange: o.OnChange,
		IsSuccessful:  func(err error) bool { return !o.Failed(err) },
		// A caller that gave up learnt nothing about the server.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}
