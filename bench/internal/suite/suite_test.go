package suite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/extern"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// TestMain lets the test binary play a child: what it does is told by fakeEnv.
func TestMain(m *testing.M) {
	if how := os.Getenv(fakeEnv); how != "" {
		fake(how)
		return
	}
	os.Exit(m.Run())
}

const fakeEnv = "ZRPC_BENCH_FAKE"

// fake answers commands as a child would, wrongly where how says so.
func fake(how string) {
	if how == "no start" {
		fmt.Fprintln(os.Stderr, "cannot find my library")
		os.Exit(3)
	}
	fmt.Println(`{"ready":"here"}`)
	cpu, runs := 1000, 0
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.Contains(line, `"do":"usage"`):
			fmt.Printf(`{"cpu":%d,"go":true,"mallocs":%d}`+"\n", cpu, cpu*2)
			cpu += 100
		case strings.Contains(line, `"do":"open"`) && how == "no streams" && strings.Contains(line, wire.Stream):
			fmt.Println(`{"unsupported":true}`)
		case strings.Contains(line, `"do":"run"`) && how == "dies":
			fmt.Fprintln(os.Stderr, "segmentation fault, or so")
			os.Exit(1)
		case strings.Contains(line, `"do":"run"`) && how == "dies at length":
			os.Stdout.Close()
			fmt.Fprintln(os.Stderr, strings.Repeat("goroutine 1 [running]\n", 1<<15)+"exit status 2")
			os.Exit(2)
		case strings.Contains(line, `"do":"run"`) && how == "babbles":
			fmt.Println("DEBUG: running")
		case strings.Contains(line, `"do":"run"`) && how == "idles":
			fmt.Println(`{"seconds":1}`)
		case strings.Contains(line, `"do":"open"`) && how == "fans" && strings.Contains(line, wire.Pub):
			fmt.Println(`{"ready":"there"}`)
		case strings.Contains(line, `"do":"beside"`) && how == "turns, no sleepers" && strings.Contains(line, wire.Sleepers):
			fmt.Println(`{"unsupported":true}`)
		case strings.Contains(line, `"do":"run"`) && strings.Contains(line, `"counts":true`):
			runs++
			fmt.Printf(`{"ops":2,"seconds":0.5,"counts":[[%d,2]]}`+"\n", runs)
		case strings.Contains(line, `"do":"open"`) && strings.Contains(line, wire.IdleConns):
			fmt.Println(`{"ops":100}`)
		case strings.Contains(line, `"do":"run"`) && strings.Contains(line, `"n":`):
			fmt.Println(`{"ops":30,"lost":2,"seconds":0.25}`)
		case strings.Contains(line, `"do":"run"`):
			fmt.Println(`{"ops":10,"seconds":0.5,"p50":7,"p99":8,"p999":9}`)
		default:
			fmt.Println(`{}`)
		}
	}
}

func fakeSystem(t *testing.T, name, how string) System {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := func() *exec.Cmd {
		cmd := exec.Command(self)
		// The race detector sleeps a second at the end of each process unless told not to.
		cmd.Env = append(os.Environ(), fakeEnv+"="+how, "GORACE=atexit_sleep_ms=0")
		return cmd
	}
	return System{Name: name, Title: name, server: command, client: func(string) *exec.Cmd { return command() }}
}

// plan is a plan of two rounds over two works, that never finds a run dirty.
func plan(systems ...System) Plan {
	works, _ := Choose([]string{"unary", "stream"}, false)
	return Plan{Systems: systems, Works: works, Rounds: 2, Time: time.Millisecond, Warm: time.Millisecond,
		Procs: 1, Dirty: math.Inf(1), Until: time.Now().Add(time.Hour), Progress: func(string) {}}
}

func TestRunGoesInTurns(t *testing.T) {
	r := Run(context.Background(), plan(fakeSystem(t, "a", "well"), fakeSystem(t, "b", "well")))
	var order []string
	for _, s := range r.Samples {
		order = append(order, fmt.Sprint(s.Round, s.Work, s.Peer))
	}
	want := "0unarya 0unaryb 0streama 0streamb 1unarya 1unaryb 1streama 1streamb"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("order is %s, want %s: each work goes once around in each round", got, want)
	}
	s := r.Samples[0]
	if s.Ops != 10 || s.P50 != 7 || s.P99 != 8 || s.P999 != 9 || s.Seconds != 0.5 {
		t.Errorf("sample %+v lost figures of the reply", s)
	}
	if s.ClientCPU != 10 || s.ServerCPU != 10 || *s.ClientAllocs != 20 || *s.ServerAllocs != 20 {
		t.Errorf("sample %+v: want 100 µs and 200 allocations of each side, shared by 10 calls", s)
	}
	if len(r.Failed) != 0 || r.Stopped != "" {
		t.Errorf("failed %v, stopped %q, want neither", r.Failed, r.Stopped)
	}
}

func TestRunNamesFailuresAndGoesOn(t *testing.T) {
	for _, tc := range []struct{ how, want string }{
		{"dies", "x client: run: the process ended; its last words: segmentation fault, or so"},
		// Its replies end long before its errors: what is quoted is the end of those.
		{"dies at length", "exit status 2"},
		{"babbles", `x client: run: said "DEBUG: running", which is no reply`},
		{"idles", "not one call came back"},
		{"no start", "start x server: the process ended; its last words: cannot find my library"},
	} {
		r := Run(context.Background(), plan(fakeSystem(t, "x", tc.how), fakeSystem(t, "good", "well")))
		if len(r.Failed) == 0 || !strings.Contains(r.Failed[0].Err.Error(), tc.want) {
			t.Errorf("%s: failures %v, want %q", tc.how, r.Failed, tc.want)
		}
		if len(r.Samples) != 4 {
			t.Errorf("%s: %d samples, want the 4 of the other system", tc.how, len(r.Samples))
		}
	}
}

