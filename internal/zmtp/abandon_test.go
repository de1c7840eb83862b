//go:build !race

// Under the race detector nothing abandoned is used again.

package zmtp

import (
	"bytes"
	"runtime"
	"testing"
)

// collected polls until the collector has found so many bytes unused.
func collected(t *testing.T, left int64) {
	t.Helper()
	eventually(t, "what nobody uses is reclaimed", func() bool {
		runtime.GC()
		return abandoned.Load() == left
	})
}

// TestAbandon: abandoned buffers come back when the last slice of them is gone, and not
// before, any number of times.
func TestAbandon(t *testing.T) {
	const size = 100_000
	collected(t, 0)
	var kept []byte
	func() {
		buf := append(getBuffer(size), pattern(size, 1)...)
		kept = buf[1000:2000]
		Abandon(buf)
	}()
	for round := range 5 {
		func() {
			buf := append(getBuffer(size), pattern(size, 2+round)...)
			if &buf[1000] == &kept[0] {
				t.Fatal("a buffer in use serves again")
			}
			Abandon(buf)
		}()
		_, class := sizeClass(size)
		collected(t, int64(class))
		if !bytes.Equal(kept, pattern(size, 1)[1000:2000]) {
			t.Fatal("a slice that was kept was overwritten")
		}
	}
	kept = nil
	collected(t, 0)
}

// TestAbandonBound: what waits for the collector is bounded; beyond that, and for
// buffers from elsewhere, it is plain garbage.
func TestAbandonBound(t *testing.T) {
	collected(t, 0)
	func() {
		var all [][]byte
		for range 2 * maxAbandoned >> 20 {
			buf := getBuffer(1 << 20)
			Abandon(buf)
			all = append(all, buf)
		}
		if n := abandoned.Load(); n != maxAbandoned {
			t.Errorf("%d bytes wait for the collector, at most %d", n, maxAbandoned)
		}
		runtime.KeepAlive(all)
	}()
	collected(t, 0)
	for _, buf := range [][]byte{nil, make([]byte, 10), make([]byte, 100_001), getBuffer(1 << 10), getBuffer(maxPooled + 1)} {
		Abandon(buf)
		if n := abandoned.Load(); n != 0 {
			t.Errorf("a buffer of %d bytes is waited for", cap(buf))
		}
	}
}
