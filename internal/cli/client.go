package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// client makes the call, or inspection, that o asks for.
func (e *Env) client(o *Options) int {
	args, err := o.params(e.Stdin) // before connecting: a bad one costs the remote nothing
	if err != nil {
		return e.report(o, err)
	}
	// SIGTERM is left alone: nothing is lost by ending at once.
	ctx, stop := e.untilSignal(os.Interrupt)
	defer stop()
	opt := &zrpc.ClientOptions{
		Heartbeat:   offIfZero(o.Heartbeat),
		Passive:     !o.ActiveHB,
		CallOptions: zrpc.CallOptions{Timeout: o.Timeout},
	}
	if o.Debug {
		opt.Logger, opt.Trace = e.debug()
	}
	// zerorpc's order from here on: links first, then the call. The connections come up while the request waits.
	client := zrpc.NewClient(opt)
	defer client.Close()
	if err := e.link(client, o); err != nil {
		return e.report(o, err)
	}
	// Without a command everything is listed, with -? in the form of signatures.
	switch {
	case o.Command == "":
		err = e.list(ctx, client, o)
	case o.Inspect:
		err = e.describe(ctx, client, o)
	default:
		err = e.call(ctx, client, o, args)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // the signal explains whatever failed because of it
	}
	return e.report(o, err)
}

// call calls the method and prints what it answers.
func (e *Env) call(ctx context.Context, client *zrpc.Client, o *Options, args []any) error {
	r, err := client.Invoke(ctx, o.Command, args...)
	if err != nil {
		return err
	}
	defer r.Close() // a stream that cannot be printed is not read on either
	out := results{out: e.Stdout, o: o}
	if r.Streaming() {
		return out.stream(r.ItemsContext(ctx))
	}
	return out.one(r.Raw())
}

// list prints all methods.
func (e *Env) list(ctx context.Context, client *zrpc.Client, o *Options) error {
	s, err := inspect(ctx, client, "", o.Inspect)
	if err != nil {
		return err
	}
	return e.print(s.list(o.Inspect))
}

// describe prints one method.
func (e *Env) describe(ctx context.Context, client *zrpc.Client, o *Options) error {
	s, err := inspect(ctx, client, o.Command, true)
	if err != nil {
		return err
	}
	return e.print(s.one(o.Command))
}

// print writes one text to standard output.
func (e *Env) print(s string) error {
	if _, err := fmt.Fprint(e.Stdout, s); err != nil {
		return &outputError{err}
	}
	return nil
}

// offIfZero turns the command line's 0, which means none, into the library's negative.
func offIfZero(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}
