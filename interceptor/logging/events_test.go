package logging

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/pubsub"
)

// Each event has a line at either end, with what became of it and how long that
// took; a panic and a missing handler have names of their own.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, handled lines
		push := pair.Events(t, func(p *pubsub.Puller) {
			p.Handle("slow", func() { <-time.After(time.Second) })
			p.Handle("fail", func(text string) error { return errors.New(text) })
			p.Handle("panic", func() { panic("ouch") })
		}, []pubsub.Interceptor{Sender(&EventOptions{Logger: sent.logger()})},
			[]pubsub.Interceptor{Receiver(&EventOptions{
				Logger: handled.logger(),
				Skip:   func(e *pubsub.Event) bool { return e.Name == "unseen" },
			})})
		for _, e := range []struct {
			name, want string
			args       []any
		}{
			{"slow", "level=INFO msg=\"event handled\" event=slow duration=1s\n", nil},
			{"fail", "level=WARN msg=\"event handled\" event=fail duration=0s error=Error text=oh\n", []any{"oh"}},
			{"panic", "level=ERROR msg=\"event handled\" event=panic duration=0s error=Panic text=\"the handler panicked: ouch\"\n", nil},
			{"absent", "level=WARN msg=\"event handled\" event=absent duration=0s error=NoHandler text=\"no handler of this name is registered\"\n", nil},
			{"unseen", "", nil},
		} {
			if err := push.Emit(t.Context(), e.name, e.args...); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * time.Second)
			if got := handled.take(); got != e.want {
				t.Errorf("%s: handled\n%s, want\n%s", e.name, got, e.want)
			}
			if got, want := sent.take(), "level=INFO msg=\"event sent\" event="+e.name+" duration=0s\n"; got != want {
				t.Errorf("%s: sent\n%s, want\n%s", e.name, got, want)
			}
		}
		if err := push.Emit(t.Context(), "large", make([]byte, 65<<20)); err == nil {
			t.Error("65 MiB were sent")
		}
		if got := sent.take(); !strings.HasPrefix(got, `level=WARN msg="event sent" event=large duration=0s error=`) {
			t.Errorf("what was not sent: %s", got)
		}
	})
}

// The topic is in the line, and Level decides on every line.
func TestEventTopic(t *testing.T) {
	var sent lines
	pub := pubsub.NewPublisher(&pubsub.Options{Interceptors: []pubsub.Interceptor{Sender(&EventOptions{
		Logger: sent.logger(), Level: func(error) slog.Level { return slog.LevelError },
	})}})
	defer pub.Close()
	if err := pub.Topic("eu.").Emit(t.Context(), "tick"); err != nil {
		t.Fatal(err)
	}
	if got := sent.take(); !strings.HasPrefix(got, `level=ERROR msg="event sent" event=tick topic=eu. duration=`) {
		t.Errorf("line %s", got)
	}
}
