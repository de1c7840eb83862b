package main

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zrpc-go/zrpc/internal/cli/peertest"
	"github.com/zrpc-go/zrpc/zrpc"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"zrpc": main}) }

// TestScript runs testdata/script: sessions of the zerorpc command on Python 3.9, recorded once, with the zrpc command
// in its place. Standard output is compared byte for byte. What differs by design is noted in each script; it is the
// exit codes, and standard error above its last line.
func TestScript(t *testing.T) {
	srv, err := helloRPC()
	if err != nil {
		t.Fatal(err)
	}
	hello, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background()) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	vars := map[string]string{
		"HELLO":     hello,
		"COOLER":    peertest.Serve(t, peertest.Cooler()),
		"PYTHON311": peertest.Serve(t, peertest.Python311()),
		"MUTE":      peertest.Serve(t, map[string]peertest.Answer{"hello": {}}),
		"ANNOTATED": peertest.Serve(t, peertest.Annotated()),
		// Under the race detector every program would wait a second for late reports when it ends.
		"GORACE": "atexit_sleep_ms=0",
		// Port 1 needs rights to listen on, so that nobody does.
		"ABSENT": "tcp://127.0.0.1:1",
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			for k, v := range vars {
				e.Setenv(k, v)
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"rc":       cmdRC,
			"exactly":  cmdExactly,
			"lastline": cmdLastLine,
			"sleeping": cmdSleeping,
			"signal":   cmdSignal,
			"joined":   cmdJoined,
			"raw":      cmdRaw,
		},
	})
}

// cmdRC is "rc CODE PROGRAM ARG…": the program must end with that code.
func cmdRC(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: rc code program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdExactly is "exactly TEXT": standard output is TEXT without a newline at its end, which no file of a script can
// say.
func cmdExactly(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: exactly text")
	}
	if got := ts.ReadFile("stdout"); got != args[0] {
		ts.Fatalf("standard output is %q, want %q", got, args[0])
	}
}

// cmdLastLine is "lastline TEXT": standard error ends with that line.
func cmdLastLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lastline text")
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stderr"), "\n"), "\n")
	if got := lines[len(lines)-1]; got != args[0] {
		ts.Fatalf("the last line of standard error is %q, want %q", got, args[0])
	}
}

// cmdSleeping waits until the method sleep was called.
func cmdSleeping(ts *testscript.TestScript, neg bool, args []string) {
	select {
	case <-sleeping:
	case <-time.After(20 * time.Second):
		ts.Fatalf("sleep was not called within 20 s")
	}
}

// cmdSignal is "signal INT|TERM": it is sent to the program that was started last in the background.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	running := ts.BackgroundCmds()
	sig, ok := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}[strings.Join(args, " ")]
	if neg || !ok || len(running) == 0 {
		ts.Fatalf("usage: signal INT|TERM, with a program in the background")
	}
	ts.Check(running[len(running)-1].Process.Signal(sig))
}

// cmdJoined is "joined ADDR N": it waits until N services work for the broker whose frontend is at ADDR.
func cmdJoined(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: joined addr n")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := zrpc.Dial(ctx, args[0])
	ts.Check(err)
	defer c.Close()
	for {
		services, err := zrpc.Call[[]any](ctx, c, "_broker_services")
		if err == nil && len(services) == want {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			ts.Fatalf("%d services have joined after 20 s, want %d: %v", len(services), want, err)
		}
	}
}

// cmdRaw is "raw HEX": standard output is exactly these bytes.
func cmdRaw(ts *testscript.TestScript, neg bool, args []string) {
	if got := hex.EncodeToString([]byte(ts.ReadFile("stdout"))); neg || len(args) != 1 || got != args[0] {
		ts.Fatalf("standard output is %s, want %v", got, args)
	}
}
