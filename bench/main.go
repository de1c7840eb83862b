// Bench measures zrpc beside its peers on this machine: the same work for each, a
// server and a client process over loopback TCP, in turns.
//
//	go run . -quick                      all systems, the core of the work, in under 90 seconds
//	go run .                             all work, with more and longer rounds, under 10 minutes
//	go run . -peers zrpc,grpc -work unary,par64
//
// Tables go to standard output, everything to bench.json, the tables for the README to
// bench.md and its charts to plots/. It needs nothing installed: peers that are missing are named, with what
// to install.
//
// Each work is done by each system in turns (A B C, A B C, …) for several rounds, and
// medians are shown: the mood of a machine changes figures more than most systems
// differ. What other programs used of the CPUs is measured during each run; runs in
// which it was too much are dropped and counted. Every Go process has the same GOMAXPROCS.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/drive"
	"github.com/zrpc-go/zrpc/bench/internal/extern"
	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/report"
	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == suite.Self {
		if err := child(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = bench(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// child is this program as one of the processes measured: serve|drive PEER ADDR.
func child(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: bench child serve|drive PEER ADDR")
	}
	p, ok := peers.Find(args[1])
	if !ok {
		return fmt.Errorf("no peer %q", args[1])
	}
	if args[0] == "serve" {
		return drive.Serve(p, args[2], os.Stdin, os.Stdout)
	}
	return drive.Drive(p, args[2], os.Stdin, os.Stdout)
}

// options are the flags.
type options struct {
	quick          bool
	peers, works   []string
	rounds         int
	time, budget   time.Duration
	procs          int
	dirty          float64
	json, markdown string
	plots          string
	env            extern.Env
}

// The whole time of a benchmark, and its rounds, by default. More than what is
// promised to users is left for building and for a slow last run.
const (
	quickBudget, quickRounds = 78 * time.Second, 3
	fullBudget, fullRounds   = 9 * time.Minute, 5
)

// parse reads the flags and fills in the defaults; help goes to out.
func parse(args []string, out io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(out)
	var names, works string
	f.BoolVar(&o.quick, "quick", false, "under 90 seconds instead of 10 minutes")
	f.StringVar(&names, "peers", "", "only these, separated by commas: "+strings.Join(suite.Names(), ","))
	f.StringVar(&works, "work", "", "only these, separated by commas: "+workNames())
	f.IntVar(&o.rounds, "rounds", 0, "how often each system does each work (default 5, quick 3)")
	f.DurationVar(&o.time, "time", 0, "how long each run takes (default: what fits into the budget, at most 1s)")
	f.DurationVar(&o.budget, "budget", 0, "how long the whole may take (default 9m, quick 78s)")
	f.IntVar(&o.procs, "procs", machine.CPUs(), "GOMAXPROCS of every Go process")
	f.Float64Var(&o.dirty, "dirty", 0.10, "drop runs during which others used more than this share of all CPUs")
	f.StringVar(&o.json, "json", "bench.json", "file for all figures; empty: none")
	f.StringVar(&o.markdown, "markdown", "bench.md", "file for the README's table; empty: none")
	f.StringVar(&o.plots, "plots", "plots", "folder for the charts (SVG); empty: none")
	f.StringVar(&o.env.Python, "python", "", "Python interpreter that has zerorpc (default: interop/.venv)")
	f.StringVar(&o.env.NodeModules, "node-modules", "", "node_modules folder that has zerorpc (default: interop/node)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q (see -help)", f.Arg(0))
	}
	o.peers, o.works = list(names), list(works)
	rounds, budget := fullRounds, fullBudget
	if o.quick {
		rounds, budget = quickRounds, quickBudget
	}
	if o.rounds <= 0 {
		o.rounds = rounds
	}
	if o.budget <= 0 {
		o.budget = budget
	}
	if o.procs < 1 {
		return o, fmt.Errorf("-procs %d: at least 1", o.procs)
	}
	return o, nil
}

// list splits names at commas or spaces.
func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

func workNames() string {
	var names []string
	for _, w := range suite.Works {
		names = append(names, w.Name)
	}
	return strings.Join(names, ",")
}

// bench prepares the peers, runs the plan and writes the reports. After an
// interrupt it reports what there is.
func bench(o options) error {
	began := time.Now()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	dir, err := os.MkdirTemp("", "zrpc-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	works, err := suite.Choose(o.works, o.quick)
	if err != nil {
		return err
	}
	systems, skipped, err := suite.Prepare(o.peers, works, extern.FindEnv(o.env), dir)
	if err != nil {
		return err
	}
	for _, s := range skipped {
		fmt.Fprintf(os.Stderr, "%s: %s\n", s.Name, s.Reason)
	}
	if len(systems) == 0 {
		return errors.New("nothing left to measure")
	}
	plan := suite.Plan{Systems: systems, Works: works, Rounds: o.rounds, Procs: o.procs, Dirty: o.dirty,
		Until: began.Add(o.budget), Progress: progress(began)}
	plan.Fit(o.budget-time.Since(began), o.time)
	res := suite.Run(ctx, plan)
	res.Skipped = skipped
	plan.Progress("")
	m := report.ThisMachine(o.procs)
	fmt.Printf("%s\nRounds: %d, %v a run; CPU is µs of CPU time for one call or item.\n", m, res.Rounds, plan.Time)
	report.Text(os.Stdout, res)
	if err := write(o.json, func(w io.Writer) error { return report.JSON(w, res, plan, m) }); err != nil {
		return err
	}
	if err := write(o.markdown, func(w io.Writer) error { report.Markdown(w, res, m); return nil }); err != nil {
		return err
	}
	if o.plots == "" {
		return nil
	}
	if err := os.MkdirAll(o.plots, 0o777); err != nil {
		return err
	}
	for _, p := range report.Plots(res) {
		if err := write(filepath.Join(o.plots, p.Name), p.Write); err != nil {
			return err
		}
	}
	return nil
}

// progress shows what is being done in one line that is overwritten, at last by
// nothing.
func progress(began time.Time) func(string) {
	const home = "\r\x1b[K" // to the start of the line, and clear it
	if s, err := os.Stderr.Stat(); err != nil || s.Mode()&os.ModeCharDevice == 0 {
		return func(string) {} // a file would keep every line
	}
	return func(s string) {
		if s != "" {
			s = fmt.Sprintf("%4.0f s  %s", time.Since(began).Seconds(), s)
		}
		fmt.Fprint(os.Stderr, home+s)
	}
}

// write writes a file whole, or none if name is empty.
func write(name string, fill func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := fill(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		abs = name
	}
	fmt.Println("written:", abs)
	return nil
}
