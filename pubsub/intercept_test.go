package pubsub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zrpc-go/zrpc/event"
)

// said is what the interceptors of one end say, in order.
type said []string

func (s *said) say(format string, args ...any) { *s = append(*s, fmt.Sprintf(format, args...)) }

func (s *said) take() string {
	text := strings.Join(*s, " ")
	*s = nil
	return text
}

// around returns an interceptor that says what passes it.
func (s *said) around(name string) Interceptor {
	say := s.say
	return func(next Handler) Handler {
		return func(ctx context.Context, e *Event) error {
			say("%s>%s", name, e.Name)
			err := next(ctx, e)
			var p *PanicError
			switch {
			case errors.As(err, &p):
				say("%s<panic %v", name, p.Value)
			case err != nil:
				say("%s<%v", name, err)
			default:
				say("%s<", name)
			}
			return err
		}
	}
}

type keyTrace struct{}

// Both ends' interceptors are around each event in the order of their lists, see
// what became of it, and a key of the header takes a value from Emit's context to
// the handler's.
func TestInterceptors(t *testing.T) {
	for _, of := range []string{"publish", "push"} {
		t.Run(of, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent, handled said // each of one goroutine
				send := func(next Handler) Handler {
					return func(ctx context.Context, e *Event) error {
						if err := e.SetHeader("trace_id", ctx.Value(keyTrace{})); err != nil {
							return err
						}
						return next(ctx, e)
					}
				}
				receive := func(next Handler) Handler {
					return func(ctx context.Context, e *Event) error {
						raw, _ := e.Header("trace_id")
						text, _ := event.Text(raw)
						return next(context.WithValue(ctx, keyTrace{}, string(text)), e)
					}
				}
				from := &Options{Interceptors: []Interceptor{sent.around("a"), send, sent.around("b")}}
				to := &Options{Interceptors: []Interceptor{handled.around("c"), receive, handled.around("d")}}
				var out emitter
				var in interface {
					linker
					Handle(string, any) error
					Serve(context.Context) error
				}
				if of == "publish" {
					pub := closing(t, NewPublisher(from))
					bind(t, pub, inproc(t))
					in, out = closing(t, NewSubscriber(to)), pub.Topic("eu.")
					connect(t, in, inproc(t))
					await(t, pub, 1)
				} else {
					push := closing(t, NewPusher(from))
					bind(t, push, inproc(t))
					in, out = closing(t, NewPuller(to)), push
					connect(t, in, inproc(t))
				}
				handle(t, in, "work", func(ctx context.Context, n int) { handled.say("work %d %v", n, ctx.Value(keyTrace{})) })
				handle(t, in, "fail", func() error { return errors.New("no") })
				handle(t, in, "panic", func() { panic("oh") })
				served := make(chan error, 1)
				go func() { served <- in.Serve(t.Context()) }()
				for _, e := range []struct{ name, want string }{
					{"work", "a>work b>work b< a< c>work d>work work 1 T1 d< c<"},
					{"fail", "a>fail b>fail b< a< c>fail d>fail d<no c<no"},
					{"panic", "a>panic b>panic b< a< c>panic d>panic d<panic oh c<panic oh"},
					{"unknown", "a>unknown b>unknown b< a< c>unknown d>unknown d<" + ErrNoHandler.Error() + " c<" + ErrNoHandler.Error()},
				} {
					var args []any
					if e.name == "work" {
						args = []any{1}
					}
					if err := out.Emit(context.WithValue(t.Context(), keyTrace{}, "T1"), e.name, args...); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if got := sent.take() + " " + handled.take(); got != e.want {
						t.Errorf("%s: %s\nwant %s", e.name, got, e.want)
					}
				}
				if d := in.Stats().Dropped; d != (Drops{Failed: 2, Unhandled: 1}) {
					t.Errorf("an event that interceptors saw is counted as ever: %+v", d)
				}
				in.Close()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A receiver's interceptor refuses, replaces what came and what became of it, and
// its own panic ends nothing.
func TestInterceptorDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused, own := errors.New("refused"), errors.New("own")
		var told, got []string
		opt := &Options{
			OnError: func(e *Event, err error) { told = append(told, fmt.Sprint(e.Name, " ", err)) },
			Interceptors: []Interceptor{func(next Handler) Handler {
				return func(ctx context.Context, e *Event) error {
					switch e.Name {
					case "refuse":
						return refused
					case "crash":
						panic("of the interceptor's")
					case "rename":
						e.Name, e.Args = "n", event.Raw{0x91, 7}
					case "twice":
						e.Name = "n"
						return errors.Join(next(ctx, e), next(ctx, e))
					case "broken":
						e.Name, e.Args = "n", event.Raw{0xc1}
					case "swallow":
						_ = next(ctx, e)
						return nil
					}
					if err := next(ctx, e); err != nil {
						return own
					}
					return nil
				}
			}},
		}
		push, pull := pair(t, opt)
		handle(t, pull, "n", func(n int) { got = append(got, fmt.Sprint(n)) })
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		handle(t, pull, "stop", func(int) { stop() })
		for i, name := range []string{"n", "refuse", "crash", "rename", "twice", "broken", "swallow", "absent", "stop"} {
			emit(t, push, name, i)
		}
		if err := pull.Serve(ctx); err != nil {
			t.Fatal(err)
		}
		if s := strings.Join(got, " "); s != "0 7 4 4" {
			t.Errorf("handled %s", s)
		}
		if s := strings.Join(told, ", "); s != "refuse refused, crash the handler panicked: of the interceptor's, n own, absent own" {
			t.Errorf("told %s", s)
		}
		if d := pull.Stats().Dropped; d != (Drops{Failed: 4}) {
			t.Errorf("%+v", d)
		}
	})
}

