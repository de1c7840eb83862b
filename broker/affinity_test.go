package broker

import (
	"fmt"
	"testing"

	"github.com/zrpc-go/zrpc/event"
)

// TestAffinity: what belongs to a channel goes to the worker that opened it and to
// nobody else, whatever else is open, for credit, heartbeats and the caller's own
// stream, and back.
func TestAffinity(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		workers := []*raw{r.rawWorker("s", "m"), r.rawWorker("s", "m"), r.rawWorker("s", "m")}
		clients := []*raw{r.rawClient(), r.rawClient()}
		type channel struct {
			client, worker *raw
			id             string
			call           *got
		}
		var open []channel
		perWorker := map[*raw]int{}
		for i := range 12 { // ids are the same for both clients
			ch := channel{client: clients[i%2], id: fmt.Sprint(i / 2)}
			ch.client.send(ch.id, nil, "m", []any{})
			r.wait("a worker has the call", func() bool {
				for _, w := range workers {
					select {
					case ch.call = <-w.got:
						ch.worker = w
					default:
					}
				}
				return ch.call != nil
			})
			perWorker[ch.worker]++
			open = append(open, ch)
		}
		for _, w := range workers {
			if perWorker[w] != 4 {
				t.Errorf("one of three workers has %d of 12 calls", perWorker[w])
			}
		}
		for i, ch := range open {
			for _, name := range []string{event.NameMore, event.NameBeat, event.NameStream} {
				ch.client.send("x", ch.id, name, []any{i})
				g := ch.worker.want("an event of the caller", name)
				if string(g.ResponseTo) != string(ch.call.ID) {
					t.Errorf("channel %d: %s came for %x, want %x", i, name, g.ResponseTo, ch.call.ID)
				}
			}
		}
		for i := range open { // the last first
			ch := open[len(open)-1-i]
			for _, name := range []string{event.NameStream, event.NameBeat, event.NameDone} {
				ch.worker.answer(ch.call, name, []any{i})
				if to, _ := event.Text(ch.client.want("an event of the worker", name).ResponseTo); string(to) != ch.id {
					t.Errorf("%s of channel %s came for %q", name, ch.id, to)
				}
			}
			ch.client.send("x", ch.id, event.NameMore, []any{100})
		}
		for _, w := range workers {
			w.nothing("credit behind the end of a stream is nobody's", beat/16)
		}
		r.empty()
	})
}
