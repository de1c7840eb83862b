package socket

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// chunk is memory that has several users: the received messages that lie in it, or
// the connections that a message is sent from it to. It is reused when the last of
// them has released it: a thousand messages then cost a few pooled buffers and no
// collector.
type chunk struct {
	// set before there are users
	buf   []byte
	whole bool // one message, in a buffer of zmtp's

	left atomic.Int32 // users that have not released it
}

// Chunks come in powers of two, so that a queue of messages takes up to twice
// their bytes, as long as a chunk is filled. The largest is a read buffer, more
// than which never comes at a time.
const (
	minChunkBits = 8
	maxChunkBits = 15
)

var chunks [maxChunkBits - minChunkBits + 1]sync.Pool

// newChunk returns an empty chunk with room for n bytes at least.
func newChunk(n int) *chunk {
	class := max(bits.Len(uint(max(n, 1)-1))-minChunkBits, 0)
	if class >= len(chunks) {
		return &chunk{buf: make([]byte, 0, n)}
	}
	if c, _ := chunks[class].Get().(*chunk); c != nil {
		return c
	}
	return &chunk{buf: make([]byte, 0, 1<<(class+minChunkBits))}
}

// wholeChunk makes a chunk of one message's buffer.
func wholeChunk(buf []byte, users int) *chunk {
	c := &chunk{buf: buf, whole: true}
	c.left.Store(int32(users))
	return c
}

// room is how many bytes more it holds.
func (c *chunk) room() int { return cap(c.buf) - len(c.buf) }

// add appends a copy of b and returns it, cut off at its end, so that appending
// to it does not write into the next.
func (c *chunk) add(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	at := len(c.buf)
	c.buf = append(c.buf, b...)
	return c.buf[at:len(c.buf):len(c.buf)]
}

// release ends one use.
func (c *chunk) release() {
	if c.left.Add(-1) > 0 {
		return
	}
	if c.whole {
		zmtp.Recycle(c.buf)
		return
	}
	if n := cap(c.buf); n&(n-1) == 0 && n >= 1<<minChunkBits && n <= 1<<maxChunkBits {
		c.buf = c.buf[:0]
		chunks[bits.Len(uint(n))-1-minChunkBits].Put(c)
	}
}
