package socket

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// chunk is memory that the bytes of received messages lie in, several small ones
// or one that zmtp has gathered. It is reused when the last of them has been
// released: a thousand messages then cost a few pooled buffers and no collector.
type chunk struct {
	// set until the first of its messages is in the queue
	buf      []byte
	gathered bool // one message, in a buffer of zmtp's

	left atomic.Int32 // messages that are not released
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

// release ends the use of one message.
func (c *chunk) release() {
	if c.left.Add(-1) > 0 {
		return
	}
	if c.gathered {
		zmtp.Recycle(c.buf)
		return
	}
	if n := cap(c.buf); n&(n-1) == 0 && n >= 1<<minChunkBits && n <= 1<<maxChunkBits {
		c.buf = c.buf[:0]
		chunks[bits.Len(uint(n))-1-minChunkBits].Put(c)
	}
}
