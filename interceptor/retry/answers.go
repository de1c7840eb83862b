package retry

import (
	"container/list"
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// DedupeOptions configures Dedupe. nil and the zero value are the defaults.
type DedupeOptions struct {
	// TTL is how long an answer is remembered. Default 5 min: longer than the
	// attempts at a call are apart.
	TTL time.Duration

	// Entries and Bytes bound the answers remembered; the oldest are forgotten
	// first. Defaults 10,000 and 64 MiB. MaxResult bounds one answer: a larger
	// one is given to those who wait, and not remembered. Default 1 MiB.
	Entries, Bytes, MaxResult int

	// Scope returns within what a key is unique, such as req.Peer.User.
	// Default: one scope, because a retry may come by another connection. Keys of
	// zrpc's clients are random UUIDs, and nobody can hit upon another's.
	Scope func(ctx context.Context, req *zrpc.Request) string
}

const (
	defaultTTL       = 5 * time.Minute
	defaultEntries   = 10_000
	defaultBytes     = 64 << 20
	defaultMaxResult = 1 << 20

	// entrySize is what an entry counts beside its result: key, hash, links.
	entrySize = 512
)

func (o DedupeOptions) normalize() DedupeOptions {
	if o.TTL <= 0 {
		o.TTL = defaultTTL
	}
	if o.Entries <= 0 {
		o.Entries = defaultEntries
	}
	if o.Bytes <= 0 {
		o.Bytes = defaultBytes
	}
	if o.MaxResult <= 0 {
		o.MaxResult = defaultMaxResult
	}
	return o
}

// callKey names a call.
type callKey struct{ scope, method, key string }

// entry is a call that runs, or its answer:
//
//	running ──answered──▶ remembered ──TTL, bounds──▶ forgotten
//	   └──────given up, refused, too large─────────────────▲
type entry struct {
	// set at creation
	key  callKey
	args [sha256.Size]byte
	done chan struct{} // closed when the call has run

	// set by the call's leader before done is closed
	answered bool
	result   event.Raw // nobody writes to it
	err      error

	// mu of answers guards these
	until time.Time
	size  int
}

// answers are the calls that run and those remembered.
type answers struct {
	opt DedupeOptions // set at creation

	mu      sync.Mutex // guards the fields below
	byKey   map[callKey]*entry
	kept    *list.List // of remembered *entry, the oldest first
	bytes   int        // of those in kept
	running int
}

func newAnswers(o DedupeOptions) *answers {
	return &answers{opt: o, byKey: map[callKey]*entry{}, kept: list.New()}
}

// enter returns the entry of a call, and whether the caller is the first and has
// to run it. Without room for another entry it returns nil.
func (a *answers) enter(key callKey, args [sha256.Size]byte) (e *entry, first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgetLocked(time.Now())
	if e = a.byKey[key]; e != nil {
		return e, false
	}
	if a.running >= a.opt.Entries {
		return nil, false
	}
	e = &entry{key: key, args: args, done: make(chan struct{})}
	a.byKey[key] = e
	a.running++
	return e, true
}

// leave ends the run of a call.
func (a *answers) leave(e *entry, answered bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e.answered = answered
	a.running--
	e.size = entrySize + len(e.result)
	if answered && len(e.result) <= a.opt.MaxResult {
		e.until = time.Now().Add(a.opt.TTL)
		a.kept.PushBack(e)
		a.bytes += e.size
		a.forgetLocked(time.Now())
	} else {
		delete(a.byKey, e.key)
	}
	close(e.done)
}

// forgetLocked drops what is too old or too much. All are remembered equally
// long, so the oldest are in front.
func (a *answers) forgetLocked(now time.Time) {
	for front := a.kept.Front(); front != nil; front = a.kept.Front() {
		e := front.Value.(*entry)
		if now.Before(e.until) && a.kept.Len() <= a.opt.Entries && a.bytes <= a.opt.Bytes {
			return
		}
		a.kept.Remove(front)
		a.bytes -= e.size
		delete(a.byKey, e.key)
	}
}
