package broker

import (
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestPlainWorker: our client grants a worker without zrpc's extensions no more
// than a window of 100 items, though the broker in between is of zrpc: Node's
// server loses what its socket's queue does not hold. To a zrpc worker the window
// grows, as it does without a broker.
func TestPlainWorker(t *testing.T) {
	for _, worker := range []struct {
		property string
		grows    bool
	}{{"", false}, {"1", true}} {
		bubble(t, Options{}, func(t *testing.T, r *rig) {
			w := r.rawWorkerProperty(worker.property, "s", "m")
			const items = 5000
			read := make(chan int)
			go func() {
				n := 0
				for range zrpc.Stream[int](t.Context(), r.client(), "m") {
					n++
				}
				read <- n
			}()
			call := w.want("the call", "m")
			most := sendByCredit(w, call, items)
			if err := w.conn().WaitRoom(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.answer(call, "STREAM_DONE", nil)
			if n := <-read; n != items {
				t.Errorf("%d items came, want %d", n, items)
			}
			if worker.grows != (most > 100) {
				t.Errorf("X-Zrpc of the worker %q: the largest grant was %d", worker.property, most)
			}
			r.empty()
		})
	}
}

// sendByCredit streams n items as the credit allows, and returns the largest grant.
func sendByCredit(w *raw, call *got, n int) (most int64) {
	credit := int64(1)
	for i := range n {
		for credit == 0 {
			g := w.past("credit for a reader that waits", "_zpc_more")
			_, at, _ := event.ArrayLen(g.Args)
			more, err := event.Int(g.Args[at:])
			if err != nil {
				w.t.Fatal(err)
			}
			credit, most = credit+more, max(most, more)
		}
		if err := w.conn().WaitRoom(w.t.Context()); err != nil { // its queue is bounded as Node's is
			w.t.Fatal(err)
		}
		w.answer(call, "STREAM", i)
		credit--
	}
	return most
}

// TestPlainHeader: the mark is on the first item alone, and for clients that know it.
func TestPlainHeader(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w := r.rawWorker("s", "m")
		for _, client := range []struct {
			*raw
			first bool
		}{{r.rawClient(), false}, {r.rawClientProperty("1"), true}} {
			client.send("1", nil, "m", []any{})
			call := w.want("the call", "m")
			for i, marked := range []bool{client.first, false} {
				w.answer(call, "STREAM", i)
				item := client.want("an item", "STREAM")
				if _, is := item.Lookup(event.KeyPlain); is != marked {
					t.Errorf("item %d is marked: %v, want %v", i, is, marked)
				}
				if got, _ := event.Int(item.Args); got != int64(i) || string(item.ResponseTo) != "\xa11" {
					t.Errorf("item %d came as %x in answer to %x", i, item.Args, item.ResponseTo)
				}
			}
			w.answer(call, "STREAM_DONE", nil)
			client.want("its end", "STREAM_DONE")
		}
		r.empty()
	})
	m := []byte{0x93, 0x8f, 0xa1}
	if got := markPlain(&zmtp.Message{Body: m}, m[2:]); len(got) != 1 || m[1] != 0x8f {
		t.Errorf("a header without room for another pair is left as it is: %x, %x", got, m)
	}
}
