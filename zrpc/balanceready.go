package zrpc

import "time"

// readySet is what new calls may go to. It is replaced, never changed.
type readySet struct {
	links      []*link
	candidates []Candidate // the same, for a Balance
}

// publishLocked makes ready what fits best: the healthy, or else those that were
// ejected, or else those that say they stop. An answer from one of these is worth
// more than none from nobody, so ejection never leaves a call without a server.
func (ls *links) publishLocked(now time.Time) {
	if ls.ended {
		return
	}
	var tiers [3][]*link // from healthy to stopping
	var next time.Time   // when the first cool-down ends
	coolDown := func(till time.Time) {
		if till.After(now) && (next.IsZero() || till.Before(next)) {
			next = till
		}
	}
	for _, l := range ls.all {
		tier := 0
		if l.target.retired {
			continue
		}
		if h := &l.target.health; h.out(now, ls.opt.Health.pings()) {
			tier = 1
			coolDown(h.till)
		}
		if l.stoppingTill.After(now) {
			tier = 2
			coolDown(l.stoppingTill)
		}
		tiers[tier] = append(tiers[tier], l)
	}
	set := new(readySet)
	for _, t := range tiers {
		if len(t) > 0 {
			set.links = t
			break
		}
	}
	for _, l := range set.links {
		set.candidates = append(set.candidates, l.candidate)
	}
	empty := len(ls.ready.Swap(set).links) == 0
	if empty && len(set.links) > 0 {
		ls.announceLocked()
	}
	ls.reviveLocked(next, now)
}

// announceLocked wakes those who wait for a connection.
func (ls *links) announceLocked() {
	if ls.changed != nil {
		close(ls.changed)
		ls.changed = nil
	}
}

// reviveLocked has the links looked at again at the given time, if any. One timer
// for all of them, which runs only while one is out.
func (ls *links) reviveLocked(at, now time.Time) {
	switch {
	case at.IsZero():
		if ls.revive != nil {
			ls.revive.Stop()
		}
	case ls.revive == nil:
		ls.revive = time.AfterFunc(at.Sub(now), func() {
			now := time.Now()
			ls.mu.Lock()
			ls.publishLocked(now)
			back := ls.backLocked(now)
			ls.mu.Unlock()
			ls.readmitted(back)
		})
	default:
		ls.revive.Reset(at.Sub(now))
	}
}

// choose asks the Balance which of several is next. ready is not empty.
func (ls *links) choose(ready *readySet) *link {
	if len(ready.links) == 1 {
		return ready.links[0]
	}
	turn := ls.turn.Add(1)
	i := ls.opt.Balance(turn, ready.candidates)
	if i < 0 || i >= len(ready.links) { // of a Balance that is wrong
		i = RoundRobin(turn, ready.candidates)
	}
	return ready.links[i]
}