// recordedBehind is a recorder behind an interceptor.
func recordedBehind(i Interceptor) (*Emitter, *[][][]byte) {
	e, sent := recorder(1 << 10)
	e.out.around = chain([]Interceptor{i}, emitEvent)
	return e, sent
}

// What a sender's interceptor changes is what is sent; what it does wrong is
// Emit's error, and nothing is sent.
func TestInterceptorSends(t *testing.T) {
	refused := errors.New("refused")
	other, _ := recorder(0)
	for _, tc := range []struct {
		why  string
		do   func(next Handler, ctx context.Context, e *Event) error
		sent string // topic|name|argument, an event each
		err  string
	}{
		{"all of it changed", func(next Handler, ctx context.Context, e *Event) error {
			e.Topic, e.Name, e.Args = "us.", "m", event.Raw{0x91, 9}
			return next(ctx, e)
		}, "us.|m|9", ""},
		{"the topic dropped", func(next Handler, ctx context.Context, e *Event) error {
			e.Topic = ""
			return next(ctx, e)
		}, "n|1", ""},
		{"sent twice", func(next Handler, ctx context.Context, e *Event) error {
			return errors.Join(next(ctx, e), next(ctx, e))
		}, "eu.|n|1 eu.|n|1", ""},
		{"kept back", func(Handler, context.Context, *Event) error { return nil }, "", ""},
		{"refused", func(Handler, context.Context, *Event) error { return refused }, "", "refused"},
		{"arguments that are none", func(next Handler, ctx context.Context, e *Event) error {
			e.Args = event.Raw{5}
			return next(ctx, e)
		}, "", "left arguments that are no array"},
		{"arguments cut short", func(next Handler, ctx context.Context, e *Event) error {
			e.Args = event.Raw{0x92, 5}
			return next(ctx, e)
		}, "", "left arguments that are no array"},
		{"too large", func(next Handler, ctx context.Context, e *Event) error {
			e.Args, _ = event.AppendValue(nil, []any{make([]byte, 1<<10)})
			return next(ctx, e)
		}, "", "larger than Options.MaxMessage"},
		{"an event that was received", func(next Handler, ctx context.Context, e *Event) error {
			return next(ctx, &Event{Name: "x"})
		}, "", "change the one it was given"},
		{"a key of the protocol's own", func(_ Handler, _ context.Context, e *Event) error {
			return e.SetHeader("v", 1)
		}, "", "the key is the protocol's own"},
		{"a value without a form", func(_ Handler, _ context.Context, e *Event) error {
			return e.SetHeader("k", make(chan int))
		}, "", `header "k": `},
		{"an emitter that is no good", func(next Handler, ctx context.Context, e *Event) error {
			e.by = other.WithHeader("v", 1)
			return next(ctx, e)
		}, "", "the key is the protocol's own"},
	} {
		e, sent := recordedBehind(func(next Handler) Handler {
			return func(ctx context.Context, e *Event) error { return tc.do(next, ctx, e) }
		})
		e.topic = []byte("eu.")
		err := e.Emit(t.Context(), "n", 1)
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) || errors.Is(err, refused) != (tc.why == "refused") {
			t.Errorf("%s: %v, want …%s…", tc.why, err, tc.err)
		}
		var got []string
		for _, m := range *sent {
			ev, err := read(m...)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, spell(t, ev))
		}
		if s := strings.Join(got, " "); s != tc.sent {
			t.Errorf("%s: sent %s, want %s", tc.why, s, tc.sent)
		}
		if err := e.Emit(t.Context(), "n", make(chan int)); err == nil || !strings.Contains(err.Error(), "argument 1") {
			t.Errorf("%s: an argument without a form: %v", tc.why, err)
		}
	}
}

