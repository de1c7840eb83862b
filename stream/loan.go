package stream

import (
	"context"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// loan is the context of a handler that may be given a Call for one request only,
// so that Calls can be used again and again. It knows which of
// the Call's turns it is for: who keeps the context for longer than the call finds
// it ended, and never sees a later request.
type loan struct {
	sm    *ServerMux
	c     *Call
	turn  uint64
	until time.Time // as Call.until, which is stable even after the end
}

// Lend returns a context for one run of a handler, in place of c itself, which
// may then be used again as Method.Borrows says. For the goroutine that runs the
// handler.
func (c *Call) Lend() context.Context { return &loan{c.sm, c, c.turn, c.until} }

// keep takes the Call out of use for later requests and returns it, or nil if the
// request is over.
func (l *loan) keep() *Call {
	l.c.cmu.Lock()
	defer l.c.cmu.Unlock()
	if l.c.turn != l.turn {
		return nil
	}
	l.c.kept = true
	return l.c
}

// over is the Done channel of requests that have ended.
var over = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (l *loan) Deadline() (time.Time, bool) { return l.until, !l.until.IsZero() }

func (l *loan) Done() <-chan struct{} {
	if c := l.keep(); c != nil {
		return c.Done()
	}
	return over
}

func (l *loan) Err() error {
	l.c.cmu.Lock()
	defer l.c.cmu.Unlock()
	if l.c.turn != l.turn {
		return context.Canceled
	}
	return l.c.errLocked()
}

// Value is as Call.Value; the connection is found after the request's end too.
func (l *loan) Value(key any) any {
	switch key.(type) {
	case connKey:
		return l.sm.conn
	case callKey:
		if c := l.keep(); c != nil {
			return c
		}
	}
	return nil
}

// AfterFunc is as Call.AfterFunc.
func (l *loan) AfterFunc(f func()) (stop func() bool) {
	if c := l.keep(); c != nil {
		return c.AfterFunc(f)
	}
	go f()
	return func() bool { return false }
}

// TakeArgs and those below are the Call's, for the goroutine of the handler and
// while that runs.
func (l *loan) TakeArgs() bool                 { return l.c.TakeArgs() }
func (l *loan) LendArgs() *event.Bytes         { return l.c.LendArgs() }
func (l *loan) GiveResult(b *event.Bytes) bool { return l.c.GiveResult(b) }
func (l *loan) LendResult(p []byte) bool       { return l.c.LendResult(p) }
func (l *loan) Given() int                     { return l.c.Given() }

// reuse makes c ready for another request and reports true, if nobody can be
// holding on to it.
func (c *Call) reuse() bool {
	c.cmu.Lock()
	defer c.cmu.Unlock()
	if c.kept || c.cause != nil || c.done != nil || len(c.after) > 0 || c.timer != nil || c.extras.Load() != nil {
		return false
	}
	c.turn++
	c.channel = channel{}
	c.method, c.Args, c.Header, c.bytes, c.run = nil, nil, nil, 0, 0
	c.big, c.lent, c.given, c.tail = nil, nil, nil, nil
	return true
}

// callPool holds Calls that ran on goroutines of their own.
var callPool sync.Pool
