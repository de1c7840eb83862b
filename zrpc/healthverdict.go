package zrpc

import (
	"errors"
	"slices"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

// verdict is what the end of a call says about the server.
type verdict uint8

const (
	neutral  verdict = iota // nothing: the caller gave up, or something on our side
	good                    // it answers
	bad                     // it hangs, or is overloaded
	lost                    // its connection ended
	stopping                // it wants no more calls
)

// verdictOf reads a call's error.
func verdictOf(err error) verdict {
	var remote *RemoteError
	switch {
	case err == nil:
		return good
	case errors.As(err, &remote):
		switch remote.Name {
		case wireStopping:
			return stopping
		case wireBusy:
			return bad
		}
		return good
	case errors.Is(err, stream.ErrUnsent), errors.Is(err, ErrClosed):
		return neutral
	case errors.Is(err, ErrSilent):
		return bad
	case errors.Is(err, ErrLostRemote):
		return lost
	}
	return neutral
}

// heard notes a good answer. It is on the path of every call.
func (l *link) heard() {
	if !l.target.answered.Load() {
		l.observe(nil)
	}
}

// observe draws its conclusions from how a call on l ended.
func (l *link) observe(err error) {
	v := verdictOf(err)
	if v == neutral || v == good && l.target.answered.Load() {
		return
	}
	ls, now := l.owner, time.Now()
	ls.mu.Lock()
	was := l.target.health.out(now, ls.opt.Health.pings())
	is := ls.judgeLocked(l, v, now)
	var back []string
	if is != was || v == stopping {
		ls.publishLocked(now)
		back = ls.backLocked(now)
		l.target.noted = l.target.noted || is
	}
	ls.mu.Unlock()
	if is && !was { // not under the lock: a logger may make calls
		ls.opt.Logger.Warn("server ejected: it gets no new calls for a while", "endpoint", l.endpoint, "err", err)
	}
	ls.readmitted(back)
}

// backLocked returns the endpoints that are no longer out, once each.
func (ls *links) backLocked(now time.Time) (back []string) {
	for _, l := range ls.all {
		if t := l.target; t.noted && !t.health.out(now, ls.opt.Health.pings()) {
			t.noted = false
			back = append(back, l.endpoint)
		}
	}
	return back
}

// readmitted tells the log.
func (ls *links) readmitted(endpoints []string) {
	for _, endpoint := range endpoints {
		ls.opt.Logger.Info("server readmitted", "endpoint", endpoint)
	}
}

// judgeLocked applies a verdict and reports whether the target is out.
func (ls *links) judgeLocked(l *link, v verdict, now time.Time) bool {
	h, o := &l.target.health, &ls.opt.Health
	if v == lost && l.lost {
		v = neutral // the calls of one connection are lost for one reason
	}
	switch v {
	case good:
		l.target.answered.Store(h.succeed(now))
	case stopping:
		// Of the connection alone: its successor is another process.
		l.stoppingTill = now.Add(o.Readmit)
	case bad, lost:
		l.lost = l.lost || v == lost
		l.target.answered.Store(false)
		h.fail(now, o)
	}
	return h.out(now, o.pings())
}

// elsewhere reports whether a call that ended with err, the tries-th attempt, did
// not run and can be made on another connection. Calls that were refused for being
// too many are not: that would multiply the load when there is too much of it.
func (ls *links) elsewhere(l *link, err error, tries int) bool {
	if errors.Is(err, stream.ErrUnsent) {
		if ls.closed() {
			return false
		}
		ls.remove(l, err) // before its own goroutine does, or we would pick it again
		return true
	}
	if verdictOf(err) != stopping {
		return false
	}
	ls.mu.Lock()
	present := len(ls.all)
	ls.mu.Unlock()
	// It is no longer ready, unless the others say the same.
	ready := ls.ready.Load().links
	return tries < present && len(ready) > 0 && !slices.Contains(ready, l)
}