// The interceptor sees what WithHeader has set, replaces it, and one event's
// header is not the next one's; a received event's cannot be set.
func TestInterceptorHeader(t *testing.T) {
	n := 0
	e, sent := recordedBehind(func(next Handler) Handler {
		return func(ctx context.Context, e *Event) error {
			raw, ok := e.Header("k")
			if had, _ := event.Int(raw); !ok || had != 1 {
				t.Errorf("k was %d, %v", had, ok)
			}
			n++
			err := errors.Join(e.SetHeader("k", n), e.SetHeader("k", 10*n), e.SetHeader("l", "x"))
			if raw, _ := e.Header("k"); !slices.Equal(raw, event.Raw{byte(10 * n)}) {
				t.Errorf("k is set to % x", raw)
			}
			return errors.Join(err, next(ctx, e))
		}
	})
	e = e.WithHeader("k", 1)
	emit(t, e, "n")
	emit(t, e, "n")
	for i, m := range *sent {
		ev, err := read(m...)
		if err != nil {
			t.Fatal(err)
		}
		if want := 10 * (i + 1); !strings.Contains(string(ev.header), fmt.Sprintf("\xa1k%c\xa1l\xa1x", want)) || ev.header[0] != 0x84 {
			t.Errorf("header % x, want k=%d and l=x once each", ev.header, want)
		}
		if err := ev.SetHeader("k", 1); err == nil || !strings.Contains(err.Error(), "only a sender's") {
			t.Errorf("setting a received event's header: %v", err)
		}
	}
}

// Without interceptors there is nothing between a sender or receiver and its work
// but a look at a nil field; TestAllocations has what that leaves.
func TestNoInterceptorsNoCost(t *testing.T) {
	none := &Options{Interceptors: []Interceptor{}}
	if closing(t, NewPuller(none)).around != nil || closing(t, NewSubscriber(nil)).around != nil {
		t.Error("a receiver without interceptors has a chain")
	}
	if closing(t, NewPusher(none)).all.out.around != nil || closing(t, NewPublisher(nil)).all.out.around != nil {
		t.Error("a sender without interceptors has a chain")
	}
}
