package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/zrpc-go/zrpc/internal/services"
	"github.com/zrpc-go/zrpc/zrpc"
)

// grace is how long running calls may go on once the server was told to end. Supervisors kill after 30 s (Kubernetes)
// or 90 s (systemd); most calls are done much sooner, and a second signal ends the server at once.
const grace = 25 * time.Second

// server offers the service that o names until a signal ends it.
func (e *Env) server(o *Options) int {
	svc, ok := services.Lookup(o.Command)
	if !ok {
		return e.report(o, &serviceError{fmt.Errorf("unknown service %q; built in are: %s", o.Command,
			strings.Join(services.Names(), ", "))})
	}
	opt := &zrpc.ServerOptions{
		Name:      svc.Name,
		Heartbeat: offIfZero(o.Heartbeat),
		PoolSize:  o.PoolSize,
		Grace:     grace,
	}
	if o.Debug {
		opt.Logger, opt.Trace = e.debug()
	}
	// The service is complete before anybody can connect: no caller finds half of it.
	srv := zrpc.NewServer(opt)
	defer srv.Close()
	for _, m := range svc.Entries {
		if err := srv.Handle(m.Name, m.Func, zrpc.WithDoc(m.Doc, m.Params...)); err != nil {
			return e.report(o, &serviceError{err})
		}
	}
	return e.serve(o, srv)
}

// serve runs a server that has its methods.
func (e *Env) serve(o *Options, srv *zrpc.Server) int {
	// Signals are taken before the address is: whoever sees the server up may end it at once.
	ctx, stop := e.untilSignal(os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := e.link(srv, o); err != nil {
		return e.report(o, err)
	}
	fmt.Fprintf(e.Stderr, "serving \"%s\"\n", o.Command)
	// Serve ends with the signal, after the calls in progress; the cause tells report which signal it was.
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx) }()
	<-ctx.Done()
	if n := srv.Stats().Calls; n > 0 {
		fmt.Fprintf(e.Stderr, "waiting up to %v for calls in progress (%d); a second signal ends the server at once\n", grace, n)
	}
	err := <-served
	if err == nil {
		err = context.Cause(ctx)
	}
	return e.report(o, err)
}
