package zmtp

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// abandoned is how many bytes were abandoned and have not come back.
var abandoned atomic.Int64

// Abandon lets the application have a Message.Buffer, and every slice of it, for
// good. Once the garbage collector has found that nobody can reach it any more, it
// serves again as if it had been recycled.
//
// Without this a program that receives a megabyte a call, and lives in a small heap,
// collects garbage every third call, which takes several times as long as moving the
// megabyte; and new memory has to be cleared. It is a finalizer, so the proof is the
// collector's, and no promise of the application's is needed.
func Abandon(buf []byte) {
	n := cap(buf)
	if !reclaims || n < minReclaimed || n > maxPooled {
		return
	}
	if _, size := sizeClass(n); size != n {
		return // not from here: perhaps not the start of an allocation
	}
	if abandoned.Add(int64(n)) > maxAbandoned {
		abandoned.Add(-int64(n))
		return
	}
	runtime.SetFinalizer(unsafe.SliceData(buf), func(p *byte) {
		abandoned.Add(-int64(n))
		Recycle(unsafe.Slice(p, n))
	})
}
