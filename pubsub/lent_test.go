package pubsub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/zrpc-go/zrpc/event"
)

// What a handler was given is its own for ever: the memory that its event lay in
// is used again for the next ones. Both sizes: lent from a shared buffer, and
// gathered in one of its own.
func TestHandlersKeep(t *testing.T) {
	for _, size := range []int{20, 40 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				type value struct {
					S string `msgpack:"s"`
					B []byte `msgpack:"b"`
				}
				push, pull := pair(t, &Options{OnError: func(*Event, error) {}})
				var kept []func() []byte // what was kept of each event, as bytes
				keep := func(f func() []byte) { kept = append(kept, f) }
				var failed []*Event
				pull.onError = func(e *Event, _ error) { failed = append(failed, e) }
				handle(t, pull, "bytes", func(b []byte) { keep(func() []byte { return b }) })
				handle(t, pull, "string", func(s string) { keep(func() []byte { return []byte(s) }) })
				handle(t, pull, "raw", func(r event.Raw) { keep(func() []byte { b, _ := event.Text(r); return b }) })
				handle(t, pull, "any", func(v any) { keep(func() []byte { return v.([]any)[0].([]byte) }) })
				handle(t, pull, "map", func(m map[string][]byte) { keep(func() []byte { return m["k"] }) })
				handle(t, pull, "list", func(l [][]byte) { keep(func() []byte { return l[0] }) })
				handle(t, pull, "struct", func(v value) { keep(func() []byte { return append([]byte(v.S[:0]), v.B...) }) })
				handle(t, pull, "rest", func(rest ...[]byte) { keep(func() []byte { return rest[0] }) })
				handle(t, pull, "event", func(ctx context.Context, _ []byte) {
					e, _ := FromContext(ctx)
					keep(func() []byte {
						again, _ := FromContext(ctx) // also after the handler has returned
						var b []byte
						if err := e.Decode(&b); err != nil || again != e || e.Name != "event" || e.Topic != "" {
							t.Errorf("event %s of topic %q: %v", e.Name, e.Topic, err)
						}
						return b
					})
				})
				handle(t, pull, "failing", func([]byte) error { return errors.New("refused") })
				handle(t, pull, "panicking", func([]byte) { panic("oh") })
				ctx, stop := context.WithCancel(t.Context())
				handle(t, pull, "stop", stop)
				gate := make(chan struct{})
				handle(t, pull, "gate", func() { <-gate })

				fill := func(c byte) []byte { return bytes.Repeat([]byte{c}, size) }
				a := fill('a')
				own := []any{a, string(a), a, []any{a}, map[string]any{"k": a}, []any{a}, value{"s", a}, a, a}
				names := []string{"bytes", "string", "raw", "any", "map", "list", "struct", "rest", "event"}
				for i, name := range names {
					emit(t, push, name, own[i])
					synctest.Wait() // each in memory of its own, like those that follow
				}
				for _, name := range []string{"failing", "panicking", "unknown"} {
					emit(t, push, name, a)
				}
				go func() {
					emit(t, push, "gate")
					for range 20 { // all at once take the same memory, were it not kept
						emit(t, push, "bytes", fill('b'))
						synctest.Wait()
					}
					close(gate)
					emit(t, push, "stop")
				}()
				if err := pull.Serve(ctx); err != nil {
					t.Fatal(err)
				}
				for i, name := range names {
					if got := kept[i](); !bytes.Equal(got, a) {
						t.Errorf("what %s kept has become %.40q…", name, got)
					}
				}
				for i, name := range []string{"failing", "panicking", "unknown"} {
					var b []byte
					if e := failed[i]; e.Name != name || e.Decode(&b) != nil || !bytes.Equal(b, a) {
						t.Errorf("what OnError was told of %s has become %s %.40q…", name, e.Name, b)
					}
				}
			})
		})
	}
}

// An iterator's events are the loop's own, name, topic and all, also after names
// and topics have changed, and those that are too long to be held on to.
func TestEventsKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub, sub := closing(t, NewPublisher(nil)), closing(t, NewSubscriber(nil))
		bind(t, pub, inproc(t))
		connect(t, sub, inproc(t))
		await(t, pub, 1)
		long := string(bytes.Repeat([]byte("long"), maxAgain))
		var want []string
		for i := range 200 {
			topic := []string{"", "eu.", "eu.", "us.", long}[i%5]
			emit(t, pub.Topic(topic), fmt.Sprint("n", i%3), i)
			if topic != "" {
				topic += "|"
			}
			want = append(want, fmt.Sprintf("%sn%d|%d", topic, i%3, i))
		}
		var all []*Event
		for e, err := range sub.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if all = append(all, e); len(all) == len(want) {
				break
			}
		}
		for i, e := range all {
			if got := spell(t, e); got != want[i] {
				t.Errorf("event %d is %s, want %s", i, got, want[i])
			}
			if _, ok := e.Header("message_id"); !ok {
				t.Errorf("event %d has lost its header", i)
			}
		}
	})
}
