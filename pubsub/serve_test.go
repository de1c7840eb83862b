package pubsub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
)

// pair is a pusher and a puller that are connected.
func pair(t *testing.T, opt *Options) (*Pusher, *Puller) {
	t.Helper()
	push, pull := closing(t, NewPusher(nil)), closing(t, NewPuller(opt))
	bind(t, pull, inproc(t))
	connect(t, push, inproc(t))
	return push, pull
}

func handle(t *testing.T, h interface{ Handle(string, any) error }, name string, fn any) {
	t.Helper()
	if err := h.Handle(name, fn); err != nil {
		t.Fatal(err)
	}
}

// Handlers take what functions of a server take.
func TestHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		push, pull := pair(t, nil)
		var got []string
		note := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
		type order struct {
			ID   int    `msgpack:"id"`
			Item string `msgpack:"item"`
		}
		handle(t, pull, "none", func() { note("none") })
		handle(t, pull, "two", func(a int, b string) error { note("two %d %s", a, b); return nil })
		handle(t, pull, "rest", func(ctx context.Context, rest ...any) { note("rest %v", rest) })
		handle(t, pull, "struct", func(o order) { note("struct %+v", o) })
		handle(t, pull, "result", func(x any) any { note("result %v", x); return make(chan int) })
		handle(t, pull, "reply", func(n int, reply *int) error { note("reply %d", n); return nil })
		ctx, stop := context.WithCancel(t.Context())
		handle(t, pull, "stop", stop)
		for _, e := range []struct {
			name string
			args []any
		}{
			{"none", nil}, {"two", []any{1, "b"}}, {"rest", []any{1, "x", nil}}, {"struct", []any{order{7, "tea"}}},
			{"result", []any{1.5}}, {"reply", []any{2}}, {"stop", nil},
		} {
			emit(t, push, e.name, e.args...)
		}
		if err := pull.Serve(ctx); err != nil {
			t.Fatal(err)
		}
		want := "none, two 1 b, rest [1 x <nil>], struct {ID:7 Item:tea}, result 1.5, reply 2"
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("handled %s\nwant %s", s, want)
		}
		if s := pull.Stats(); s.Received != 7 || s.Dropped.Total() != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// orders is a receiver in the manner of Python's.
type orders struct{ got []string }

func (o *orders) OrderPlaced(id int) { o.got = append(o.got, fmt.Sprint("placed ", id)) }
func (o *orders) Cancelled(ctx context.Context, id int) {
	o.got = append(o.got, fmt.Sprint("cancelled ", id))
}

func TestRegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		push, pull := pair(t, nil)
		var o orders
		if err := pull.Register(&o); err != nil {
			t.Fatal(err)
		}
		emit(t, push, "order_placed", 1)
		emit(t, push, "cancelled", 1)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := pull.Serve(ctx); err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(o.got, ", "); s != "placed 1, cancelled 1" {
			t.Errorf("handled %s", s)
		}
	})
}

// streamer has a method that an event cannot call.
type streamer struct{}

func (streamer) Items() iter.Seq[int] { return nil }

// A registration that cannot work is refused with the reason, and leaves nothing.
func TestRegistrationRefused(t *testing.T) {
	sub := closing(t, NewSubscriber(nil))
	handle(t, sub, "taken", func() {})
	for _, tc := range []struct {
		why  string
		do   func() error
		want string
	}{
		{"no function", func() error { return sub.Handle("n", 5) }, "no function"},
		{"no name", func() error { return sub.Handle("", func() {}) }, "needs the name"},
		{"taken", func() error { return sub.Handle("taken", func() {}) }, "has a handler already"},
		{"stream out", func() error { return sub.Handle("n", streamer{}.Items) }, "make a call of it"},
		{"stream in", func() error { return sub.Handle("n", func(iter.Seq2[int, error]) {}) }, "make a call of it"},
		{"a value whose pointer has the methods", func() error { return sub.Register(orders{}) }, "register a *pubsub.orders"},
		{"no methods", func() error { return sub.Register(struct{}{}) }, "no exported methods"},
		{"nil", func() error { return sub.Register(nil) }, "no value"},
		{"a stream among the methods", func() error { return sub.Register(streamer{}) }, "cannot handle items"},
	} {
		if err := tc.do(); err == nil || !strings.HasPrefix(err.Error(), "pubsub: ") || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want pubsub: …%s…", tc.why, err, tc.want)
		}
	}
	if byName := *sub.byName.Load(); len(byName) != 1 {
		t.Errorf("registered: %v", byName)
	}
}

