package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// TestMain lets the test binary play the children that a benchmark starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == suite.Self {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestBenchmark runs one short round of our own system, the floor and every foreign
// program: each is measured or named as not installed, and none fails.
func TestBenchmark(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector's processes end at once
	dir := t.TempDir()
	files := []string{filepath.Join(dir, "b.json"), filepath.Join(dir, "b.md")}
	names := "zrpc,raw,libzmq,python,node"
	o, err := parse([]string{"-quick", "-rounds", "1", "-time", "20ms", "-peers", names, "-json", files[0], "-markdown", files[1], "-plots", dir}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := bench(o); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Cells, Skipped, Failed []struct{ Peer, Work, Text string }
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Failed {
		t.Errorf("%s, %s failed: %s", f.Peer, f.Work, f.Text)
	}
	works, _ := suite.Choose(nil, true) // what this machine can do
	cells := map[string]int{}
	for _, c := range got.Cells {
		cells[c.Peer]++
	}
	for _, s := range got.Skipped {
		cells[s.Peer] = len(works)
	}
	for _, name := range strings.Split(names, ",") {
		if cells[name] != len(works) {
			t.Errorf("%s has figures for %d of %d works", name, cells[name], len(works))
		}
	}
	if md, err := os.ReadFile(files[1]); err != nil || !strings.Contains(string(md), "| **zrpc** |") {
		t.Errorf("the Markdown file has no row of ours (%v):\n%s", err, md)
	}
}

// TestFurtherWork runs what the foreign programs have beyond the core, and the systems
// apart.
func TestFurtherWork(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	dir := t.TempDir()
	file := filepath.Join(dir, "b.json")
	o, err := parse([]string{"-rounds", "1", "-time", "20ms", "-json", file, "-markdown", "", "-plots", dir,
		"-peers", "zrpc,libzmq,python,node,zrpcpool,zrpc100,zrpc-python,python-zrpc,zrpc-node,node-zrpc",
		"-work", "open1k,upload,pub8,flood8,push8,dial,conns128,size1k,block64,stream100,slowcall,slowpeer,foreign1,foreign64,foreignstream"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := bench(o); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Cells   []struct{ Peer, Work string }
		Skipped []struct{ Peer string }
		Failed  []struct{ Peer, Work, Text string }
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Failed {
		t.Errorf("%s, %s failed: %s", f.Peer, f.Work, f.Text)
	}
	cells := map[string]int{}
	for _, c := range got.Cells {
		cells[c.Peer]++
	}
	want := map[string]int{"zrpc": 15, "libzmq": 6, "python": 6, "node": 3, "zrpcpool": 1, "zrpc100": 1,
		"zrpc-python": 3, "python-zrpc": 3, "zrpc-node": 3, "node-zrpc": 3}
	for _, s := range got.Skipped {
		delete(want, s.Peer)
	}
	for peer, n := range want {
		if cells[peer] != n {
			t.Errorf("%s has figures for %d works, want %d", peer, cells[peer], n)
		}
	}
	if svg, err := os.ReadFile(filepath.Join(dir, "fanout.svg")); len(want) > 1 && (err != nil || !strings.Contains(string(svg), "zrpc")) {
		t.Errorf("the chart of the publishing is missing: %v", err)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-quick", "-peers", "zrpc, grpc", "-work", "unary"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.peers) != 2 || o.peers[1] != "grpc" || len(o.works) != 1 {
		t.Errorf("peers %q, works %q", o.peers, o.works)
	}
	if o.rounds != quickRounds || o.budget > 90*time.Second {
		t.Errorf("%d rounds in %v: quick promises under 90 s", o.rounds, o.budget)
	}
	if o, _ := parse(nil, io.Discard); o.rounds != fullRounds || o.budget > 10*time.Minute {
		t.Errorf("%d rounds in %v: the full benchmark promises under 10 minutes", o.rounds, o.budget)
	}
	for _, bad := range [][]string{{"-nosuch"}, {"stray"}, {"-procs", "0"}} {
		if _, err := parse(bad, io.Discard); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestChildRefusesNonsense(t *testing.T) {
	for _, bad := range [][]string{nil, {"serve", "nosuch", "127.0.0.1:0"}, {"serve", "raw"}} {
		if err := child(bad); err == nil {
			t.Errorf("child %q was accepted", bad)
		}
	}
}
