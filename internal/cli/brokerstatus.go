package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/zrpc-go/zrpc/broker"
	"github.com/zrpc-go/zrpc/zrpc"
)

// watchEvery is how often --watch asks.
const watchEvery = time.Second

// brokerStatus prints what a broker is doing, once or again and again.
func (e *Env) brokerStatus(o *brokerOptions) int {
	ctx, stop := e.untilSignal(os.Interrupt)
	defer stop()
	at := &Options{Connect: []string{o.status}, Command: "_broker_status", Timeout: o.timeout, Heartbeat: o.Heartbeat}
	client := zrpc.NewClient(&zrpc.ClientOptions{
		Heartbeat: o.Heartbeat, Passive: true, CallOptions: zrpc.CallOptions{Timeout: o.timeout},
	})
	defer client.Close()
	err := client.Connect(o.status)
	if err != nil {
		return e.report(at, &addressError{"connect", o.status, err})
	}
	for again := false; ; again = true {
		var s broker.Status
		if s, err = zrpc.Call[broker.Status](ctx, client, at.Command); err != nil {
			break
		}
		text := statusText(s)
		if o.json {
			b, _ := json.Marshal(s) // plain fields: it cannot fail
			text = string(b) + "\n"
		} else if again {
			text = "\n" + text
		}
		if err = e.print(text); err != nil || !o.watch {
			break
		}
		select {
		case <-time.After(watchEvery):
			continue
		case <-ctx.Done():
		}
		break
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return e.report(at, err)
}

// statusText is a broker's status as tables.
func statusText(s broker.Status) string {
	var b strings.Builder
	state := "up"
	if s.Stopping {
		state = "stopping, up"
	}
	fmt.Fprintf(&b, "%s: %s %s, %d clients, %d calls running, %d queued, %d held\n",
		s.Name, state, span(s.Uptime), s.Clients, s.Running, s.Queued, s.Held)
	fmt.Fprintf(&b, "frontend %s\nbackend  %s\n", strings.Join(s.Frontend, " "), strings.Join(s.Backend, " "))
	fmt.Fprintf(&b, "calls %d, moved %d, lost %d, abandoned %d, idle %d; queue full: worker %d, client %d; dropped events: malformed %d, stray %d, late %d\n",
		s.Calls, s.Moved, s.Lost, s.Abandoned, s.Idle, s.FullWorker, s.FullClient, s.Malformed, s.Stray, s.Late)
	t := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	if len(s.Workers) > 0 {
		fmt.Fprintln(t, "\nWORKER\tSERVICE\tSTATE\tADDR\tRUNNING\tCALLS\tDONE\tFAILED\tUP")
	}
	for _, w := range s.Workers {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n",
			w.ID, w.Service, w.State, w.Addr, w.Running, w.Calls, w.Done, w.Failed, span(w.Uptime))
	}
	_ = t.Flush() // into memory
	t = tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	if len(s.Services) > 0 {
		fmt.Fprintln(t, "\nSERVICE\tWORKERS\tMETHODS\tRUNNING")
	}
	for _, v := range s.Services {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", v.Name, v.Workers, v.Methods, v.Running)
	}
	_ = t.Flush()
	t = tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	called := false
	for _, m := range s.Methods {
		if m.Calls == 0 {
			continue // a service may have hundreds
		}
		if !called {
			called = true
			fmt.Fprintln(t, "\nMETHOD\tWORKERS\tCALLS\tRATE/s\tERRORS\tFAILED\tP50\tP90\tP99")
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%.1f\t%d\t%d\t%s\t%s\t%s\n", m.Name, m.Workers, m.Calls, m.Rate, m.Errors, m.Failed,
			span(m.P50), span(m.P90), span(m.P99))
	}
	_ = t.Flush()
	return b.String()
}

// span is a number of seconds as people read it, with three digits.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	for unit := time.Microsecond; unit <= time.Second; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}
