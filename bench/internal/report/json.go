package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// Machine says what the figures were measured on.
type Machine struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	CPU   string `json:"cpu,omitempty"`
	CPUs  int    `json:"cpus"`
	Procs int    `json:"gomaxprocs"`
	Go    string `json:"go"`
}

// ThisMachine describes this machine, with the GOMAXPROCS given to all Go processes.
func ThisMachine(procs int) Machine {
	return Machine{runtime.GOOS, runtime.GOARCH, model(), machine.CPUs(), procs, runtime.Version()}
}

// String is the line above the tables.
func (m Machine) String() string {
	cpu := m.CPU
	if cpu == "" {
		cpu = m.Arch
	}
	return fmt.Sprintf("%s/%s, %s, %d CPUs, GOMAXPROCS %d, %s.", m.OS, m.Arch, cpu, m.CPUs, m.Procs, m.Go)
}

// model is the processor's name where Linux tells it.
func model() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// file is the JSON file.
type file struct {
	Machine Machine        `json:"machine"`
	Rounds  int            `json:"rounds"`
	RunMs   int64          `json:"run_ms"`
	WarmMs  int64          `json:"warm_ms"`
	Limit   float64        `json:"dirty_limit"`
	Cells   []cell         `json:"cells"`
	Goals   []aim          `json:"goals,omitempty"`
	Skipped []note         `json:"skipped,omitempty"`
	Failed  []note         `json:"failed,omitempty"`
	Stopped string         `json:"stopped,omitempty"`
	Samples []suite.Sample `json:"samples"`
}

// cell is one system's headline figure of one work.
type cell struct {
	Peer   string   `json:"peer"`
	Work   string   `json:"work"`
	Metric string   `json:"metric"`
	Unit   string   `json:"unit"`
	Median float64  `json:"median"`
	Min    float64  `json:"min"`
	Max    float64  `json:"max"`
	Runs   int      `json:"runs"`
	Ratio  *float64 `json:"ratio,omitempty"` // to Base
	Dirty  bool     `json:"dirty,omitempty"` // of dirty runs alone
}

// aim is a goal and what was measured of it.
type aim struct {
	Goal   string   `json:"goal"`
	Wanted string   `json:"wanted"`
	Value  *float64 `json:"value,omitempty"` // absent: not measured
	Low    float64  `json:"low,omitempty"`   // of the rounds, or of nine of ten where they are pooled; absent: not known
	High   float64  `json:"high,omitempty"`
	Floor  *float64 `json:"raw_tcp,omitempty"` // the same with raw TCP in zrpc's place
	Met    bool     `json:"met"`
	Dirty  bool     `json:"dirty,omitempty"` // of dirty runs alone
}

// note is something that was not measured, and why.
type note struct {
	Peer string `json:"peer"`
	Work string `json:"work,omitempty"`
	Text string `json:"text"`
}

// JSON writes every sample and the figures drawn from them.
func JSON(out io.Writer, r *suite.Result, p suite.Plan, m Machine) error {
	f := file{Machine: m, Rounds: r.Rounds, RunMs: p.Time.Milliseconds(), WarmMs: p.Warm.Milliseconds(),
		Limit: p.Dirty, Stopped: r.Stopped, Samples: r.Samples}
	for _, w := range r.Works {
		for _, s := range r.Systems {
			v := measure(r, suite.Cell{Peer: s.Name, Work: w.Name}, w.Headline)
			if v.N == 0 {
				continue // JSON has no NaN
			}
			c := cell{s.Name, w.Name, w.Headline.Name, w.Headline.Unit, v.Median, v.Min, v.Max, v.N, nil, v.dirty}
			if ratio(v.ratio) != "" {
				c.Ratio = &v.ratio
			}
			f.Cells = append(f.Cells, c)
		}
	}
	for _, g := range aims(r) {
		o := g.check(r)
		a := aim{Goal: g.what, Wanted: g.bound.String(), Dirty: o.dirty}
		if floor := g.floor().check(r); !math.IsNaN(floor.value) {
			a.Floor = &floor.value
		}
		if !math.IsNaN(o.value) {
			a.Value, a.Low, a.High, a.Met = &o.value, o.low, o.high, g.bound.met(o.value)
		}
		f.Goals = append(f.Goals, a)
	}
	for _, s := range r.Skipped {
		f.Skipped = append(f.Skipped, note{Peer: s.Name, Text: s.Reason})
	}
	for _, e := range r.Failed {
		f.Failed = append(f.Failed, note{e.Peer, e.Work, e.Err.Error()})
	}
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	return e.Encode(f)
}
