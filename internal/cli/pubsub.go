package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/zrpc-go/zrpc/pubsub"
)

// eventVerb is one of the subcommands for events that nobody answers.
type eventVerb struct {
	name  string
	emits bool // sends; else receives
	about string
	run   func(ctx context.Context, e *Env, o *eventOptions) error
}

var (
	pubVerb  = eventVerb{"pub", true, "Publish events to all subscribers.", publishEvents}
	pushVerb = eventVerb{"push", true, "Push events, each to one of the pullers.", pushEvents}
	subVerb  = eventVerb{"sub", false, "Print the events of publishers.", subscribeEvents}
	pullVerb = eventVerb{"pull", false, "Print the events that pushers send here.", pullEvents}
)

func (e *Env) pub(args []string) int  { return e.events(&pubVerb, args) }
func (e *Env) push(args []string) int { return e.events(&pushVerb, args) }
func (e *Env) sub(args []string) int  { return e.events(&subVerb, args) }
func (e *Env) pull(args []string) int { return e.events(&pullVerb, args) }

// events runs pub, push, sub or pull.
func (e *Env) events(verb *eventVerb, words []string) int {
	o, help, err := parseEvents(verb, words)
	switch {
	case help:
		fmt.Fprint(e.Stdout, o.helpText())
		return exitOK
	case err != nil:
		fmt.Fprintf(e.Stderr, "%szrpc %s: error: %v\n", o.usage(), verb.name, err)
		return exitUsage
	}
	// A receiver that is told to end has done its work, as a server; an emitter has not.
	signals := []os.Signal{os.Interrupt}
	if !verb.emits {
		signals = append(signals, syscall.SIGTERM)
	}
	ctx, stop := e.untilSignal(signals...)
	defer stop()
	err = verb.run(ctx, e, o)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	var waited *waitError
	var output *outputError
	switch {
	case errors.As(err, &waited):
		fmt.Fprintln(e.Stderr, "zrpc: "+waited.Error())
		return exitTimeout
	case errors.As(err, &output):
		fmt.Fprintln(e.Stderr, "zrpc: cannot print an event:\n"+output.Error())
		return exitRemote
	}
	return e.report(&o.Options, err)
}

// library are the options of package pubsub.
func (e *Env) library(o *eventOptions) *pubsub.Options {
	opt := &pubsub.Options{
		OnError: func(_ *pubsub.Event, err error) {
			fmt.Fprintf(e.Stderr, "zrpc: a message passed over: %v\n", err)
		},
	}
	if o.verb.emits {
		// The command's end must not cost what was queued. A second signal ends it at once.
		if opt.Linger = o.Timeout; opt.Linger == 0 {
			opt.Linger = maxSeconds * time.Second
		}
	}
	if o.Debug {
		opt.Logger, _ = e.debug()
	}
	return opt
}
