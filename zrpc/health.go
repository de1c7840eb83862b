package zrpc

import "time"

// HealthOptions says when a client with several servers leaves one out. The zero
// value judges servers by the calls alone. Zero means the default, negative means
// off.
//
// A server is ejected, that is, gets no new calls, when FailuresToEject calls in
// succession ended with ErrLostRemote or were answered ServerBusy. Calls that a
// connection took down with it count once. A server that answers ServerStopping
// gets none at once. Calls in progress go on. When all servers are ejected, all
// are used.
type HealthOptions struct {
	// Interval is how often a server that has not answered anything for so long is
	// called, by zerorpc's own method _zerorpc_ping; any answer is a good one. So
	// a server that hangs is found before a call does. Default: no such calls.
	Interval time.Duration

	// Timeout bounds the wait for the answer, which then counts as a failure.
	// Default: Interval, but at most 5 s.
	Timeout time.Duration

	// FailuresToEject is how many failures in succession eject a server. Default 3;
	// negative: none is ejected.
	FailuresToEject int

	// Readmit is how long an ejected server is left out. Then it is tried again;
	// where Interval is set, only after it has answered. If it fails at once, it is
	// ejected for twice as long, up to eight times. Default 5 s.
	Readmit time.Duration
}

const (
	defaultFailures    = 3
	defaultReadmit     = 5 * time.Second
	defaultPingTimeout = 5 * time.Second

	// maxReadmitDoubling bounds the cool-down of a server that fails again and
	// again to 2^3 times Readmit: 40 s by default, about what a machine takes to
	// start anew.
	maxReadmitDoubling = 3
)

func (o *HealthOptions) normalize() {
	if o.Timeout <= 0 {
		o.Timeout = min(max(0, o.Interval), defaultPingTimeout)
	}
	if o.FailuresToEject == 0 {
		o.FailuresToEject = defaultFailures
	}
	if o.Readmit <= 0 {
		o.Readmit = defaultReadmit
	}
}

// pings reports whether silent servers are called.
func (o *HealthOptions) pings() bool { return o.Interval > 0 }

// health is what is known of a target. It holds no timer and no lock.
//
//	         failures in succession              Readmit over (and a ping answered)
//	healthy ────────────────────────▶ ejected ───────────────────────▶ on probation
//	   ▲                                 ▲   ▲───┘ failure: from now on    │      │
//	   │                                 └────────── one failure ──────────┘      │
//	   └─────────────────────────────── one good answer ──────────────────────────┘
type health struct {
	fails   int       // in succession
	ejected bool      // or on probation
	till    time.Time // the cool-down's end
	times   int       // ejections in succession
	probed  bool      // something was answered during the cool-down
}

// out reports whether new calls keep away. Where there are pings, one has to be
// answered first.
func (h *health) out(now time.Time, pings bool) bool {
	return h.ejected && (now.Before(h.till) || pings && !h.probed)
}

// fail notes a failure.
func (h *health) fail(now time.Time, o *HealthOptions) {
	h.fails++
	out := h.out(now, o.pings())
	h.probed = false
	switch {
	case o.FailuresToEject < 0:
	case out:
		if till := now.Add(o.Readmit); till.After(h.till) {
			h.till = till
		}
	case h.ejected, h.fails >= o.FailuresToEject:
		h.ejected = true
		h.till = now.Add(o.Readmit << min(h.times, maxReadmitDoubling))
		h.times++
	}
}

// succeed notes a good answer and reports whether that settles all. During the
// cool-down it does not: a server that refuses most calls still answers some.
func (h *health) succeed(now time.Time) bool {
	h.fails = 0
	if h.ejected && now.Before(h.till) {
		h.probed = true
		return false
	}
	*h = health{}
	return true
}
