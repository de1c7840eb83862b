package interop

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interop/peer"
)

// zrpcCommand builds our command once for a test.
func zrpcCommand(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "zrpc")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/zrpc-go/zrpc/cmd/zrpc").CombinedOutput()
	if err != nil {
		t.Fatalf("building cmd/zrpc: %v\n%s", err, out)
	}
	return path
}

// run runs a command line to its end.
func run(t *testing.T, command ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("%q: %v", command, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// commandLines are what the two command lines, Python's and ours, must print
// alike: arguments after the endpoint, and standard output.
var commandLines = []struct {
	args []string
	out  string
	code int
}{
	{[]string{"hello", "RPC"}, "'Hello, RPC'\n", 0},
	{[]string{"-j", "add", "1", "5"}, "6\n", 0},
	{[]string{"-j", "streaming_range", "0", "3", "1"}, "0\n1\n2\n", 0},
	{[]string{"-j", "echo", `{"b":[1,2.50,null,true],"a":{"z":1,"y":"h\u00e9"}}`}, "{'a': {'y': 'hé', 'z': 1}, 'b': [1, 2.5, None, True]}\n", 0},
	{[]string{"-j", "-pj", "streaming_range", "0", "3", "1"}, "[0,1,2]", 0},
	{[]string{"fail", "ValueError", "x"}, "", 1},
	{[]string{"no_such_method"}, "", 1},
}

// withEndpoint puts the endpoint behind the flags, where both command lines
// take it.
func withEndpoint(command []string, at string, args []string) []string {
	flags := 0
	for flags < len(args) && strings.HasPrefix(args[flags], "-") {
		flags++
	}
	line := append(slices.Clone(command), args[:flags]...)
	return append(append(slices.Clone(line), at), args[flags:]...)
}

// bothCommands are Python's command line and ours.
func bothCommands(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{
		"zerorpc": {peer.PythonPath(t), filepath.Join(peer.Dir(t), "python", "cli.py")},
		"zrpc":    {zrpcCommand(t)},
	}
}

// TestCommandLines runs Python's zerorpc and our zrpc against Python's server
// and ours: all four print the same.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	commands := bothCommands(t)
	servers := map[string]string{
		"python 3.9":  pythonServer(t).Endpoint(), // with the shim: as before the two names were dropped
		"python 3.11": peer.Python(t, "server.py", "--bind", anyPort).Endpoint(),
		"ours":        ourServer(t, 0).bind(t),
	}
	for command, line := range commands {
		for server, at := range servers {
			t.Run(command+" to "+server, func(t *testing.T) {
				t.Parallel()
				for _, c := range commandLines {
					out, errs, code := run(t, withEndpoint(line, at, c.args)...)
					if out != c.out || code != c.code {
						t.Errorf("%q: printed %q, exit code %d, want %q, %d\n%s", c.args, out, code, c.out, c.code, errs)
					}
				}
				listing(t, line, at, server)
			})
		}
	}
}

// listing checks the list of methods, one method's help, and an unknown one's.
func listing(t *testing.T, line []string, at, server string) {
	t.Helper()
	out, errs, code := run(t, append(slices.Clone(line), at)...)
	for _, want := range []string{"[Peer]\n", "\nadd ", "Adds.\n", "\nhello ", "Greets the caller.\n", "\nundocumented ", "<undocumented>\n"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("the list lacks %q: %q, exit code %d\n%s", want, out, code, errs)
		}
	}
	if line[0] == peer.PythonPath(t) && server == "python 3.11" {
		return // Python's command line asks this server for what it cannot tell, and fails
	}
	out, errs, code = run(t, append(slices.Clone(line), "-?", at, "hello")...)
	want := "[Peer]\nhello(self, name)\n\nGreets the caller.\n\nThe second paragraph is for help alone.\n\n"
	switch server {
	case "ours":
		want = strings.Replace(want, "self, ", "", 1)
	case "python 3.11":
		want = strings.Replace(want, "self, name", "??", 1)
	}
	if code != 0 || out != want {
		t.Errorf("help: %q, exit code %d, want %q\n%s", out, code, want, errs)
	}
	out, errs, code = run(t, append(slices.Clone(line), "-?", at, "no_such_method")...)
	if want := "[Peer]\nNo documentation for \"no_such_method\".\n"; code != 0 || out != want {
		t.Errorf("help of an unknown method: %q, exit code %d, want %q\n%s", out, code, want, errs)
	}
}

// TestCommandLineServers serves a module by either command line and calls it by
// both, which may be there first.
func TestCommandLineServers(t *testing.T) {
	t.Parallel()
	commands := bothCommands(t)
	for server, line := range commands {
		t.Run(server+" serves", func(t *testing.T) {
			t.Parallel()
			at := freeEndpoint(t)
			ctx, cancel := context.WithCancel(t.Context())
			served := exec.CommandContext(ctx, line[0], append(slices.Clone(line[1:]), "--server", "--bind", at, "time")...)
			var errs bytes.Buffer
			served.Stderr = &errs
			if err := served.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				cancel()
				_ = served.Wait() // killed
				if t.Failed() {
					t.Logf("stderr of the server:\n%s", &errs)
				}
			})
			for client, line := range commands {
				out, errs, code := run(t, append(slices.Clone(line), "--client", "--connect", at, "strftime", "on %Y")...)
				if want := time.Now().Format("'on 2006'\n"); out != want || code != 0 {
					t.Errorf("%s: printed %q, exit code %d, want %q\n%s", client, out, code, want, errs)
				}
			}
		})
	}
}
