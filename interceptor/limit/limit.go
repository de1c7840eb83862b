// Package limit bounds how many calls run at once, with a short queue before
// them, and sheds load when more come than can be done.
//
//	zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{limit.Server(&limit.Options{Running: 64})}}
//
// A call beyond Running waits; one for whom the queue is full, or who has waited
// too long, is answered at once with the error ServerBusy, which says that it did
// not run: zrpc.Unsent is true of it, and package retry makes it again elsewhere
// or later. That is what keeps a server useful under overload: it goes on at full
// speed, for callers who are still there.
//
// The wait is controlled as by CoDel. A queue that empties now and then only
// evens out bursts, and a call may wait MaxWait in it. One that has not been empty
// for Interval is standing: it makes every call slow and none faster. Then a call
// may wait no longer than Target, and the last come is served first, because it
// alone has its whole time still before it.
//
// ServerOptions.PoolSize bounds running calls as well, for all of a server and
// without shedding; this package can bound groups of methods, each by an
// interceptor of its own, and answers those it cannot serve.
package limit

import (
	"container/list"
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Options configures Server. nil and the zero value are the defaults. Zero means
// the default, negative means off.
type Options struct {
	// Running bounds the calls that run. A stream runs until its last item.
	// Default 16 for each CPU; it cannot be off.
	Running int

	// Queue bounds the calls that wait. Default four times Running; negative:
	// none wait.
	Queue int

	// MaxWait bounds the wait in a queue that empties now and then. Default 1 s;
	// negative: the call's own context alone.
	MaxWait time.Duration

	// Target bounds the wait in a queue that stands, and Interval is how long
	// it must not have been empty for that. Defaults 20 ms and 100 ms; a negative
	// Target: a standing queue is like any other.
	Target, Interval time.Duration

	// Applies says which calls are counted. Default: all but zerorpc's own
	// methods, whose names begin with _zerorpc_: a server that is asked whether
	// it lives should answer under load.
	Applies func(req *zrpc.Request) bool

	// OnShed is told of each call that is refused.
	OnShed func(req *zrpc.Request, waited time.Duration)
}

const (
	defaultPerCPU   = 16 // calls mostly wait for something else
	defaultQueue    = 4  // times Running
	defaultMaxWait  = time.Second
	defaultTarget   = 20 * time.Millisecond
	defaultInterval = 100 * time.Millisecond // CoDel's: about a caller's round trip
)

func (o Options) normalize() Options {
	if o.Running <= 0 {
		o.Running = defaultPerCPU * runtime.GOMAXPROCS(0)
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue * o.Running
	}
	if o.MaxWait == 0 {
		o.MaxWait = defaultMaxWait
	}
	if o.Target == 0 {
		o.Target = defaultTarget
	}
	if o.Interval <= 0 {
		o.Interval = defaultInterval
	}
	if o.Applies == nil {
		o.Applies = func(req *zrpc.Request) bool { return !strings.HasPrefix(req.Method, "_zerorpc_") }
	}
	return o
}

// Server returns an interceptor that bounds the calls of a server. It belongs
// inside of logging and metrics, which should see what it refuses, and outside of
// what costs time.
func Server(opt *Options) zrpc.Interceptor {
	var o Options
	if opt != nil {
		o = *opt
	}
	g := newGate(o.normalize())
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if !g.opt.Applies(req) {
				return next(ctx, req)
			}
			begun := time.Now()
			if err := g.enter(ctx); err != nil {
				if g.opt.OnShed != nil {
					g.opt.OnShed(req, time.Since(begun))
				}
				return nil, err
			}
			defer g.leave() // also when next panics
			return next(ctx, req)
		}
	}
}

func busy(why string) error {
	return &zrpc.RemoteError{Name: "ServerBusy", Message: why + "; call another server, or again later"}
}

// gate lets a bounded number of calls through.
type gate struct {
	opt Options // set at creation

	mu      sync.Mutex // guards the fields below
	running int
	queue   *list.List // of chan struct{}, the first come in front; closed to let one in
	empty   time.Time  // when the queue last was
}

func newGate(o Options) *gate { return &gate{opt: o, queue: list.New()} }

// standingLocked reports whether the queue is overload and no burst.
func (g *gate) standingLocked(now time.Time) bool {
	return g.opt.Target > 0 && g.queue.Len() > 0 && now.Sub(g.empty) > g.opt.Interval
}

// enter waits for a place, which the caller leaves with leave.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	now := time.Now()
	if g.queue.Len() == 0 {
		g.empty = now
	}
	if g.running < g.opt.Running { // nobody waits then
		g.running++
		g.mu.Unlock()
		return nil
	}
	if g.queue.Len() >= g.opt.Queue {
		g.mu.Unlock()
		return busy("too many calls are running and waiting")
	}
	wait := g.opt.MaxWait
	if g.standingLocked(now) {
		wait = g.opt.Target
	}
	in := make(chan struct{})
	place := g.queue.PushBack(in)
	g.mu.Unlock()

	var expired <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		expired = t.C
	}
	var err error
	select {
	case <-in:
		return nil
	case <-expired:
		err = busy("no call ended within " + wait.String())
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-in: // at the same moment
		if ctx.Err() == nil {
			return nil
		}
		g.leaveLocked()
	default:
		g.queue.Remove(place)
	}
	return err
}

// leave gives a place to who waits, or back.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leaveLocked()
}

func (g *gate) leaveLocked() {
	next := g.queue.Front()
	if g.standingLocked(time.Now()) {
		next = g.queue.Back()
	}
	if next == nil {
		g.running--
		return
	}
	close(g.queue.Remove(next).(chan struct{})) // running is the same
}
