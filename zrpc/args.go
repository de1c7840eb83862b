package zrpc

import (
	"fmt"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// argsBuffer holds encoded arguments until their call is over: a call that goes to
// another server sends them again.
type argsBuffer struct {
	b    []byte
	lent []byte       // what follows b, the caller's; nil: nothing
	tail *event.Bytes // or that in memory that is handed over, ours; nil: nothing
}

// argsPool holds buffers of usual arguments, largePool those of large ones.
var (
	argsPool  = sync.Pool{New: func() any { return new(argsBuffer) }}
	largePool = sync.Pool{New: func() any { return new(argsBuffer) }}
)

// keepLarge is the largest buffer that goes back to its pool, in bytes.
const keepLarge = 4 << 20

// newArgs returns a buffer that suits args, which it is to hold.
func newArgs(args []any) *argsBuffer {
	for _, arg := range args {
		if contentLen(arg) >= stream.HandOver {
			return largePool.Get().(*argsBuffer)
		}
	}
	return argsPool.Get().(*argsBuffer)
}

// contentLen is the length of text and bytes, 0 for all else.
func contentLen(arg any) int {
	switch v := arg.(type) {
	case []byte:
		return len(v)
	case string:
		return len(v)
	case *Bytes:
		return len(v.Bytes())
	}
	return 0
}

// size is how many bytes the arguments take.
func (a *argsBuffer) size() int { return len(a.b) + len(a.lent) + len(a.tail.Bytes()) }

// free ends the call's use of the buffer.
func (a *argsBuffer) free() {
	a.tail.Release()
	a.tail, a.lent = nil, nil
	switch n := cap(a.b); {
	case n < stream.HandOver:
		argsPool.Put(a)
	case n <= keepLarge:
		largePool.Put(a)
	}
}

// encodeArgs encodes arguments that fit into a message. If apart is set, large bytes
// at the end are left where they are; else the buffer holds them all.
func (c *Client) encodeArgs(method string, args []any, apart bool) (*argsBuffer, error) {
	a, err := encodeArgs(method, args, apart)
	if err == nil {
		if err = checkSize(a.size(), c.core.most, "their encoding"); err != nil {
			a.free()
			err = fmt.Errorf("zrpc: calling %s: arguments: %w", method, err)
		}
	}
	return a, err
}

// encodeArgs encodes arguments into an array.
func encodeArgs(method string, args []any, apart bool) (*argsBuffer, error) {
	if !utf8.ValidString(method) {
		return nil, fmt.Errorf("zrpc: calling %q: %w", method, &textError{"the name"})
	}
	whole := args
	var lent []byte
	var tail *Bytes
	if n := len(args); apart && n > 0 {
		if lent, tail = leave(args[n-1]); lent != nil || tail != nil {
			whole = args[:n-1]
		}
	}
	a := newArgs(whole)
	a.lent, a.tail = lent, tail
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
	if len(whole) < len(args) {
		a.b = event.AppendBinHeader(a.b, len(lent)+len(tail.Bytes()))
	}
	return a, nil
}

// leave returns the last argument as one that is written from where it is; neither
// if it must be encoded.
func leave(arg any) (lent []byte, tail *Bytes) {
	if n := contentLen(arg); n < stream.HandOver || n > math.MaxInt32 {
		return nil, nil
	}
	switch v := arg.(type) {
	case []byte:
		return v, nil
	case *Bytes:
		return nil, v.Share() // nil if it was released, which encoding it then says
	}
	return nil, nil
}
