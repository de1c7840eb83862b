package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/zrpc-go/zrpc/broker"
)

// broker runs a broker until a signal ends it, or asks one what it is doing.
func (e *Env) broker(words []string) int {
	o, help, text, err := parseBroker(words)
	switch {
	case help:
		fmt.Fprint(e.Stdout, text)
		return exitOK
	case err != nil:
		fmt.Fprintf(e.Stderr, "usage: zrpc broker --frontend ADDR --backend ADDR [options]; all options: zrpc broker --help\nzrpc broker: error: %v\n", err)
		return exitUsage
	case o.status != "":
		return e.brokerStatus(o)
	}
	level := slog.LevelInfo
	if o.debug {
		level = slog.LevelDebug
	}
	logs := &slog.HandlerOptions{Level: level}
	if o.Logger = slog.New(slog.NewTextHandler(e.Stderr, logs)); o.jsonLog {
		o.Logger = slog.New(slog.NewJSONHandler(e.Stderr, logs))
	}
	ctx, stop := e.untilSignal(os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := broker.New(&o.Options)
	defer b.Close()
	if err := e.linkBroker(b, o); err != nil {
		return e.report(&Options{}, err)
	}
	if o.metrics != "" {
		end, err := e.serveMetrics(b, o.metrics)
		if err != nil {
			return e.report(&Options{}, &addressError{"bind", o.metrics, err})
		}
		defer end()
	}
	fmt.Fprintln(e.Stderr, "broker is ready")
	if err = b.Serve(ctx); err == nil {
		err = context.Cause(ctx)
	}
	return e.report(&Options{}, err)
}

// linkBroker binds and connects, telling each on standard error.
func (e *Env) linkBroker(b *broker.Broker, o *brokerOptions) error {
	connected := func(connect func(string) error) func(string) (string, error) {
		return func(addr string) (string, error) { return addr, connect(addr) }
	}
	for _, side := range []struct {
		addrs endpoints
		verb  string
		what  string
		do    func(string) (string, error)
	}{
		{o.frontend, "bind", "frontend: binding to", b.BindFrontend},
		{o.backend, "bind", "backend: binding to", b.BindBackend},
		{o.connectFrontend, "connect", "frontend: connecting to", connected(b.ConnectFrontend)},
		{o.connectBackend, "connect", "backend: connecting to", connected(b.ConnectBackend)},
	} {
		for _, addr := range side.addrs {
			actual, err := side.do(addr)
			if err != nil {
				return &addressError{side.verb, addr, err}
			}
			fmt.Fprintf(e.Stderr, "%s \"%s\"\n", side.what, actual)
		}
	}
	return nil
}

// serveMetrics serves /metrics until end is called.
func (e *Env) serveMetrics(b *broker.Broker, addr string) (end func(), err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = b.WriteMetrics(w) // whoever asked has gone
	})
	// Scrapes are small and quick; whoever is slower holds a connection for nothing.
	srv := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(e.Stderr, "zrpc: metrics: %v\n", err)
		}
	}()
	fmt.Fprintf(e.Stderr, "metrics: http://%s/metrics\n", l.Addr())
	return func() {
		_ = srv.Close() // its listener is all that could fail to close
		<-done
	}, nil
}
