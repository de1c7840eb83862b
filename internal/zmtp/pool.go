package zmtp

import (
	"math/bits"
	"sync"
)

// readBuffer is the pooled buffer of reads.
type readBuffer [readSize]byte

var readPool = sync.Pool{New: func() any { return new(readBuffer) }}

// batch is a buffer that small messages are gathered in to be written. A
// connection has one only while something is queued, so that thousands of them
// that are idle, or have a call each on the way, share a few.
type batch struct{ b []byte }

var batchPool = sync.Pool{New: func() any { return &batch{make([]byte, 0, firstBuf)} }}

// free gives the buffer back, unless it has become too large to keep.
func (t *batch) free() {
	if cap(t.b) <= keepBuf {
		t.b = t.b[:0]
		batchPool.Put(t)
	}
}

// Owned buffers come in eight classes per power of two, so that at most an
// eighth is wasted: with plain powers of two a message of 1 MiB and its header
// would cost 2 MiB. Smaller and larger ones are not worth keeping.
const (
	minPooled = 1 << 10
	maxPooled = 20 << 20 // a payload of 16 MiB and what is around it
	perPower  = 8

	// minReclaimed: messages from there on have buffers of their own (gatherMin),
	// and collecting one costs more than its finalizer.
	minReclaimed = gatherMin

	// maxAbandoned bounds the buffers that are the application's and to come back:
	// in use, or waiting for the collector, which has less to do for them. 32 MiB
	// are a collection every 30 calls instead of every third, at a megabyte each.
	maxAbandoned = 32 << 20
)

var ownedPools [32 * perPower]sync.Pool

// sizeClass returns the index and the size of the least class that holds n
// bytes, for minPooled <= n <= maxPooled.
func sizeClass(n int) (class, size int) {
	power := bits.Len(uint(n - 1)) // 1<<(power-1) < n <= 1<<power
	half := 1 << (power - 1)
	step := half / perPower
	k := (n - half + step - 1) / step // 1..perPower
	return power*perPower + k - 1, half + k*step
}

// getBuffer returns an empty buffer with room for n bytes at least.
func getBuffer(n int) []byte {
	if n > maxPooled {
		return make([]byte, 0, n)
	}
	class, size := sizeClass(max(n, minPooled))
	if p, _ := ownedPools[class].Get().(*[]byte); p != nil {
		return (*p)[:0]
	}
	return make([]byte, 0, size)
}

// NewBuffer returns an empty buffer with room for n bytes at least, for Recycle.
func NewBuffer(n int) []byte { return getBuffer(n) }

// Recycle gives a Message.Buffer or a NewBuffer back for reuse. Nothing may use it, or a slice
// of it, any more. Buffers that are not from here are left to the collector.
func Recycle(buf []byte) {
	n := cap(buf)
	if n < minPooled || n > maxPooled {
		return
	}
	if class, size := sizeClass(n); size == n {
		poison(buf[:n])
		b := buf[:0] // only what really goes into the pool escapes
		ownedPools[class].Put(&b)
	}
}
