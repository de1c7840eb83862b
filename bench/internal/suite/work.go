// Package suite runs the benchmark: it starts the systems' processes, gives them the
// same work in turns, and collects what each run measured.
package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// Work is one kind of work that all systems are given.
type Work struct {
	Name  string // on the command line
	Title string // in tables
	// Headline is the figure that the short table shows and ratios compare.
	Headline Metric
	Pinned   bool // both processes share one CPU, and GOMAXPROCS is 1
	open     wire.Command
}

// Calls says whether the work is made of single calls, which have latencies.
func (w Work) Calls() bool { return w.open.Work != wire.Stream }

const (
	small = 10      // bytes of an echoed string
	large = 1 << 20 // bytes of an echoed byte string
)

// Works lists all work in the order of the tables.
var Works = []Work{
	{Name: "unary", Title: "echo of 10 bytes, 1 call in flight", Headline: P50,
		open: wire.Command{Work: wire.Echo, Conns: 1, Inflight: 1, Size: small}},
	{Name: "pinned", Title: "echo of 10 bytes, 1 call in flight, both processes on one CPU", Headline: P50, Pinned: true,
		open: wire.Command{Work: wire.Echo, Conns: 1, Inflight: 1, Size: small}},
	{Name: "par64", Title: "echo of 10 bytes, 1 connection × 64 in flight", Headline: Calls,
		open: wire.Command{Work: wire.Echo, Conns: 1, Inflight: 64, Size: small}},
	{Name: "par16x16", Title: "echo of 10 bytes, 16 connections × 16 in flight", Headline: Calls,
		open: wire.Command{Work: wire.Echo, Conns: 16, Inflight: 16, Size: small}},
	{Name: "stream", Title: "server stream of small integers", Headline: Items,
		open: wire.Command{Work: wire.Stream, Conns: 1, Inflight: 1}},
	{Name: "big", Title: "echo of 1 MiB, 1 call in flight", Headline: MBs,
		open: wire.Command{Work: wire.Bytes, Conns: 1, Inflight: 1, Size: large}},
}

// Choose returns the works of those names, in the order of the tables; all that this
// machine can do if names is empty.
func Choose(names []string) ([]Work, error) {
	var known []string
	for _, w := range Works {
		known = append(known, w.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("no work %q; there are %s", n, strings.Join(known, ", "))
		}
	}
	var out []Work
	for _, w := range Works {
		switch {
		case len(names) > 0 && !slices.Contains(names, w.Name):
		case w.Pinned && !machine.CanPin:
			if len(names) > 0 {
				return nil, fmt.Errorf("work %q pins processes to a CPU, which needs Linux", w.Name)
			}
		default:
			out = append(out, w)
		}
	}
	return out, nil
}
