package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zrpc-go/zrpc/pubsub"
)

// publishEvents is zrpc pub. An event for nobody is of no use to whoever typed it, so it waits for a subscriber first.
func publishEvents(ctx context.Context, e *Env, o *eventOptions) (err error) {
	args, err := o.params(e.Stdin)
	if err != nil {
		return err
	}
	p := pubsub.NewPublisher(e.library(o))
	defer func() {
		_ = p.Close() // never fails; what is queued goes out
		if n := p.Stats().Dropped.Full; n > 0 {
			fmt.Fprintf(e.Stderr, "zrpc: %d events were dropped: a subscriber did not keep up\n", n)
		}
	}()
	if err := e.link(p, &o.Options); err != nil {
		return err
	}
	wait, cancel := o.within(ctx)
	defer cancel()
	if err := p.AwaitSubscriptions(wait, 1); err != nil {
		return o.waited(err, "no subscriber came")
	}
	topic := ""
	if len(o.topics) > 0 {
		topic = o.topics[0]
	}
	return e.emit(ctx, o, args, func(ctx context.Context, r record) error {
		if r.topic == "" {
			r.topic = topic
		}
		return p.Topic(r.topic).Emit(ctx, r.event, r.args...)
	})
}

// pushEvents is zrpc push.
func pushEvents(ctx context.Context, e *Env, o *eventOptions) error {
	args, err := o.params(e.Stdin)
	if err != nil {
		return err
	}
	p := pubsub.NewPusher(e.library(o))
	defer p.Close()
	if err := e.link(p, &o.Options); err != nil {
		return err
	}
	return e.emit(ctx, o, args, func(ctx context.Context, r record) error {
		wait, cancel := o.within(ctx)
		defer cancel()
		return o.waited(p.Emit(wait, r.event, r.args...), "no puller had room")
	})
}

// emit emits the event of the command line, or those of standard input.
func (e *Env) emit(ctx context.Context, o *eventOptions, args []any, send func(context.Context, record) error) error {
	if !o.stdinEvents() {
		return send(ctx, record{event: o.Command, args: args})
	}
	lines, failed := readLines(ctx, e.Stdin)
	for n := 1; ; n++ {
		select {
		case line, ok := <-lines:
			if !ok {
				return <-failed
			}
			r, err := parseRecord(line)
			if err != nil {
				return &paramError{fmt.Sprintf("line %d of standard input is no event; those before it were sent", n), err}
			}
			if r.event == "" {
				continue // an empty line
			}
			if err := send(ctx, r); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readLines reads lines until the input or ctx ends. The input's error, or nil, comes when lines is closed. A read that
// waits for a terminal or pipe cannot be called off: its goroutine then lasts until the process ends.
func readLines(ctx context.Context, in io.Reader) (lines <-chan string, failed <-chan error) {
	out, end := make(chan string), make(chan error, 1)
	go func() {
		defer close(out)
		s := bufio.NewScanner(in)
		s.Buffer(nil, maxInput)
		for s.Scan() {
			select {
			case out <- s.Text():
			case <-ctx.Done():
				end <- ctx.Err()
				return
			}
		}
		err := s.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("a line of standard input is longer than %d MiB, which is the most that a message holds", maxInput>>20)
		}
		end <- err
	}()
	return out, end
}
