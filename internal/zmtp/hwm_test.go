package zmtp

import (
	"io"
	"runtime"
	"testing"
	"testing/synctest"
)

// held is a connection whose TryWrite comes back late: the bytes are with the
// kernel, and the writer has not been given a CPU since.
type held struct {
	*memConn
	back chan struct{} // a token lets one TryWrite return
}

func (h *held) TryWrite(p []byte) (int, error) {
	n, err := h.memConn.TryWrite(p)
	<-h.back
	return n, err
}

// TestMarkCountsWhatWaits: what a preempted writer has handed to the kernel takes
// no room from what comes after it; its bytes do, until the memory is free.
func TestMarkCountsWhatWaits(t *testing.T) {
	for _, tc := range []struct {
		why  string
		cfg  Config
		more int // messages of 10 bytes that are let in while 5 are being written
	}{
		{"messages", Config{SendHWM: 5}, 5},
		{"bytes", Config{SendBytes: 80}, 3},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, far := memPair(1 << 20)
				h := &held{memConn: nc.(*memConn), back: make(chan struct{})}
				c := reading(t, h, tc.cfg)
				defer c.Close(nil)
				defer close(h.back)
				for range 5 {
					must(t, "Send", c.Send(always, nil, make([]byte, 8), Later))
				}
				go c.Flush()
				synctest.Wait() // the writer is in TryWrite, and stays there
				io.ReadFull(far, make([]byte, 50))
				for i := range tc.more {
					if !c.TrySend(nil, make([]byte, 8), Async) {
						t.Fatalf("message %d found no room", i)
					}
				}
				if c.TrySend(nil, make([]byte, 8), Async) {
					t.Error("the mark is no bound any more")
				}
				if n, bytes := c.Queued(); n != 5+tc.more || bytes != 10*n {
					t.Errorf("%d messages, %d bytes are queued, want what waits and what is being written", n, bytes)
				}
				h.back <- struct{}{}
				synctest.Wait()
				if n, err := io.ReadFull(far, make([]byte, 10*tc.more)); err != nil {
					t.Errorf("%d bytes came of the rest: %v", n, err)
				}
			})
		})
	}
}

// TestFlusherTakenOver: a flusher that is not given a CPU costs no message. With
// one P it does not run while the sender does, which is nearly always so: the test
// proves something then, and is right whenever it is not.
func TestFlusherTakenOver(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, cfg := range []Config{{}, {SendHWM: 1}, {SendHWM: 2}, {SendBytes: 100}} {
		nc, far := memPair(1 << 20)
		c := reading(t, nc, cfg)
		const n = 5000
		for i := range n {
			if !c.TrySend(nil, make([]byte, 8), Async) {
				t.Fatalf("%+v: message %d found no room although the peer takes all", cfg, i)
			}
		}
		if got, err := io.ReadFull(far, make([]byte, 10*n)); err != nil {
			t.Errorf("%+v: %d bytes came, %v", cfg, got, err)
		}
		must(t, "Close", c.Close(nil))
	}
}
