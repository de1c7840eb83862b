package stream

import (
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/internal/fair"
)

// Method is what a request of one name runs. Exactly one of Unary, Stream and Open is
// set. A Method must not be copied after its first request.
type Method struct {
	Name string
	// Unary serves a call with one result: it appends the encoded result to
	// out. Args, and all else that it gets from c, are valid while it runs.
	Unary func(c *Call, out []byte) ([]byte, error)
	// Tail says that Unary may leave the end of its result to Call.GiveResult.
	Tail bool
	// Stream serves a call with a stream in either direction: items go out by
	// c.SendItem and come in by c.NextItem. A result that is not nil is the
	// encoded answer to a stream of the caller's; nil ends a stream of ours.
	Stream func(c *Call) (result []byte, err error)
	// Open serves a call that is answered by a stream in two steps. What it returns is
	// run on another goroutine, with a new stack: that of Open is soon free again.
	Open func(c *Call) (Feed, error)
	// Borrows says that Unary keeps nothing of c and hands it to nobody who does,
	// except as Call.Lend. Requests then use Calls of earlier ones; a new one for
	// each is most of what a call leaves to the garbage collector.
	Borrows bool

	cheap cheapness
	large atomic.Bool // the last result was a large one
	size  fair.Size   // what results take, of calls on goroutines of their own
}

// A Feed is the second step of Open.
type Feed interface{ Run() error }

// streams says that calls are served by Stream or Open.
func (m *Method) streams() bool { return m.Unary == nil }

// scratch returns a buffer for a result such as the last one.
func (m *Method) scratch() *scratch {
	if m.large.Load() {
		return largePool.Get().(*scratch)
	}
	return scratchPool.Get().(*scratch)
}

// cheapness learns whether a unary method is quick enough to run on the
// goroutine that reads the connection, where it saves a wake-up. A method must
// prove it, call by call, on a goroutine of its own, and loses the privilege as
// soon as it is slow or blocks. What it then must prove doubles.
type cheapness struct {
	proven atomic.Bool
	good   atomic.Int32  // quick calls, not yet enough
	need   atomic.Int32  // how many are enough; 0 stands for proofCalls
	slow   atomic.Int32  // weight of slow samples
	turn   atomic.Uint32 // counts inline calls, to sample some
}

const (
	cheapTime  = 50 * time.Microsecond // about what the saved wake-up costs
	proofCalls = 32
	maxProof   = 1 << 16

	// One inline call in sampleEvery is timed. A slow sample may be a preempted
	// thread, so it takes slowLimit/slowWeight of them, not offset by quick ones.
	sampleEvery = 16
	slowWeight  = 4
	slowLimit   = 16
)

// ran notes that a call on its own goroutine took d.
func (c *cheapness) ran(d time.Duration) {
	if c.proven.Load() {
		return
	}
	if d >= cheapTime {
		if g := c.good.Load(); g > 0 {
			c.good.Store(g - min(g, 8))
		}
		return
	}
	need := c.need.Load()
	if need == 0 {
		need = proofCalls
	}
	if c.good.Add(1) >= need {
		c.proven.Store(true)
	}
}

// sample says whether to time this inline call.
func (c *cheapness) sample() bool { return c.turn.Add(1)%sampleEvery == 0 }

// sampled notes the time of an inline call.
func (c *cheapness) sampled(d time.Duration) {
	if d < cheapTime {
		if c.slow.Load() > 0 {
			c.slow.Add(-1)
		}
		return
	}
	if c.slow.Add(slowWeight) >= slowLimit {
		c.slow.Store(0)
		c.demote()
	}
}

// demote takes the privilege away.
func (c *cheapness) demote() {
	c.proven.Store(false)
	c.good.Store(0)
	need := c.need.Load()
	if need == 0 {
		need = proofCalls
	}
	c.need.Store(min(maxProof, need*2))
}
