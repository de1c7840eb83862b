package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

func TestNumbersAreShort(t *testing.T) {
	for _, tc := range []struct {
		v    float64
		want string
	}{
		{0, "0.00"}, {0.456, "0.46"}, {9.99, "9.99"}, {9.996, "10.0"}, {39.44, "39.4"}, {99.96, "100"}, {1234.4, "1234"},
		{9994, "9994"}, {9996, "10.0k"}, {34_549, "34.5k"}, {248_000, "248k"}, {999_499, "999k"}, {999_501, "1.00M"},
		{13_500_000, "13.5M"}, {math.NaN(), none}, {math.Inf(1), none},
	} {
		if got := number(tc.v); got != tc.want {
			t.Errorf("number(%v) is %q, want %q", tc.v, got, tc.want)
		}
	}
	for v, want := range map[float64]string{0.02: "0.02", 2.98: "3", 90.4: "90"} {
		if got := count(v); got != want {
			t.Errorf("count(%v) is %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{1: "1.00×", 8.04: "8.04×", 0.26: "0.26×", 0.071: "0.071×", 0.0048: "0.0048×", 160.2: "160×"} {
		if got := ratio(v); got != want {
			t.Errorf("ratio(%v) is %q, want %q", v, got, want)
		}
	}
	if got := ratio(math.NaN()); got != "" {
		t.Errorf("no ratio is written as %q", got)
	}
}

// result is a small benchmark: ours, one that is twice as slow, one without figures.
func result(t *testing.T) *suite.Result {
	t.Helper()
	works, err := suite.Choose([]string{"unary", "stream"}, false)
	if err != nil {
		t.Fatal(err)
	}
	n := 2.0
	return &suite.Result{
		Systems: []suite.System{{Name: Base, Title: "zrpc"}, {Name: "b", Title: "other"}, {Name: "c", Title: "absent"}},
		Works:   works, Rounds: 2,
		Samples: []suite.Sample{
			{Peer: Base, Work: "unary", Round: 0, Ops: 100, Seconds: 1, P50: 10, P99: 30, P999: 50, ClientCPU: 4, ServerCPU: 6, ClientAllocs: &n, ServerAllocs: &n},
			{Peer: "b", Work: "unary", Round: 0, Ops: 50, Seconds: 1, P50: 20, P99: 60, P999: 90, ClientCPU: 5, ServerCPU: 7},
			{Peer: Base, Work: "unary", Round: 1, Ops: 100, Seconds: 1, P50: 20, P99: 31, P999: 51, ClientCPU: 4, ServerCPU: 6, ClientAllocs: &n, ServerAllocs: &n},
			{Peer: "b", Work: "unary", Round: 1, Ops: 50, Seconds: 1, P50: 40, P99: 60, P999: 90, ClientCPU: 5, ServerCPU: 7},
			{Peer: Base, Work: "stream", Round: 0, Ops: 2_000_000, Seconds: 1, ClientCPU: 1, ServerCPU: 1},
			{Peer: "b", Work: "stream", Round: 0, Ops: 500_000, Seconds: 1, Lost: 3, Dirty: true, Foreign: 0.4},
		},
		Skipped: []suite.Skipped{{Name: "libzmq", Title: "libzmq", Reason: "not measured (install libzmq3-dev)"}},
		Failed:  []suite.Failure{{Cell: suite.Cell{Peer: "c", Work: "unary"}, Round: 0, Err: errors.New("connection refused")}},
		Stopped: "out of time in round 2 of 3",
	}
}

const wantText = `
echo of 10 bytes, 1 call in flight
        p50 µs    min–max  × zrpc  p99 µs  p99.9 µs  CPU client  CPU server  allocs client  server
zrpc      15.0  10.0–20.0   1.00×    30.5      50.5        4.00        6.00              2       2
other     30.0  20.0–40.0   2.00×    60.0      90.0        5.00        7.00              –       –
absent       –

server stream of small integers
        items/s  min–max  × zrpc  CPU client  CPU server  allocs client  server
zrpc      2.00M            1.00×        1.00        1.00              –       –
other     500k!            0.25×           –           –              –       –
absent        –

goal                                 wanted  measured  raw TCP here
p50, 1 in flight, to raw TCP        ≤ 1.3 ×         –             –  not measured
p50, 1 in flight, to net/rpc        ≤ 0.4 ×         –             –  not measured
p50, 1 in flight, to grpc-go        ≤ 0.2 ×         –             –  not measured
p50, 1 in flight, to libzmq in C    ≤ 0.3 ×         –             –  not measured
CPU a call, both sides, to net/rpc  ≤ 0.4 ×         –             –  not measured
allocations a call, client              ≤ 4      2.00             –           met
allocations a call, server              ≤ 4      2.00             –           met
server stream, items/s, to grpc-go  ≥ 2.5 ×         –             –  not measured
2 goals met, 0 missed, 6 not measured.

libzmq: not measured (install libzmq3-dev)
c, unary, round 1: FAILED: connection refused
b: 3 items or messages were sent and never came
6 runs, 1 of them dropped because others used the CPUs meanwhile (the most in one run: 40 % of all CPUs).
!: every run of this figure was such a run; it is the median of those.
The benchmark ended early: out of time in round 2 of 3.
`

func TestText(t *testing.T) {
	var b bytes.Buffer
	Text(&b, result(t))
	if got := b.String(); got != wantText {
		t.Errorf("got\n%s\nwant\n%s", got, wantText)
	}
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	Markdown(&b, result(t), Machine{OS: "linux", Arch: "arm64", CPUs: 2, Procs: 2, Go: "go1.26"})
	got := b.String()
	for _, want := range []string{
		"linux/arm64, arm64, 2 CPUs, GOMAXPROCS 2, go1.26.",
		"| echo of a 10-byte string | p50 µs, 1 in flight | p99 µs | CPU µs a call, both sides | allocations a call, both sides | stream items/s |",
		"| **zrpc** | 15.0 (1.00×) | 30.5 (1.00×) | 10.0 (1.00×) | 4 (1.00×) | 2.00M (1.00×) |",
		"| other | 30.0 (2.00×) | 60.0 (1.97×) | 12.0 (1.20×) | – | 500k! (0.25×) |",
		"| absent | – | – | – | – | – |",
		"| other | 20.0–40.0 |",
		"connection refused",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, got)
		}
	}
}

