package suite

import (
	"math"

	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// Sample is what one run measured.
type Sample struct {
	Peer    string  `json:"peer"`
	Work    string  `json:"work"`
	Round   int     `json:"round"`
	Ops     int64   `json:"ops"` // calls or items
	Seconds float64 `json:"seconds"`
	// µs of one call; 0 where single calls have no time of their own
	P50  float64 `json:"p50_us"`
	P99  float64 `json:"p99_us"`
	P999 float64 `json:"p999_us"`
	// µs of CPU time that each process used for one op; 0 where unknown
	ClientCPU float64 `json:"client_cpu_us"`
	ServerCPU float64 `json:"server_cpu_us"`
	// heap allocations for one op and their bytes; nil where not Go
	ClientAllocs *float64 `json:"client_allocs,omitempty"`
	ServerAllocs *float64 `json:"server_allocs,omitempty"`
	ClientBytes  *float64 `json:"client_bytes,omitempty"`
	ServerBytes  *float64 `json:"server_bytes,omitempty"`
	// memory of each process for one idle connection or stream; 0 where not measured
	ServerKiB float64 `json:"server_kib,omitempty"`
	ClientKiB float64 `json:"client_kib,omitempty"`
	Lost      int64   `json:"lost,omitempty"` // items sent that never came
	Size      int     `json:"size,omitempty"` // bytes of the payload
	// Foreign is the share of all CPUs that others used meanwhile; Dirty says that it
	// was too much for the run to count.
	Foreign float64 `json:"foreign"`
	Dirty   bool    `json:"dirty,omitempty"`
	// Turns is of how many runs the sample is, in works that are done in turns, and Left
	// how many of them were left out, being dirty; all were if it is dirty itself.
	Turns int `json:"turns,omitempty"`
	Left  int `json:"left_out,omitempty"`
	// counts are the latencies of one run that is to be pooled; see stats.Hist.
	counts [][2]int
	turns  []turn // of a sample of several runs, in order
}

// perOp divides what a process consumed during a run by the run's ops. allocs and
// bytes are nil for a process that does not count them.
func perOp(before, after wire.Reply, ops int64) (cpu float64, allocs, bytes *float64) {
	n := float64(max(ops, 1))
	cpu = (after.CPU - before.CPU) / n
	if after.Go {
		a := float64(after.Mallocs-before.Mallocs) / n
		b := float64(after.Bytes-before.Bytes) / n
		allocs, bytes = &a, &b
	}
	return cpu, allocs, bytes
}

// Metric is one figure of a sample.
type Metric struct {
	Name   string
	Unit   string
	Higher bool // more is better
	// Steady says that the load of others does not change the figure, so that dirty
	// runs count as well.
	Steady bool
	// Plain says that ratios would tell nothing: a loss of none has no multiples.
	Plain bool
	of    func(*Sample) float64
	// pooled is the quantile of the calls of all rounds together that the figure is;
	// 0: each round has a figure.
	pooled float64
}

// Of is the figure in s; NaN where it was not measured.
func (m Metric) Of(s *Sample) float64 { return m.of(s) }

// known maps 0, which stands for "not measured" in these figures, to NaN.
func known(v float64) float64 {
	if v == 0 {
		return math.NaN()
	}
	return v
}

func counted(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// The figures that tables show.
var (
	P50  = Metric{Name: "p50", Unit: "µs", of: func(s *Sample) float64 { return known(s.P50) }}
	P99  = Metric{Name: "p99", Unit: "µs", of: func(s *Sample) float64 { return known(s.P99) }}
	P999 = Metric{Name: "p99.9", Unit: "µs", of: func(s *Sample) float64 { return known(s.P999) }}

	// PooledP99 is of the calls of all rounds together, in works that are done in turns.
	PooledP99 = Metric{Name: "p99", Unit: "µs", of: P99.of, pooled: 0.99}

	// Tail is how much longer the slowest calls take than others.
	Tail = Metric{Name: "p99/p50", of: func(s *Sample) float64 { return known(s.P99) / known(s.P50) }}

	Calls = Metric{Name: "calls", Unit: "1/s", Higher: true, of: perSecond}
	Items = Metric{Name: "items", Unit: "1/s", Higher: true, of: perSecond}
	MBs   = Metric{Name: "echoed", Unit: "MB/s", Higher: true, of: func(s *Sample) float64 { return perSecond(s) * float64(s.Size) / 1e6 }}

	Deliveries = Metric{Name: "deliveries", Unit: "1/s", Higher: true, of: perSecond}
	Conns      = Metric{Name: "connections", Unit: "1/s", Higher: true, of: perSecond}
	Lost       = Metric{Name: "lost", Unit: "%", Plain: true, of: func(s *Sample) float64 { return 100 * float64(s.Lost) / float64(s.Ops+s.Lost) }}

	ServerKiB = Metric{Name: "server", Unit: "KiB", Steady: true, of: func(s *Sample) float64 { return known(s.ServerKiB) }}
	ClientKiB = Metric{Name: "client", Unit: "KiB", Steady: true, of: func(s *Sample) float64 { return known(s.ClientKiB) }}

	ClientCPU = Metric{Name: "CPU client", Unit: "µs", of: func(s *Sample) float64 { return known(s.ClientCPU) }}
	ServerCPU = Metric{Name: "CPU server", Unit: "µs", of: func(s *Sample) float64 { return known(s.ServerCPU) }}
	CPU       = Metric{Name: "CPU, both sides", Unit: "µs", of: func(s *Sample) float64 { return known(s.ClientCPU + s.ServerCPU) }}

	ClientAllocs = Metric{Name: "allocs client", Steady: true, of: func(s *Sample) float64 { return counted(s.ClientAllocs) }}
	ServerAllocs = Metric{Name: "allocs server", Steady: true, of: func(s *Sample) float64 { return counted(s.ServerAllocs) }}
	Allocs       = Metric{Name: "allocs, both sides", Steady: true, of: func(s *Sample) float64 { return counted(s.ClientAllocs) + counted(s.ServerAllocs) }}
)

func perSecond(s *Sample) float64 { return float64(s.Ops) / s.Seconds }
