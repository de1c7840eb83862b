package report

import (
	"slices"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// headline is one column of the short tables.
type headline struct {
	work   string
	head   string
	metric suite.Metric
	write  func(float64) string
}

// table is one of the short tables, and its chart.
type table struct {
	title     string // of its first column
	lead      string // before the column's heads, where they stand alone
	file      string // of the chart
	plotTitle string
	columns   []headline
}

// tables begin with what one call costs and what many together reach. The CPU time and
// the allocations are those of the unary echo, in which nothing is shared.
var tables = []table{
	{"echo of a 10-byte string", "", "calls", "Echo of a 10-byte string, and streams", []headline{
		{"unary", "p50 µs, 1 in flight", suite.P50, number},
		{"unary", "p99 µs", suite.P99, number},
		{"pinned", "p50 µs, on one CPU", suite.P50, number},
		{"unary", "CPU µs a call, both sides", suite.CPU, number},
		{"unary", "allocations a call, both sides", suite.Allocs, count},
		{"par64", "calls/s, 1 × 64", suite.Calls, number},
		{"par16x16", "calls/s, 16 × 16", suite.Calls, number},
		{"stream", "stream items/s", suite.Items, number},
		{"big", "1 MiB echo, MB/s", suite.MBs, number},
	}},
	{"calls on schedule, streams", "", "streams", "Calls on schedule, and other streams", []headline{
		{"open1k", "p50 µs at 1,000 calls/s", suite.P50, number},
		{"open1k", "p99 µs at 1,000 calls/s", suite.P99, number},
		{"open10k", "p50 µs at 10,000 calls/s", suite.P50, number},
		{"open10k", "p99 µs at 10,000 calls/s", suite.P99, number},
		{"upload", "client stream, items/s", suite.Items, number},
		{"bidi", "there and back, items/s", suite.Items, number},
		{"stream100", "server stream, 100 ahead, items/s", suite.Items, number},
	}},
	{"handlers that block, slow neighbours", "", "neighbours", "Handlers that block, and slow neighbours", []headline{
		{"par64", "p99 to p50, 1 × 64", suite.Tail, number},
		{"block64", "calls/s, 1 × 64, a goroutine a request", suite.Calls, number},
		{"calm", "p99 µs at 5,000 calls/s", suite.P99, number},
		{"slowcall", "… beside 8 calls that sleep", suite.P99, number},
		{"slowpeer", "… beside a peer that does not read", suite.P99, number},
	}},
	{"client → server", "", "foreign", "Python or Node at one end", []headline{
		{"foreign1", "p50 µs, 1 in flight", suite.P50, number},
		{"foreign1", "CPU µs a call, both sides", suite.CPU, number},
		{"foreign64", "calls/s, 1 × 64", suite.Calls, number},
		{"foreignstream", "stream items/s", suite.Items, number},
	}},
	{"100-byte messages", "deliveries/s ", "fanout", "Publishing 100-byte messages", []headline{
		{"pub1", "to 1 subscriber", suite.Deliveries, number},
		{"pub8", "to 8", suite.Deliveries, number},
		{"pub64", "to 64", suite.Deliveries, number},
		{"pub8", "lost, % (8)", suite.Lost, number},
		{"flood8", "to 8, unpaced", suite.Deliveries, number},
		{"flood8", "lost, % (unpaced)", suite.Lost, number},
		{"push8", "push to 8 pullers", suite.Deliveries, number},
	}},
	{"connections", "", "connections-cost", "What connections cost", []headline{
		{"dial", "connections/s, with a call", suite.Conns, number},
		{"conns1", "calls/s, 1 × 256", suite.Calls, number},
		{"conns128", "calls/s, 128 × 2", suite.Calls, number},
		{"conns1000", "calls/s, 1,000 × 1", suite.Calls, number},
		{"idleconns", "server KiB, idle connection", suite.ServerKiB, number},
		{"idleconns", "client KiB, idle connection", suite.ClientKiB, number},
		{"idlestreams", "server KiB, idle stream", suite.ServerKiB, number},
		{"idlestreams", "client KiB, idle stream", suite.ClientKiB, number},
	}},
	{"echo of bytes", "", "payload-cost", "Echo of bytes, 1 call in flight", []headline{
		{"size10", "CPU µs, 10 B", suite.CPU, number},
		{"size1k", "CPU µs, 1 KiB", suite.CPU, number},
		{"size32k", "CPU µs, 32 KiB", suite.CPU, number},
		{"big", "CPU µs, 1 MiB", suite.CPU, number},
		{"size16m", "CPU µs, 16 MiB", suite.CPU, number},
		{"size16m", "MB/s, 16 MiB", suite.MBs, number},
	}},
}

// present are the columns whose work was part of the benchmark. Tables that would only
// repeat a work of another are left out.
func (t table) present(r *suite.Result) (cols []headline) {
	own := false
	for _, h := range t.columns {
		if slices.ContainsFunc(r.Works, func(w suite.Work) bool { return w.Name == h.work }) {
			cols = append(cols, h)
			own = own || t.file != "payload-cost" || h.work != "big"
		}
	}
	if !own {
		return nil
	}
	return cols
}
