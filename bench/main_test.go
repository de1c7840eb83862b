package main

import (
	"io"
	"testing"
	"time"
)

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
