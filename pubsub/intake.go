package pubsub

import (
	"context"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
)

// intake is how one loop takes events, with what it uses again from one to the
// next. One goroutine uses it.
type intake struct {
	// set at creation
	r *receiver

	// The present message, as far as it was read. Its bytes are lent until release,
	// unless they were taken to keep.
	msg socket.Received
	raw event.Event

	name, topic string // the latest, which the next event often has too
}

// next takes the next message that is an event, to keep or on loan until release.
// Errors are ctx's and ErrClosed.
func (t *intake) next(ctx context.Context, keep bool) (err error) {
	for {
		// The socket looks at ctx only when it would have to wait.
		if err := ctx.Err(); err != nil {
			return err
		}
		if t.msg, err = t.r.take(ctx); err != nil {
			return err
		}
		if keep {
			t.msg.Keep()
		}
		if err = event.Parse(t.msg.Body, &t.raw); err == nil {
			t.r.received.Add(1)
			return nil
		}
		t.msg.Release()
		t.r.malformed.Add(1)
		t.r.complain(&t.r.malformedLog, nil, err)
	}
}

// release ends the loan.
func (t *intake) release() {
	t.msg.Release()
	t.raw = event.Event{}
}

// event makes an Event of the present message, which is the receiver's to keep.
func (t *intake) event() *Event {
	if t.msg.Lent() {
		t.msg.Keep()
		_ = event.Parse(t.msg.Body, &t.raw) // as it did before
	}
	e := &Event{Name: again(&t.name, t.raw.Name), Args: event.Raw(t.raw.Args), header: t.raw.Header}
	if topic, ok := t.msg.First(); ok {
		e.Topic = again(&t.topic, topic)
	}
	return e
}

// maxAgain is the longest string that again holds on to.
const maxAgain = 256

// again returns b as a string, the latest if that is the same.
func again(latest *string, b []byte) string {
	if string(b) == *latest {
		return *latest
	}
	s := string(b)
	if len(s) <= maxAgain {
		*latest = s
	}
	return s
}
