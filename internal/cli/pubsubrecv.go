package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/zrpc-go/zrpc/internal/pyprint"
	"github.com/zrpc-go/zrpc/pubsub"
)

// subscribeEvents is zrpc sub.
func subscribeEvents(ctx context.Context, e *Env, o *eventOptions) error {
	s := pubsub.NewSubscriber(e.library(o))
	defer s.Close()
	if err := s.Subscribe(o.topics...); err != nil {
		return err
	}
	if err := e.link(s, &o.Options); err != nil {
		return err
	}
	return e.printEvents(ctx, o, s)
}

// pullEvents is zrpc pull.
func pullEvents(ctx context.Context, e *Env, o *eventOptions) error {
	p := pubsub.NewPuller(e.library(o))
	defer p.Close()
	if err := e.link(p, &o.Options); err != nil {
		return err
	}
	return e.printEvents(ctx, o, p)
}

// eventSource is a Subscriber or Puller.
type eventSource interface {
	Events(ctx context.Context) iter.Seq2[*pubsub.Event, error]
}

// printEvents prints what comes, each event with one write. One that has no JSON form, because there are bytes in it,
// is passed over; if there were any the command does not end with success.
func (e *Env) printEvents(ctx context.Context, o *eventOptions, s eventSource) error {
	asJSON := o.PrintJSON || !isTerminal(e.Stdout)
	var buf []byte
	var unprinted error
	for n := 0; o.count == 0 || n < o.count; n++ {
		ev, err := nextEvent(ctx, o, s)
		if err != nil {
			return err
		}
		if buf, err = appendEvent(buf[:0], ev, asJSON); err != nil {
			unprinted = &outputError{fmt.Errorf("%s: %w", pyprint.Quote(ev.Name), err)}
			fmt.Fprintf(e.Stderr, "zrpc: an event passed over: %v\n", unprinted)
			continue
		}
		if _, err := e.Stdout.Write(buf); err != nil {
			return &outputError{err}
		}
	}
	return unprinted
}

// nextEvent waits for one event, as long as --timeout says.
func nextEvent(ctx context.Context, o *eventOptions, s eventSource) (*pubsub.Event, error) {
	ctx, cancel := o.within(ctx)
	defer cancel()
	for ev, err := range s.Events(ctx) {
		return ev, o.waited(err, "no event came")
	}
	return nil, errors.New("unreachable: the last pair of Events has an error")
}

// isTerminal is whether somebody reads along. Other character devices count as terminals, where it makes no difference.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
