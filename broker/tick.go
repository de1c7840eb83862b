package broker

import "time"

// onTick looks after everything that time ends: calls in the queue, channels
// without ends, the broker's own calls, and workers that fell silent.
func (b *Broker) onTick(now time.Duration) {
	var late []*channel
	b.mu.Lock()
	b.tick++
	idle, silent := b.o.ticks(b.o.Idle), b.o.ticks(silentIdle)
	for ch := range b.table.all {
		switch {
		case ch.client == nil:
			if b.tick-ch.pulse.last > ownTicks {
				late = append(late, ch)
				b.closeLocked(ch)
			}
		case ch.state == queued:
			b.onTickQueuedLocked(ch, now)
		case b.o.Idle > 0 && ch.idle(b.tick, idle, silent):
			b.count.idle.Add(1)
			b.closeLocked(ch) // neither end is there to be told
		case !ch.orphan && ch.worker.silent >= doubtTicks:
			// It is about to be found dead, or to go on. Until then, a heartbeat at
			// most, its callers must not lose patience: their own count may have begun
			// earlier, the call may be run again elsewhere, and they would think that
			// it is the broker that hangs.
			b.beatLocked(ch)
		}
	}
	if len(b.waiting) > 0 {
		for _, r := range b.waiting {
			r.queue.sweep()
		}
		b.dispatchLocked()
	}
	if b.tick%ticksPerBeat == 0 {
		b.forgetLocked()
	}
	for _, s := range b.pool.stats {
		s.onTick(now)
	}
	silentWorkers, hung := b.onTickWorkersLocked()
	b.mu.Unlock()
	for _, w := range silentWorkers {
		_ = w.peer.SendCommand("PING", []byte(pingBody)) // never waits; its reader finds out about errors
	}
	for _, ch := range late {
		ch.own(reply{})
	}
	for _, w := range hung {
		b.log.Warn("worker is hung, closing its connection", "worker", w.id, "service", w.service, "addr", w.peer.RemoteAddr())
		_ = w.peer.Close(errHung) // its reader sees to the rest
	}
}

// idle says whether nothing can come on ch any more. Without a caller the
// worker's heartbeats alone count: they end when it has noticed.
func (ch *channel) idle(tick, limit, silent uint32) bool {
	switch {
	case ch.canceled:
		// The worker was told, and a zrpc worker does not answer then. A handler
		// that does not heed it runs on uncounted: better that than a worker with
		// few slots that stands still because its callers are impatient.
		silent, limit = cancelTicks, min(limit, cancelTicks)
	case ch.orphan:
		silent = limit
	}
	return ch.pulse.idle(tick, limit, silent)
}

// onTickWorkersLocked finds the silent workers, to be sent a PING, and those that
// gave no sign of life for too long. Two questions are asked. ZMTP's PING is answered by the
// process even while its handlers keep the main loop busy; a worker that does
// not answer that is hung. _zerorpc_ping is answered by the main loop; a worker
// that owes that answer keeps its calls, whose ends judge by their own
// heartbeats, and gets no more until it has answered.
func (b *Broker) onTickWorkersLocked() (ping, hung []*worker) {
	for _, w := range b.pool.workers {
		if w.out.came.Swap(false) {
			w.silent = 0
		} else {
			w.silent++
		}
		switch {
		case w.silent >= deadTicks:
			hung = append(hung, w)
			w.silent = 0 // once is enough
			w.slow = true
			continue
		case w.silent == probeTicks:
			ping = append(ping, w)
			if w.probed == 0 {
				b.probeLocked(w)
			}
		}
		if w.probed != 0 && b.tick-w.probed >= slowTicks && !w.slow {
			w.slow = true
			b.log.Warn("worker does not answer pings, it gets no calls until it does", "worker", w.id, "service", w.service)
		}
		if b.tick-w.asked >= b.o.ticks(refreshEvery) {
			b.inspectLocked(w)
		}
	}
	return ping, hung
}

// pingBody is a PING's body (RFC 37): a time to live, 0 for none, which libzmq
// must not be given too large, and a context that comes back; libzmq leaks
// memory for a PING without one.
const pingBody = "\x00\x00zrpc"

// probeLocked asks w's main loop for a sign of life.
func (b *Broker) probeLocked(w *worker) {
	w.probed = b.tick
	b.callLocked(w, "_zerorpc_ping", nil, func(r reply) { b.onPong(w, r) })
}

// onPong takes the answer to a probe.
func (b *Broker) onPong(w *worker, r reply) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case r.err == errStopping:
		b.drainLocked(w)
	case !r.ok && r.err == "": // none came in time: ask again
		b.probeLocked(w)
		return
	}
	w.probed = 0
	if w.slow {
		w.slow = false
		b.log.Info("worker answers pings again", "worker", w.id, "service", w.service)
		b.dispatchLocked()
	}
}
