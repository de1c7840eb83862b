// Package hedge shortens the longest waits of a client: when a call's answer is
// late, it makes a second attempt and takes the answer that comes first.
//
//	zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{hedge.Client(nil)}}
//
// It is for callers of several servers, where a late answer is mostly one server's
// trouble (a pause, a full queue), and pays for the 99th percentile with a few
// per cent more calls. Only calls with one result are hedged, of callers who said
// that they may run twice (CallOptions.Idempotent). The attempt that loses is
// cancelled, which its handler sees as the end of its context.
//
// What counts as late is learnt from the answers of each method: longer than all
// but 5 % of the last. A Budget bounds the additional attempts when everything
// is late, and more load would make it later.
package hedge

import (
	"context"
	"slices"
	"time"

	"github.com/zrpc-go/zrpc/interceptor/internal/table"
	"github.com/zrpc-go/zrpc/zrpc"
)

// Options configures Client. nil and the zero value are the defaults.
type Options struct {
	// Delay is how long an answer is waited for before the next attempt while
	// too few answers are known, and never less. Default 10 ms.
	Delay time.Duration

	// Percentile is the share of answers, between 0 and 1, that come before the
	// next attempt. Default 0.95; negative: Delay alone counts.
	Percentile float64

	// Attempts bounds the attempts at a call, the first one included. Default 2.
	Attempts int

	// Budget is the share of additional attempts among calls. Default 0.1;
	// negative: no bound.
	Budget float64

	// OnHedge is told of each additional attempt.
	OnHedge func(req *zrpc.Request, attempt int)
}

const (
	defaultDelay      = 10 * time.Millisecond
	defaultPercentile = 0.95
	defaultAttempts   = 2
	defaultBudget     = 0.1

	// maxMethods bounds the methods that delays are known of.
	maxMethods = 1000
)

func (o Options) normalize() Options {
	if o.Delay <= 0 {
		o.Delay = defaultDelay
	}
	if o.Percentile == 0 {
		o.Percentile = defaultPercentile
	}
	o.Percentile = min(o.Percentile, 1)
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.Budget == 0 {
		o.Budget = defaultBudget
	}
	return o
}

// hedger is one interceptor.
type hedger struct {
	opt     Options // set at creation
	methods *table.Table[string, *latency]
	budget  budget
}

// Client returns an interceptor for clients that makes a second attempt at calls
// that are late. It belongs inside of package retry, whose attempts it makes twice
// if need be.
func Client(opt *Options) zrpc.Interceptor {
	h := &hedger{methods: table.New(maxMethods, func(string) *latency { return new(latency) })}
	if opt != nil {
		h.opt = *opt
	}
	h.opt = h.opt.normalize()
	h.budget.ratio = h.opt.Budget
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if req.Shape != zrpc.Unary || !req.Idempotent {
				return next(ctx, req)
			}
			return h.call(ctx, req, next)
		}
	}
}

// outcome is what an attempt came to.
type outcome struct {
	result any
	err    error
}

// call makes a call in one or more attempts. Those that lose are cancelled and
// not waited for: each has a copy of what it needs, and ends by its context.
func (h *hedger) call(ctx context.Context, req *zrpc.Request, next zrpc.Handler) (any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := h.methods.Get(req.Method)
	h.budget.called()
	outcomes := make(chan outcome, h.opt.Attempts) // no attempt waits for us
	started := make(chan struct{}, 1)
	begin := func() {
		go func() {
			begun := time.Now()
			result, err := req.Attempt(ctx, func(ctx context.Context, a *zrpc.Request) (any, error) {
				a.Args = slices.Clone(a.Args) // the caller's are reused after the call
				started <- struct{}{}
				return next(ctx, a)
			})
			if err == nil || ctx.Err() != nil {
				// One that lost took at least so long: without those, the known
				// answers would be the fast ones alone.
				l.add(time.Since(begun))
			}
			outcomes <- outcome{result, err}
		}()
		<-started
	}
	begin()
	late := time.NewTimer(max(h.opt.Delay, l.percentile(h.opt.Percentile)))
	defer late.Stop()
	for made, running := 1, 1; ; {
		select {
		case <-late.C:
			if made == h.opt.Attempts || !h.budget.spend() {
				continue // and wait on
			}
			made++
			running++
			if h.opt.OnHedge != nil {
				h.opt.OnHedge(req, made)
			}
			begin()
			late.Reset(max(h.opt.Delay, l.percentile(h.opt.Percentile)))
		case o := <-outcomes:
			running--
			if zrpc.Unsent(o.err) && running > 0 {
				continue // another attempt runs, and may find a server
			}
			return o.result, o.err
		}
	}
}
