package zrpc

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// argsBuffer holds encoded arguments until their call is over and all of its
// attempts have let go of them: a call that goes to another server sends them
// again. Large ones are written from where they are, so each attempt holds them.
type argsBuffer struct {
	b     []byte
	tail  *event.Bytes // what follows b, ours; nil: nothing
	users atomic.Int32 // the call and its attempts; large arguments only
}

// argsPool holds buffers of usual arguments, largePool those of large ones, which
// the connection writes from where they are.
var (
	argsPool  = sync.Pool{New: func() any { return new(argsBuffer) }}
	largePool = sync.Pool{New: func() any { return new(argsBuffer) }}
)

// keepLarge is the largest buffer that goes back to its pool, in bytes.
const keepLarge = 4 << 20

// newArgs returns a buffer that suits args, which it is to hold.
func newArgs(args []any) *argsBuffer {
	for _, arg := range args {
		n := 0
		switch v := arg.(type) {
		case []byte:
			n = len(v)
		case string:
			n = len(v)
		case *Bytes:
			n = len(v.Bytes())
		}
		if n >= stream.HandOver {
			return largePool.Get().(*argsBuffer)
		}
	}
	return argsPool.Get().(*argsBuffer)
}

// large reports whether connections write from the buffer, or the tail.
func (a *argsBuffer) large() bool { return a.tail != nil || len(a.b) >= stream.HandOver }

// free ends the call's use of the buffer.
func (a *argsBuffer) free() {
	switch {
	case !a.large():
		argsPool.Put(a) // it was copied
	case a.users.Load() > 0:
		a.release()
	default: // it was not shared
		a.tail.Release()
		a.tail = nil
	}
}

// share makes a large buffer one that connections write from, and returns what
// they hold and release it by.
func (a *argsBuffer) share() (hold, release func()) {
	a.users.Store(1) // the call's own
	return func() { a.users.Add(1) }, a.release
}

// release ends one use. The last one gives the buffer back.
func (a *argsBuffer) release() {
	if a.users.Add(-1) > 0 {
		return
	}
	a.tail.Release()
	a.tail = nil
	switch {
	case len(a.b) < stream.HandOver:
		argsPool.Put(a)
	case cap(a.b) <= keepLarge:
		largePool.Put(a)
	}
}

// encodeArgs encodes arguments that fit into a message. If hand is set, bytes that
// are handed over are left where they are; else the buffer holds them all.
func (c *Client) encodeArgs(method string, args []any, hand bool) (*argsBuffer, error) {
	a, err := encodeArgs(method, args, hand)
	if err == nil {
		if err = checkSize(len(a.b)+len(a.tail.Bytes()), c.core.most, "their encoding"); err != nil {
			a.free()
			err = fmt.Errorf("zrpc: calling %s: arguments: %w", method, err)
		}
	}
	return a, err
}

// encodeArgs encodes arguments into an array.
func encodeArgs(method string, args []any, hand bool) (*argsBuffer, error) {
	if !utf8.ValidString(method) {
		return nil, fmt.Errorf("zrpc: calling %q: %w", method, &textError{"the name"})
	}
	var tail *event.Bytes
	whole := args
	if hand && len(args) > 0 {
		if tail = handOver(args[len(args)-1]); tail != nil {
			whole = args[:len(args)-1]
		}
	}
	a := newArgs(whole)
	a.tail = tail
	a.b = event.AppendArrayHeader(a.b[:0], len(args))
	for i, arg := range whole {
		var err error
		at := len(a.b)
		if a.b, err = event.AppendValue(a.b, arg); err == nil {
			err = checkText(a.b[at:], "it")
		}
		if err != nil {
			a.free()
			return nil, fmt.Errorf("zrpc: calling %s: argument %d: %w", method, i+1, err)
		}
	}
	if tail != nil {
		a.b = event.AppendBinHeader(a.b, len(tail.Bytes()))
	}
	return a, nil
}

// handOver returns the last argument as one that is written from where it is, nil
// if it must be copied.
func handOver(arg any) *event.Bytes {
	b, ok := arg.(*event.Bytes)
	if !ok {
		return nil
	}
	if n := len(b.Bytes()); n < stream.HandOver || n > math.MaxInt32 {
		return nil
	}
	return b.Share() // nil if it was released, which encoding it then says
}
