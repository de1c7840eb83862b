package pubsub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// Emitter emits events with a topic, a header, or both. It is made by
// [Publisher.Topic] and the WithHeader methods, costs nothing to keep, and never
// changes: any number of goroutines may use it.
type Emitter struct {
	// set at creation
	out     *outlet
	topic   []byte // nil: none
	headers []byte // pairs as encoded, key value key value
	nheader int    // pairs in headers
	err     error  // what was wrong with a header; every Emit reports it
}

// outlet is the sending half of a socket, shared by all its emitters.
type outlet struct {
	// set at creation
	send   func(ctx context.Context, frames ...[]byte) error // copies the frames
	sent   func()                                            // after each send; may be nil
	max    int                                               // bytes of one event and its topic
	ids    msgid.Maker
	around Handler // nil: no interceptors

	emitted atomic.Uint64
}

func newOutlet(send func(context.Context, ...[]byte) error, o *Options) *outlet {
	out := &outlet{send: send, max: o.MaxMessage}
	out.ids.Init()
	if len(o.Interceptors) > 0 {
		out.around = chain(o.Interceptors, emitEvent)
	}
	return out
}

// reserved are the header keys that are the protocol's own.
var reserved = map[string]bool{event.KeyMessageID: true, event.KeyResponseTo: true, event.KeyVersion: true}

// WithHeader returns an emitter that puts key and value into the header of each
// event as well, where [Event.Header] and Python's middleware (load_task_context)
// find them. A value that cannot be encoded, or a key of the protocol's own, is
// reported by the new emitter's Emit. A key's new value replaces the
// old one.
func (e *Emitter) WithHeader(key string, value any) *Emitter {
	n := *e
	if n.err != nil {
		return &n
	}
	b, pairs := withoutPair(e.headers, e.nheader, key)
	b = event.AppendString(b, key)
	b, err := event.AppendValue(b, value)
	switch {
	case reserved[key]:
		err = errors.New("the key is the protocol's own; choose another")
	case err == nil && len(b) > event.MaxHeaderLen/2:
		err = fmt.Errorf("the header takes %d bytes, at most %d are read", len(b), event.MaxHeaderLen/2)
	}
	if err != nil {
		n.err = fmt.Errorf("header %q: %w", key, err)
		return &n
	}
	n.headers, n.nheader = b, pairs+1
	return &n
}

// withoutPair returns a copy of n encoded pairs, two emitters made of one must
// not write into the same array, and how many they are without that of a key.
func withoutPair(pairs []byte, n int, key string) (kept []byte, left int) {
	for i := 0; n > 0; n-- {
		value, _ := event.Skip(pairs, i) // they are of our own making
		end, _ := event.Skip(pairs, value)
		if name, _ := event.Text(pairs[i:value]); string(name) != key {
			kept, left = append(kept, pairs[i:end]...), left+1
		}
		i = end
	}
	return kept, left
}

// scratch is what one Emit works with; the socket copies what it sends.
type scratch struct {
	buf    []byte
	id     msgid.Encoded
	frames [2][]byte
}

// scratches holds those between two emits.
var scratches = sync.Pool{New: func() any { return &scratch{buf: make([]byte, 0, 256)} }}

// scratchKept is the largest buffer worth keeping: an event that fills a queue. The
// collector takes those that are not used.
const scratchKept = 1 << 20

func (s *scratch) release() {
	s.frames = [2][]byte{}
	if cap(s.buf) <= scratchKept {
		scratches.Put(s)
	}
}

// Emit sends an event. Of a Publisher it never waits; a nil error says that the
// event is in the queue of every subscriber that wants it and has room, which may
// be nobody. Of a Pusher it waits until a puller has room or ctx ends, and a nil
// error says that the event is in that puller's queue. Other errors: an argument
// that cannot be encoded, ErrTooLarge, ErrClosed, ctx's, and those of
// interceptors.
func (e *Emitter) Emit(ctx context.Context, name string, args ...any) error {
	var err error
	if e.out.around == nil {
		err = e.emit(ctx, name, args)
	} else {
		err = e.intercepted(ctx, name, args)
	}
	if err != nil {
		return fmt.Errorf("pubsub: emitting %s: %w", name, err)
	}
	return nil
}

func (e *Emitter) emit(ctx context.Context, name string, args []any) error {
	switch {
	case e.err != nil:
		return e.err
	case len(name) > event.MaxNameLen:
		return fmt.Errorf("a name of %d bytes, at most %d are read", len(name), event.MaxNameLen)
	case !utf8.ValidString(name):
		return errors.New("the name is not UTF-8, which ends a Python receiver")
	}
	s := scratches.Get().(*scratch)
	defer s.release()
	s.id = e.out.ids.Encode(e.out.ids.Next(msgid.NoSlot)) // by which logs on the other side tell events apart
	h := event.Head{ID: s.id.Text(), Extra: e.headers, NExtra: e.nheader, Name: name}
	b := event.AppendHead(s.buf[:0], &h)
	b = event.AppendArrayHeader(b, len(args))
	for i, arg := range args {
		var err error
		if b, err = event.AppendValue(b, arg); err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	s.buf = b
	if size := len(b) + len(e.topic); size > e.out.max {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, e.out.max)
	}
	frames := s.frames[:0]
	if e.topic != nil {
		frames = append(frames, e.topic)
	}
	if err := e.out.send(ctx, append(frames, b)...); err != nil {
		return err
	}
	e.out.emitted.Add(1)
	if e.out.sent != nil {
		e.out.sent()
	}
	return nil
}
