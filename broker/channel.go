package broker

import (
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// state is where a channel stands; see the diagram in doc.go.
type state uint8

const (
	queued state = iota
	running
	ended
)

// channel is one call: a client's, or one that the broker itself makes. The
// broker's mu guards it, except where it says otherwise.
type channel struct {
	// set at creation
	client     *client // nil: the broker's own call
	own        func(reply)
	envelope   []byte // frames that go before each event to the client
	id         []byte // the client's own id of the channel, as encoded
	version    int    // of the client's protocol
	route      *route // nil: the broker's own call
	idempotent bool
	deadline   time.Duration // the caller gives up then, by the broker's clock; 0: unknown
	began      time.Duration
	idBuf      [40]byte
	buf        []byte // memory for req.head

	number   uint64 // of the broker's id; its low bits are the slot
	state    state
	worker   *worker // who runs it, or did last
	attempts uint8   // workers it was sent to
	heard    bool    // the present worker has sent an event of it
	refused  bool    // the present worker seems to have refused it; see stopping.go
	shared   bool    // others than the table may hold it
	streams  bool    // the present worker has sent an item of it
	orphan   bool    // nobody waits for the answer any more
	canceled bool    // and the worker was told so
	held     bool    // queued: at its client's gate, and not for a worker
	passed   bool    // it counts in its client's window
	answers  int     // bytes that it counts there

	req        request  // empty once it cannot be sent again
	early      [][]byte // what the client's own stream sent, as long as req is there
	earlyBytes int

	pulse pulse

	next  *channel // in the queue, or at the gate
	until uint32   // queued for want of a worker: the tick at which that ends; 0: never
	beat  uint32   // the tick of the next heartbeat of our own to the client
}

// channelPool holds channels of calls that went the usual way.
var channelPool = sync.Pool{New: func() any { return new(channel) }}

// keepRequest is the largest request buffer that stays with a pooled channel.
const keepRequest = 1 << 10

// recycle gives an ended channel back. It is for the goroutine that has ended
// it, and only if nobody else can hold it still: it went to one worker and was
// answered by it, so its request has left.
func (ch *channel) recycle() {
	buf := ch.buf[:0]
	if cap(buf) > keepRequest {
		buf = nil
	}
	*ch = channel{buf: buf}
	channelPool.Put(ch)
}

// slot is the channel's place in the table.
func (ch *channel) slot() uint64 { return ch.number & msgid.NoSlot }

// pulse is what a channel shows of its ends. Neither is judged by the broker,
// since heartbeats go from end to end; it only finds out when both have gone.
type pulse struct {
	last  uint32 // tick of the last event, or of the opening
	beats uint32 // tick of the last heartbeat of either end; 0: none yet
	gap   uint32 // the longest time between two heartbeats, in ticks
}

// onBeat notes a heartbeat.
func (p *pulse) onBeat(tick uint32) {
	if p.beats != 0 {
		p.gap = max(p.gap, min(tick-p.beats, maxGapTicks))
	}
	p.beats = tick
}

// idle says whether the channel has no ends any more: limit ticks, or that many
// of the ends' own heartbeats, without any event. silent is the limit while no
// heartbeat was ever seen.
func (p *pulse) idle(tick, limit, silent uint32) bool {
	if p.beats == 0 {
		limit = silent
	}
	return tick-p.last > max(limit, idleBeats*p.gap)
}

// reply is the end of one of the broker's own calls.
type reply struct {
	ok   bool   // an OK; args are its
	err  string // the class of the ERR; "" if nothing came in time
	args []byte // encoded; valid during the callback
}

// result is the first element of an OK's args.
func (r *reply) result() ([]byte, bool) {
	if !r.ok {
		return nil, false
	}
	n, i, err := event.ArrayLen(r.args)
	if err != nil || n == 0 {
		return nil, false
	}
	end, err := event.Skip(r.args, i)
	return r.args[i:end], err == nil
}

// ends says whether the event is a worker's last.
func ends(k event.Role) bool { return k == event.RoleOK || k == event.RoleErr || k == event.RoleDone }