// What cannot be handled is counted, told and logged, and ends nothing.
func TestEventsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log buffer
		var told []string
		boom := errors.New("boom")
		opt := &Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), OnError: func(e *Event, err error) {
			var p *PanicError
			kind := "other"
			switch {
			case e == nil:
				told = append(told, "malformed")
				return
			case errors.Is(err, ErrNoHandler):
				kind = "unhandled"
			case errors.As(err, &p) && len(p.Stack) > 0:
				kind = "panic"
			}
			told = append(told, fmt.Sprintf("%s %s (%v)", e.Name, kind, errors.Is(err, boom)))
		}}
		push, pull := pair(t, opt)
		handle(t, pull, "fail", func() error { return boom })
		handle(t, pull, "panic", func() { panic("oh") })
		handle(t, pull, "panicError", func() { panic(boom) })
		handle(t, pull, "typed", func(int) {})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		handle(t, pull, "stop", stop)
		raw := socket.NewPush(socket.Options{})
		defer raw.Close()
		if err := raw.Connect(inproc(t)); err != nil {
			t.Fatal(err)
		}
		if err := raw.Send(ctx, []byte("junk")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // it is first in the queue
		for _, name := range []string{"fail", "panic", "panicError", "nobody", "typed", "typed", "fail"} {
			emit(t, push, name, []any{"text"}[:min(1, strings.Count(name, "typed"))]...)
		}
		emit(t, push, "typed", 1) // the one that fits
		emit(t, push, "stop")
		if err := pull.Serve(ctx); err != nil {
			t.Fatal(err)
		}
		want := "malformed, fail other (true), panic panic (false), panicError panic (true), nobody unhandled (false), " +
			"typed other (false), typed other (false), fail other (true)"
		if s := strings.Join(told, ", "); s != want {
			t.Errorf("told %s\nwant %s", s, want)
		}
		if d := pull.Stats().Dropped; d != (Drops{Malformed: 1, Unhandled: 1, Failed: 6}) || d.Total() != 8 {
			t.Errorf("%+v", d)
		}
		// One line a second for each reason, and then how many there were.
		if n := strings.Count(log.String(), "event passed over"); n != 3 {
			t.Errorf("%d lines, want one for each reason:\n%s", n, log.String())
		}
		time.Sleep(reportEvery)
		later, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		emit(t, push, "panic")
		if err := pull.Serve(later); err != nil {
			t.Fatal(err)
		}
		if s := log.String(); !strings.Contains(s, "more=5") || !strings.Contains(s, "stack=") {
			t.Errorf("no line with what was held back, and the stack:\n%s", s)
		}
	})
}

// A handler finds its event in its context, and that ends with Serve's.
func TestHandlerContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub, sub := closing(t, NewPublisher(nil)), closing(t, NewSubscriber(nil))
		bind(t, pub, inproc(t))
		connect(t, sub, inproc(t))
		await(t, pub, 1)
		ctx, stop := context.WithCancel(t.Context())
		handle(t, sub, "n", func(ctx context.Context) {
			e, ok := FromContext(ctx)
			if !ok || e.Topic != "eu." || e.Name != "n" {
				t.Errorf("event %+v, %v", e, ok)
			}
			raw, _ := e.Header("trace_id")
			if v, err := event.DecodeAny(raw); err != nil || v != "T1" {
				t.Errorf("header: %v, %v", v, err)
			}
			stop()
			<-ctx.Done() // or the test hangs
		})
		emit(t, pub.Topic("eu.").WithHeader("trace_id", "T1"), "n")
		if err := sub.Serve(ctx); err != nil {
			t.Fatal(err)
		}
		if _, ok := FromContext(ctx); ok {
			t.Error("a context that is no handler's has an event")
		}
	})
}

// Concurrency bounds the handlers that run at once; Serve returns after all.
func TestConcurrency(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 4} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				push, pull := pair(t, &Options{Concurrency: n})
				var running, most, done atomic.Int32
				handle(t, pull, "n", func(int) {
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(time.Second)
					running.Add(-1)
					done.Add(1)
				})
				for i := range 8 {
					emit(t, push, "n", i)
				}
				ctx, stop := context.WithCancel(t.Context())
				want := max(1, n)
				begun := time.Now()
				served := make(chan error, 1)
				go func() { served <- pull.Serve(ctx) }()
				synctest.Wait()
				time.Sleep(time.Duration(8/want)*time.Second - time.Millisecond)
				stop() // while the last are running
				if err := <-served; err != nil {
					t.Fatal(err)
				}
				if d := time.Since(begun); int(most.Load()) != want || done.Load() != 8 || d != time.Duration(8/want)*time.Second {
					t.Errorf("%d ran at once, %d in all, in %v", most.Load(), done.Load(), d)
				}
			})
		})
	}
}

// The end of the context is the last pair, and leaves what was not taken for the
// next; so does a break.
func TestEventsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		push, pull := pair(t, nil)
		for i := range 5 {
			emit(t, push, "n", i)
		}
		synctest.Wait()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var got []string
		for e, err := range pull.Events(ctx) {
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			got = append(got, spell(t, e))
			if len(got) == 2 {
				stop()
			}
		}
		for e := range pull.Events(t.Context()) {
			got = append(got, spell(t, e))
			break
		}
		pull.Close() // what was received before can still be taken
		for e, err := range pull.Events(t.Context()) {
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			got = append(got, spell(t, e))
		}
		if s := strings.Join(got, ", "); s != "n|0, n|1, context canceled, n|2, n|3, n|4, socket: closed" {
			t.Errorf("got %s", s)
		}
		if err := pull.Serve(t.Context()); err != nil {
			t.Errorf("Serve of a closed puller: %v", err)
		}
	})
}
