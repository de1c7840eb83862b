package peer

import (
	"fmt"
	"io"
	"os"
	"testing"
)

// selfEnv tells a test binary to play a part instead of running its tests.
const selfEnv = "ZRPC_INTEROP_PART"

// Self starts this test binary again as a peer of ours, so that a test can kill
// or stop it as it would any other. The package's TestMain, by Main, says which
// parts it can play.
func Self(t testing.TB, part string, args ...string) *Process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, binary, part, args, selfEnv+"="+part)
}

// Main is the body of a TestMain: it plays the part that Self asked for, or runs
// the tests. A part prints `ready ENDPOINT`, and lines as every peer does, on
// standard output; the process ends when its input ends.
func Main(m *testing.M, parts map[string]func(args []string) error) {
	name := os.Getenv(selfEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	part, ok := parts[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no part is named %q\n", name)
		os.Exit(2)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // however it ends, the test has gone
		os.Exit(0)
	}()
	if err := part(os.Args[2:]); err != nil { // os.Args[1] is the part's name
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
