package stream

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/event"
)

// maxExtras bounds the header pairs of an answer, in bytes: the caller refuses a
// larger header, and would wait for the answer in vain. What is left is for the
// protocol's own pairs.
const maxExtras = event.MaxHeaderLen - 4<<10

// Extras is what the layer above keeps with a call that it serves: a value of its
// own, and header pairs for the answer. Most calls have none. It may be used
// concurrently.
type Extras struct {
	Owner any // the layer above's; set before Attach

	fresh atomic.Bool // a pair was set that no event carries yet

	mu    sync.Mutex // guards the fields below
	pairs []pair
	size  int // bytes of pairs
}

// pair is an encoded header pair.
type pair struct {
	key string
	b   []byte // key and value
}

// Set adds a pair, value being encoded, or replaces the one of that key. False
// says that there would be too many bytes of them.
func (x *Extras) Set(key string, value []byte) bool {
	b := append(event.AppendString(nil, key), value...)
	x.mu.Lock()
	defer x.mu.Unlock()
	i := slices.IndexFunc(x.pairs, func(p pair) bool { return p.key == key })
	size := x.size + len(b)
	if i >= 0 {
		size -= len(x.pairs[i].b)
	}
	if size > maxExtras {
		return false
	}
	x.size = size
	if i >= 0 {
		x.pairs[i].b = b
	} else {
		x.pairs = append(x.pairs, pair{key, b})
	}
	x.fresh.Store(true)
	return true
}

// due returns the pairs that the next event is to carry: all of them, if it is the
// last event of the call or the first since one was set.
func (x *Extras) due(last bool) (b []byte, n int) {
	if x == nil || !last && !x.fresh.Load() {
		return nil, 0
	}
	x.fresh.Store(false)
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.pairs {
		b = append(b, p.b...)
	}
	return b, len(x.pairs)
}

// Attach makes x the call's. It is for whoever runs the handler, before that
// begins, of a method that does not borrow its Calls.
func (c *Call) Attach(x *Extras) { c.extras.Store(x) }

// Extras returns what was attached to the call; for a call without, makes one. Of a
// Call that is lent, it is for who has it by FromContext, which keeps it from being
// used again.
func (c *Call) Extras() *Extras {
	if x := c.extras.Load(); x != nil {
		return x
	}
	c.extras.CompareAndSwap(nil, new(Extras))
	return c.extras.Load()
}

// OwnerFromContext returns the value that the layer above has attached to the call
// that a handler's context belongs to, or nil.
func OwnerFromContext(ctx context.Context) any { return ctx.Value(ownerKey{}) }

// lastHead writes the head of the event that ends the call.
func (c *Call) lastHead(b []byte, name string) []byte {
	extra, n := c.extras.Load().due(true)
	return c.m.appendEventWith(b, c.id, name, extra, n)
}

// addExtras makes an answer that begins with the head of an OK, as appendEvent
// wrote it, one with the header pairs that were set meanwhile.
func (c *Call) addExtras(answer []byte) []byte {
	extra, n := c.extras.Load().due(true)
	if n == 0 {
		return answer
	}
	s := scratchPool.Get().(*scratch)
	defer s.free()
	s.b = c.m.appendEvent(s.b, c.id, event.NameOK)
	plain := len(s.b) // our ids are all of one length
	s.b = c.m.appendEventWith(s.b[:0], c.id, event.NameOK, extra, n)
	return slices.Replace(answer, 0, plain, s.b...)
}