func TestJSONHasEverySampleAndNoNaN(t *testing.T) {
	var b bytes.Buffer
	r := result(t)
	if err := JSON(&b, r, suite.Plan{Time: time.Second}, ThisMachine(2)); err != nil {
		t.Fatal(err)
	}
	var f file
	if err := json.Unmarshal(b.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Samples) != len(r.Samples) || len(f.Cells) != 4 || f.RunMs != 1000 || f.Machine.Procs != 2 {
		t.Errorf("%d samples, %d cells, run of %d ms on %+v", len(f.Samples), len(f.Cells), f.RunMs, f.Machine)
	}
	c := f.Cells[1]
	if c.Peer != "b" || c.Median != 30 || c.Min != 20 || c.Max != 40 || c.Runs != 2 || c.Ratio == nil || *c.Ratio != 2 {
		t.Errorf("cell %+v, want the median 30 (20 to 40) of 2 runs, twice ours", c)
	}
	if len(f.Failed) != 1 || len(f.Skipped) != 1 || f.Stopped == "" {
		t.Errorf("failed %v, skipped %v, stopped %q: a reader must find what is missing", f.Failed, f.Skipped, f.Stopped)
	}
}

func TestPowersOfTenAreShort(t *testing.T) {
	for v, want := range map[float64]string{0.1: "0.1", 1: "1", 100: "100", 1e3: "1k", 1e5: "100k", 1e7: "10M"} {
		if got := power(v); got != want {
			t.Errorf("power(%v) is %q, want %q", v, got, want)
		}
	}
}

func TestPlotsShowWhatWasMeasured(t *testing.T) {
	r := result(t)
	sized, err := suite.Choose([]string{"size10", "size1k", "big", "pub8"}, false)
	if err != nil {
		t.Fatal(err)
	}
	r.Works = append(r.Works, sized...)
	for i, w := range sized[:3] {
		r.Samples = append(r.Samples, suite.Sample{Peer: Base, Work: w.Name, Ops: 1, Seconds: 1, Size: 10,
			ClientCPU: float64(i + 1), ServerCPU: 1, P50: 1})
	}
	got := map[string]string{}
	for _, p := range Plots(r) {
		var b bytes.Buffer
		if err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		got[p.Name] = b.String()
	}
	if svg := got["calls.svg"]; !strings.Contains(svg, "p50 µs, 1 in flight (less is better)") || !strings.Contains(svg, "30.0 (2.00×)") {
		t.Errorf("the chart of the calls lacks its panel or its ratio:\n%s", svg)
	}
	if svg := got["payload.svg"]; !strings.Contains(svg, "<polyline") {
		t.Errorf("there is no line of the payloads:\n%s", svg)
	}
	if svg, ok := got["fanout.svg"]; ok {
		t.Errorf("a chart of what has no figures:\n%s", svg)
	}
	if svg, ok := got["payload-cost.svg"]; ok {
		t.Errorf("bars of one system alone compare nothing:\n%s", svg)
	}
}

func TestFurtherTablesHaveOnlyWhoHasFigures(t *testing.T) {
	r := result(t)
	pubs, err := suite.Choose([]string{"pub8"}, false)
	if err != nil {
		t.Fatal(err)
	}
	r.Works = append(r.Works, pubs...)
	r.Samples = append(r.Samples, suite.Sample{Peer: "b", Work: "pub8", Ops: 75, Lost: 25, Seconds: 1})
	var b bytes.Buffer
	Markdown(&b, r, Machine{})
	got := b.String()
	if !strings.Contains(got, "| 100-byte messages | to 8 | lost, % (8) |\n|---|--:|--:|\n| other | 75.0 | 25.0 |\n\n") {
		t.Errorf("want a table with one row, and a loss without a ratio, in\n%s", got)
	}
	b.Reset()
	Text(&b, r)
	if got := b.String(); !strings.Contains(got, "lost %") {
		t.Errorf("the loss is not shown in\n%s", got)
	}
}
