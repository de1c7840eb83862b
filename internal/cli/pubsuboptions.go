package cli

import (
	"context"
	"errors"
	"time"
)

// eventOptions is a command line of pub, push, sub or pull, parsed.
type eventOptions struct {
	Options // endpoints, the event's name in Command, its arguments

	verb   *eventVerb
	topics []string // sub: any number; pub: one at most
	count  int      // receivers end after so many events; 0: never
}

// stdinEvents is whether the events are records on standard input.
func (o *eventOptions) stdinEvents() bool { return o.verb.emits && o.Command == "-" }

// table is the options of the verb, in the order of the help. Those that mean the same as for a call are taken from
// there, so that they cannot drift apart; the others set o, beside the Options that parseArgs hands them.
func (o *eventOptions) table() []option {
	var t []option
	take := func(names ...string) {
		for _, n := range names {
			t = append(t, *lookup(zerorpcOptions, n))
		}
	}
	timeout := func(help string) {
		t = append(t, option{names: []string{"--timeout"}, metavar: "seconds", help: help,
			set: func(p *Options, v string) (err error) { p.Timeout, err = seconds(v); return err }})
	}
	topic := func(help string) {
		t = append(t, option{names: []string{"--topic"}, metavar: "topic", help: help,
			set: func(_ *Options, v string) error { o.topics = append(o.topics, v); return nil }})
	}
	take("--help", "--connect", "--bind")
	switch o.verb {
	case &pubVerb:
		topic("of the event, for subscribers that want some topics only")
		timeout("how long to wait for the first subscriber; 0: for ever (default: 30)")
	case &pushVerb:
		timeout("how long to wait for a puller with room; 0: for ever (default: 30)")
	case &subVerb:
		topic("print events whose topic begins so; may be repeated (default: all events)")
	}
	if o.verb.emits {
		take("--json", "--args-json", "--literal")
	} else {
		timeout("end with code 3 when no event comes for so long; 0: wait for ever (default: 0)")
		t = append(t, option{names: []string{"--count"}, metavar: "events", help: "end after so many events",
			set: func(_ *Options, v string) (err error) { o.count, err = count(v); return err }})
		t = append(t, option{names: []string{"-pj", "--print-json"}, help: "print JSON on a terminal, too",
			set: func(p *Options, _ string) error { p.PrintJSON = true; return nil }})
	}
	take("--debug")
	return t
}

// parseEvents reads the words behind the verb. An error is a *usageError.
func parseEvents(verb *eventVerb, words []string) (o *eventOptions, help bool, err error) {
	o = &eventOptions{verb: verb}
	if verb.emits {
		o.Timeout = defaultTimeout
	}
	positionals, help, err := parseArgs(o.table(), words, &o.Options)
	if help || err != nil {
		return o, help, err
	}
	// As for a call, the first word is the address only where no option gave one.
	switch {
	case !verb.emits: // all of them are addresses, for a receiver takes no other words
		o.Connect, positionals = append(o.Connect, positionals...), nil
	case len(o.Bind)+len(o.Connect) == 0 && len(positionals) > 0:
		o.Connect, positionals = positionals[:1:1], positionals[1:]
	}
	for _, addr := range append(o.Bind[:len(o.Bind):len(o.Bind)], o.Connect...) {
		if err := checkAddress(addr); err != nil {
			return o, false, usagef("%s", err)
		}
	}
	if len(positionals) > 0 {
		o.Command, o.Params = positionals[0], positionals[1:]
	}
	switch {
	case len(o.Bind)+len(o.Connect) == 0:
		return o, false, usagef("an address is missing, such as tcp://127.0.0.1:4243")
	case verb.emits && o.Command == "":
		return o, false, usagef("the name of the event is missing; - reads events from standard input")
	case o.stdinEvents() && (len(o.Params) > 0 || o.ArgsJSON != nil):
		return o, false, usagef("events from standard input have their own params")
	case o.ArgsJSON != nil && len(o.Params) > 0:
		return o, false, usagef("argument --args-json: not allowed with params")
	case verb.emits && len(o.topics) > 1:
		return o, false, usagef("argument --topic: an event has one topic")
	}
	return o, false, nil
}

// waitError is a wait that was longer than --timeout.
type waitError struct {
	after time.Duration
	what  string
}

func (e *waitError) Error() string { return "timeout after " + pySeconds(e.after) + ", " + e.what }

// within returns ctx with the end that --timeout sets to a wait.
func (o *eventOptions) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, o.Timeout)
}

// waited makes the end of within a waitError.
func (o *eventOptions) waited(err error, what string) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &waitError{o.Timeout, what + " at " + o.endpoints()}
	}
	return err
}