func TestWhatASystemLacksIsNoFailure(t *testing.T) {
	r := Run(context.Background(), plan(fakeSystem(t, "x", "no streams")))
	if len(r.Failed) != 0 || len(r.Samples) != 2 || !r.None[Cell{"x", "stream"}] {
		t.Errorf("failed %v, %d samples, none %v; want the echo twice and the stream noted as absent", r.Failed, len(r.Samples), r.None)
	}
}

func TestRunStops(t *testing.T) {
	late := plan(fakeSystem(t, "x", "well"))
	late.Until = time.Now().Add(-time.Second)
	if r := Run(context.Background(), late); r.Stopped != "out of time in round 1 of 2" || len(r.Samples) != 0 {
		t.Errorf("stopped %q after %d samples, want out of time before the first", r.Stopped, len(r.Samples))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := Run(ctx, plan(fakeSystem(t, "x", "well"))); !strings.HasPrefix(r.Stopped, "interrupted") {
		t.Errorf("stopped %q, want interrupted", r.Stopped)
	}
}

func TestFit(t *testing.T) {
	p := plan(make([]System, 12)...)
	p.Rounds = 3
	p.Fit(78*time.Second, 0)
	if whole := time.Duration(3*12*len(p.Works)) * (p.Time + p.Warm); whole > 78*time.Second {
		t.Errorf("runs of %v and warm-ups of %v take %v, more than the budget", p.Time, p.Warm, whole)
	}
	p.Fit(time.Second, 0)
	if p.Time != minRun {
		t.Errorf("a budget that is too small gives runs of %v, want the least, %v", p.Time, minRun)
	}
	p.Fit(24*time.Hour, 0)
	if p.Time != maxRun || p.Warm != maxWarm {
		t.Errorf("all the time in the world gives runs of %v after %v, want %v after %v", p.Time, p.Warm, maxRun, maxWarm)
	}
	p.Fit(time.Second, 5*time.Second)
	if p.Time != 5*time.Second {
		t.Errorf("runs of %v, want the 5s that were asked for", p.Time)
	}
}

func TestChooseAndPrepareRefuseUnknownNames(t *testing.T) {
	if _, err := Choose([]string{"unary", "nosuch"}, false); err == nil || !strings.Contains(err.Error(), "par64") {
		t.Errorf("%v, want an error that lists the works there are", err)
	}
	if _, _, err := Prepare([]string{"nosuch"}, nil, extern.Env{}, t.TempDir()); err == nil || !strings.Contains(err.Error(), "grpc") {
		t.Errorf("%v, want an error that lists the peers there are", err)
	}
	systems, skipped, err := Prepare([]string{"grpc", "python", "zrpc-python"}, Works, extern.Env{Python: "/nonexistent"}, t.TempDir())
	if err != nil || len(systems) != 1 || len(skipped) != 2 || !strings.Contains(skipped[1].Reason, extern.ErrMissing.Error()) {
		t.Errorf("systems %v, skipped %v, %v; want grpc measured, and python and the pair with it named as missing", systems, skipped, err)
	}
	quick, _ := Choose(nil, true)
	systems, _, err = Prepare([]string{"zrpc", "zrpcpool"}, quick, extern.Env{}, t.TempDir())
	if err != nil || len(systems) != 1 {
		t.Errorf("systems %v, %v; want no processes of a system that has nothing to do", systems, err)
	}
	if all, _ := Choose(nil, false); len(all) == 0 {
		t.Error("no work by default")
	}
}

func TestValuesLeaveDirtyRunsOut(t *testing.T) {
	n := 3.0
	r := &Result{Rounds: 3, Samples: []Sample{
		{Peer: "a", Work: "unary", Round: 0, P50: 10, ClientAllocs: &n},
		{Peer: "a", Work: "unary", Round: 1, P50: 99, ClientAllocs: &n, Dirty: true},
		{Peer: "b", Work: "unary", Round: 2, P50: 50, Dirty: true},
	}}
	v, dirty := r.Values(Cell{"a", "unary"}, P50)
	if dirty || v[0] != 10 || !math.IsNaN(v[1]) || !math.IsNaN(v[2]) {
		t.Errorf("%v (dirty %v), want the clean round alone, in its place", v, dirty)
	}
	if v, _ := r.Values(Cell{"a", "unary"}, ClientAllocs); v[1] != 3 {
		t.Errorf("%v: allocations do not depend on the load of others, so dirty runs count", v)
	}
	if v, dirty := r.Values(Cell{"b", "unary"}, P50); !dirty || v[2] != 50 {
		t.Errorf("%v (dirty %v), want the dirty run, marked: there is no other", v, dirty)
	}
	if v, dirty := r.Values(Cell{"c", "unary"}, P50); dirty || len(v) != 3 || !math.IsNaN(v[0]) {
		t.Errorf("%v (dirty %v), want nothing for what was not run", v, dirty)
	}
	if v, dirty := r.Values(Cell{"b", "unary"}, ClientAllocs); dirty || !math.IsNaN(v[2]) {
		t.Errorf("%v (dirty %v), want nothing for what is not counted", v, dirty)
	}
}

func TestStartReportsAMissingProgram(t *testing.T) {
	_, _, err := start("x server", exec.Command("/nonexistent/program"), 1)
	if err == nil || !strings.Contains(err.Error(), "start x server") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, want what was to be started and why it was not", err)
	}
}
