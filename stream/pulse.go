package stream

import "time"

// ticksPerBeat is how finely a heartbeat interval is divided. Heartbeats are
// counted in ticks of this process and not in wall time, so that a process that
// was stopped, or paused by the collector, does not condemn all its peers when
// it wakes: it has seen no more ticks than it had chances to read.
const ticksPerBeat = 8

const (
	// A peer that was never heard is lost after three intervals, one that was
	// heard before after two (zerorpc judges both at its own beats, which makes
	// the second between two and three).
	silentTicks = 3*ticksPerBeat - 1
	quietBeats  = 2

	// maxPeerEvery bounds, in ticks, how slow a peer's heartbeat is believed to be.
	maxPeerEvery = 12 * ticksPerBeat
)

// pulse is the heartbeat state of one channel end. It holds no timer: the
// ticker tells it the time. The zero value is a channel just opened, so that a
// call shorter than a tick costs no look at the clock.
//
// Both ends need not use the same interval. An end that is slower than its peer
// answers the peer's heartbeats, so the peer hears it at the peer's own rate; an
// end that is faster stretches its patience to the interval it observes.
type pulse struct {
	start    uint32 // tick at which the ticker first saw the channel; 0: not yet
	next     uint32 // tick of our next heartbeat
	heard    uint32 // tick of the peer's last heartbeat; 0: none
	every    uint32 // ticks between the peer's last two heartbeats
	passive  bool   // nothing is sent or judged before the peer's first heartbeat
	lastSent int64  // ns; when we last sent one, or the ticker first saw the channel; 0: neither
	lastSeen int64  // ns; when the peer's last one came, or as above
}

// onTick says what is due at tick: a heartbeat to send, or that the peer is lost.
func (p *pulse) onTick(tick uint32, now int64) (send, lost bool) {
	if p.start == 0 {
		p.start, p.next = tick, tick+ticksPerBeat
		if p.lastSeen == 0 {
			p.lastSeen = now
		}
		if p.lastSent == 0 {
			p.lastSent = now
		}
		return false, false
	}
	if p.passive && p.heard == 0 {
		return false, false
	}
	if p.heard == 0 {
		lost = tick-p.start >= silentTicks
	} else {
		lost = tick-p.heard > quietBeats*max(ticksPerBeat, p.every)
	}
	if !lost && int32(tick-p.next) >= 0 {
		send = true
		p.sent(tick, now)
	}
	return send, lost
}

// pause takes back the present tick: in it the peer could not have been heard.
// It comes before onTick.
func (p *pulse) pause() {
	if p.start != 0 {
		p.start++
	}
	if p.heard != 0 {
		p.heard++
	}
}

// sent notes a heartbeat of ours.
func (p *pulse) sent(tick uint32, now int64) {
	p.next = tick + ticksPerBeat
	p.lastSent = now
}

// onHeartbeat notes a heartbeat of the peer and says whether to answer it: when
// the peer beats faster than we do and would miss us otherwise. Half an interval
// since our last one is the least distance, so two ends never answer each other
// in circles.
func (p *pulse) onHeartbeat(tick uint32, now int64, interval time.Duration) (answer bool) {
	gap := max(now-p.lastSeen, int64(time.Millisecond))
	p.lastSeen = now
	if p.heard != 0 {
		p.every = min(tick-p.heard, maxPeerEvery)
	}
	p.heard = max(tick, 1)
	if now-p.lastSent < min(gap, int64(interval))/2 {
		return false
	}
	p.sent(tick, now)
	return true
}
