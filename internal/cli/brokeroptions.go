package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/broker"
)

// brokerOptions is the command line of zrpc broker.
type brokerOptions struct {
	broker.Options
	frontend, backend               endpoints // to bind
	connectFrontend, connectBackend endpoints
	idempotent                      endpoints // methods, as they are given
	metrics                         string    // host and port of the HTTP server; empty: none
	status                          string    // the broker to ask; empty: be one
	watch, json, debug, jsonLog     bool
	timeout                         time.Duration
}

// endpoints is an option that may be repeated.
type endpoints []string

func (l *endpoints) String() string { return strings.Join(*l, " ") }

func (l *endpoints) Set(v string) error {
	*l = append(*l, v)
	return nil
}

const brokerUsage = `usage: zrpc broker --frontend ADDR --backend ADDR [options]
       zrpc broker --status ADDR [--watch] [--json]

Spread the calls of zerorpc clients over workers, streams included. Clients connect to the frontend; workers connect
out to the backend, as in: zrpc --server --connect BACKEND demo

`

// parseBroker reads the words after "zrpc broker". help is true when the help was asked for; text is the help.
func parseBroker(words []string) (o *brokerOptions, help bool, text string, err error) {
	o = &brokerOptions{}
	f := flag.NewFlagSet("zrpc broker", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Var(&o.frontend, "frontend", "listen for clients at `ADDR`; may be repeated")
	f.Var(&o.backend, "backend", "listen for workers at `ADDR`; may be repeated")
	f.Var(&o.connectFrontend, "connect-frontend", "connect to the client that is bound to `ADDR`; may be repeated")
	f.Var(&o.connectBackend, "connect-backend", "connect to the worker that is bound to `ADDR`; may be repeated")
	f.StringVar(&o.Name, "name", "broker", "what introspection answers when there are several services")
	heartbeat := f.Float64("heartbeat", defaultHeartbeat.Seconds(), "time between heartbeats in `seconds`, the same as the workers'; a hung worker is found within two")
	balance := f.String("balance", broker.Least.String(), "which worker gets a call: `least` (fewest open calls), roundrobin or p2c (the better of two)")
	f.IntVar(&o.WorkerCalls, "worker-calls", 0, "how `many` calls a worker gets at a time (default 4000)")
	f.IntVar(&o.Queue, "queue", 0, "how `many` calls wait for a worker; -1: none (default 1000)")
	wait := f.Float64("wait", 0, "how many `seconds` a call waits when no worker has its method (default two heartbeats)")
	f.Var(&o.idempotent, "idempotent", "a `method` whose calls may be run again when their worker is lost; may be repeated")
	f.StringVar(&o.metrics, "metrics", "", "serve Prometheus metrics by HTTP at `HOST:PORT`, path /metrics")
	f.BoolVar(&o.jsonLog, "log-json", false, "log in JSON")
	f.BoolVar(&o.debug, "debug", false, "log connections as they come and go")
	f.StringVar(&o.status, "status", "", "print what the broker at `ADDR`, a frontend, is doing")
	f.BoolVar(&o.watch, "watch", false, "with --status: again every second until interrupted")
	f.BoolVar(&o.json, "json", false, "with --status: print JSON")
	timeout := f.Float64("timeout", 5, "with --status: wait so many `seconds` for an answer")
	err = f.Parse(words)
	var b strings.Builder
	b.WriteString(brokerUsage)
	f.SetOutput(&b)
	f.PrintDefaults()
	if errors.Is(err, flag.ErrHelp) {
		return o, true, b.String(), nil
	}
	if err != nil {
		return o, false, "", usagef("%v", err)
	}
	if o.Balance, err = broker.ParseBalance(*balance); err != nil {
		return o, false, "", usagef("argument --balance: %v", err)
	}
	for _, d := range []struct {
		name string
		from float64
		to   *time.Duration
	}{{"heartbeat", *heartbeat, &o.Heartbeat}, {"wait", *wait, &o.Wait}, {"timeout", *timeout, &o.timeout}} {
		if *d.to, err = seconds(fmt.Sprint(d.from)); err != nil {
			return o, false, "", usagef("argument --%s: %v", d.name, err)
		}
	}
	if len(o.idempotent) > 0 {
		o.Idempotent = func(method string) bool { return slices.Contains(o.idempotent, method) }
	}
	return o, false, "", o.check(f.Args())
}

// check refuses what makes no sense.
func (o *brokerOptions) check(rest []string) error {
	if len(rest) > 0 {
		return usagef("unrecognized arguments: %s", strings.Join(rest, " "))
	}
	if o.Heartbeat <= 0 {
		return usagef("argument --heartbeat: must be more than 0: it is how a broker finds a hung worker")
	}
	all := slices.Concat(o.frontend, o.backend, o.connectFrontend, o.connectBackend)
	if o.status != "" {
		if len(all) > 0 {
			return usagef("argument --status: not allowed with --frontend and --backend: it asks a broker that runs")
		}
		all = endpoints{o.status}
	} else if len(o.frontend)+len(o.connectFrontend) == 0 || len(o.backend)+len(o.connectBackend) == 0 {
		return usagef("a broker needs --frontend ADDR for clients and --backend ADDR for workers")
	}
	for _, addr := range all {
		if err := checkAddress(addr); err != nil {
			return usagef("%s", err)
		}
	}
	return nil
}
