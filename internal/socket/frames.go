package socket

import (
	"sync"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// outgoing is a message in the form that zmtp sends.
type outgoing struct {
	envelope []byte // encoded frames before the last, in scratch
	body     []byte // the last frame, the caller's
	scratch  *[]byte
}

// scratches holds envelope buffers between two sends.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// messageHead is the longest frame header.
const messageHead = 9

// scratchKept is the largest envelope buffer worth keeping.
const scratchKept = 16 << 10

// outgoingMessage encodes frames, of which there must be one at least. The
// caller's slices are in use until release.
func outgoingMessage(frames [][]byte) outgoing {
	last := len(frames) - 1
	o := outgoing{body: frames[last]}
	if last == 0 {
		return o
	}
	o.scratch = scratches.Get().(*[]byte)
	o.envelope = (*o.scratch)[:0]
	for _, f := range frames[:last] {
		o.envelope = zmtp.AppendFrame(o.envelope, true, f)
	}
	return o
}

// size is about how many bytes the message takes in a queue.
func (o *outgoing) size() int { return len(o.envelope) + len(o.body) + messageHead }

// release ends the use of o: zmtp has copied it.
func (o *outgoing) release() {
	if o.scratch != nil && cap(o.envelope) <= scratchKept {
		*o.scratch = o.envelope[:0]
		scratches.Put(o.scratch)
	}
}
