package pubsub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
)

// recorder is an outlet that keeps what it is given.
func recorder(max int) (*Emitter, *[][][]byte) {
	var sent [][][]byte
	o := Options{MaxMessage: max}
	return &Emitter{out: newOutlet(func(_ context.Context, frames ...[]byte) error {
		var m [][]byte
		for _, f := range frames {
			m = append(m, bytes.Clone(f)) // as a socket does
		}
		sent = append(sent, m)
		return nil
	}, new(o.normalize()))}, &sent
}

// The bytes are Python's, ids apart.
func TestEmitGolden(t *testing.T) {
	const idLen, idRandom = 32, 16 // bytes; of them the sender's own
	e, sent := recorder(0)
	emit(t, e, "event", "a", map[string][]byte{"k": []byte("v")})
	emit(t, e, "event", "a", map[string][]byte{"k": []byte("v")})
	idAt := bytes.Index(golden, []byte("00000001"))
	var ids []string
	for _, m := range *sent {
		if len(m) != 1 {
			t.Fatalf("%d frames, want 1 as Python sends", len(m))
		}
		ids = append(ids, string(m[0][idAt:idAt+idLen]))
		copy(m[0][idAt:], golden[idAt:idAt+idLen])
		if !bytes.Equal(m[0], golden) {
			t.Errorf("sent\n%x, want\n%x", m[0], golden)
		}
	}
	if ids[0] == ids[1] || ids[0][:idRandom] != ids[1][:idRandom] {
		t.Errorf("ids %q: want a random part of the sender's and a number", ids)
	}
	other, itsSent := recorder(0)
	emit(t, other, "event", "a", map[string][]byte{"k": []byte("v")})
	if string((*itsSent)[0][0][idAt:idAt+idRandom]) == ids[0][:idRandom] {
		t.Error("two senders have the same random part")
	}
}

func TestEmitRefuses(t *testing.T) {
	plain, sent := recorder(1 << 10)
	topic := *plain
	topic.topic = []byte(strings.Repeat("t", 1<<10))
	for _, tc := range []struct {
		why  string
		e    *Emitter
		name string
		args []any
		want string
	}{
		{"what msgpack cannot carry", plain, "n", []any{1, make(chan int)}, "pubsub: emitting n: argument 2: "},
		{"too large", plain, "n", []any{make([]byte, 1<<10)}, "pubsub: emitting n: the event is larger than Options.MaxMessage: 1"},
		{"too large with its topic", &topic, "n", nil, "larger than Options.MaxMessage"},
		{"a name that receivers refuse", plain, strings.Repeat("n", event.MaxNameLen+1), nil, "at most 1024 are read"},
		{"a name that ends Python's run", plain, "\xff", nil, "not UTF-8"},
		{"a header value", plain.WithHeader("k", make(chan int)), "n", nil, `pubsub: emitting n: header "k": `},
		{"and one made of it", plain.WithHeader("k", make(chan int)).WithHeader("l", 1), "n", nil, `header "k": `},
		{"a key of the protocol's own", plain.WithHeader("message_id", "x"), "n", nil, "the key is the protocol's own"},
		{"a header that receivers refuse", plain.WithHeader("k", make([]byte, event.MaxHeaderLen)), "n", nil, "at most 524288 are read"},
	} {
		err := tc.e.Emit(t.Context(), tc.name, tc.args...)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want …%s…", tc.why, err, tc.want)
		}
		if large := strings.HasPrefix(tc.why, "too large"); errors.Is(err, ErrTooLarge) != large {
			t.Errorf("%s: errors.Is(%v, ErrTooLarge) is %v", tc.why, err, !large)
		}
	}
	if len(*sent) != 0 || plain.out.emitted.Load() != 0 {
		t.Errorf("%d were sent, %d counted", len(*sent), plain.out.emitted.Load())
	}
	emit(t, plain, "n") // and it goes on
}

// Headers add up along the chain, and do not leak into what it was made of.
func TestWithHeader(t *testing.T) {
	plain, sent := recorder(0)
	one := plain.WithHeader("trace_id", "T1")
	for _, e := range []*Emitter{plain, one, one.WithHeader("a", 1), one.WithHeader("b", []string{"x"})} {
		emit(t, e, "n")
	}
	var got []string
	for _, m := range *sent {
		e, err := read(m...)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, key := range []string{"trace_id", "a", "b"} {
			if raw, ok := e.Header(key); ok {
				v, err := event.DecodeAny(raw)
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, fmt.Sprint(key, "=", v))
			}
		}
		got = append(got, strings.Join(keys, " "))
	}
	if s := strings.Join(got, "; "); s != "; trace_id=T1; trace_id=T1 a=1; trace_id=T1 b=[x]" {
		t.Errorf("headers: %s", s)
	}
}

// Publisher and Pusher give the same; a topic and a header go together.
func TestEmittersOfSockets(t *testing.T) {
	pub, push := closing(t, NewPublisher(nil)), closing(t, NewPusher(nil))
	for _, e := range []*Emitter{pub.WithHeader("k", 1), push.WithHeader("k", 1), pub.Topic("eu.").WithHeader("k", 1)} {
		if e.nheader != 1 || e.err != nil {
			t.Errorf("%+v", e)
		}
	}
	if e := pub.Topic(""); e.topic != nil {
		t.Error("the empty topic is a frame")
	}
}

// A context that has ended ends an emit of either kind.
func TestEmitCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, e := range []emitter{closing(t, NewPublisher(nil)), closing(t, NewPusher(nil))} {
		if err := e.Emit(ctx, "n"); !errors.Is(err, context.Canceled) {
			t.Errorf("%T: %v", e, err)
		}
	}
}

// A buffer that grew large is not kept, and an emit allocates nothing of its own.
func TestScratch(t *testing.T) {
	s := &scratch{buf: make([]byte, 0, scratchKept+1)}
	s.release()
	if raceEnabled {
		return // sync.Pool drops at random then
	}
	e := &Emitter{out: newOutlet(func(context.Context, ...[]byte) error { return nil }, &Options{MaxMessage: 1 << 20})}
	e.topic = []byte("eu.")
	args := []any{"text", true}
	if n := testing.AllocsPerRun(200, func() {
		if err := e.Emit(context.Background(), "n", args...); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations an event, want none", n)
	}
}
