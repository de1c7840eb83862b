package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/internal/cli/peertest"
	"github.com/zrpc-go/zrpc/zrpc"
)

// outcome is what a command line did.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs one command line with the given standard input.
func run(stdin string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := Main(args, &Env{Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr})
	return outcome{code, stdout.String(), stderr.String()}
}

func (o outcome) lastLine() string {
	lines := strings.Split(strings.TrimSuffix(o.stderr, "\n"), "\n")
	return lines[len(lines)-1]
}

// startServer runs "zrpc --server" in this process until it gets a signal; stop sends one and returns the outcome.
func startServer(t *testing.T, args ...string) (stop func(os.Signal) outcome) {
	t.Helper()
	signals := make(chan os.Signal, 1)
	ended := make(chan outcome, 1)
	go func() {
		var stdout, stderr bytes.Buffer
		code := Main(append([]string{"--server"}, args...), &Env{Stdout: &stdout, Stderr: &stderr, Signals: signals})
		ended <- outcome{code, stdout.String(), stderr.String()}
	}()
	return func(s os.Signal) outcome {
		signals <- s
		select {
		case o := <-ended:
			return o
		case <-time.After(20 * time.Second):
			t.Fatal("the server did not end within 20 s of the signal")
			panic("unreachable")
		}
	}
}

func TestServeAndCall(t *testing.T) {
	const addr = "inproc://cli-serve"
	stop := startServer(t, "--bind", addr, "--pool-size", "3", "--debug", "demo")
	for _, c := range []struct {
		why    string
		stdin  string
		args   []string
		stdout string
	}{
		{"a result in pprint form", "", []string{addr, "hello", "RPC"}, "'Hello, RPC'\n"},
		{"raw", "", []string{"--raw", addr, "hello", "RPC"}, "Hello, RPC\n"},
		{"JSON in and out, in its order", "", []string{"-j", "-pj", addr, "echo", `{"b": [1, 2.5], "a": null}`}, `{"b": [1, 2.5], "a": null}`},
		{"a stream", "", []string{"-j", addr, "streaming_range", "0", "3", "1"}, "0\n1\n2\n"},
		{"a stream as JSON", "", []string{"-j", "-pj", addr, "streaming_range", "0", "3", "1"}, "[0,1,2]"},
		{"standard input", "text", []string{addr, "echo", "-"}, "'text'\n"},
		{"a file that is no text is bytes", "\xff", []string{addr, "echo", "-"}, "b'\\xff'\n"},
		{"all params at once", "", []string{addr, "add", "--args-json", "[1, 2]"}, "3\n"},
		{"and those from standard input", "[1, 2]", []string{addr, "add", "--args-json", "-"}, "3\n"},
		{"a method that has a subcommand's name", "", []string{"--client", "--connect", addr, "-?", "gen"},
			"[demo]\nNo documentation for \"gen\".\n"},
		{"inspection", "", []string{"-?", addr, "hello"}, "[demo]\nhello(name)\n\nSay hello to NAME.\n\n"},
		{"completion", "", []string{"completion", "words", "--", addr, "streaming_"},
			"streaming_range\tStream the ints from fr up to, not including, to, by step.\n"},
	} {
		if got := run(c.stdin, c.args...); got.code != exitOK || got.stdout != c.stdout {
			t.Errorf("%s: %q: exit %d, %q, want %q\n%s", c.why, c.args, got.code, got.stdout, c.stdout, got.stderr)
		}
	}
	listing := run("", addr)
	if !strings.HasPrefix(listing.stdout, "[demo]\n") || !strings.Contains(listing.stdout, "\nhello             Say hello to NAME.\n") {
		t.Errorf("listing:\n%s", listing.stdout)
	}
	if all := run("", "-?", addr); !strings.Contains(all.stdout, "\nadd(a, b)\n") {
		t.Errorf("signatures:\n%s", all.stdout)
	}
	got := stop(syscall.SIGTERM)
	if got.code != exitOK || got.stdout != "" {
		t.Errorf("after SIGTERM: exit %d, output %q", got.code, got.stdout)
	}
	for _, want := range []string{"binding to \"" + addr + "\"\n", "serving \"demo\"\n", "zrpc.events: <-- hello {"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("standard error lacks %q:\n%s", want, got.stderr)
		}
	}
}

func TestSignals(t *testing.T) {
	stop := startServer(t, "--bind", "inproc://cli-int", "time")
	if got := run("", "--raw", "inproc://cli-int", "strftime", "%%"); got.stdout != "%\n" {
		t.Errorf("%+v", got)
	}
	if got := stop(os.Interrupt); got.code != exitInterrupted {
		t.Errorf("server after SIGINT: exit %d\n%s", got.code, got.stderr)
	}

	// The signal may come at any time, here before the call.
	mute := peertest.Serve(t, map[string]peertest.Answer{"wait": {}})
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	var out bytes.Buffer
	code := Main([]string{mute, "wait"}, &Env{Stdin: &out, Stdout: &out, Stderr: io.Discard, Signals: signals})
	if code != exitInterrupted || out.Len() > 0 {
		t.Errorf("client after SIGINT: exit %d, output %q", code, &out)
	}
}

// TestServerSaysWhyItStays: a call in progress holds up the end that a signal asked for.
func TestServerSaysWhyItStays(t *testing.T) {
	const addr = "inproc://cli-busy"
	signals := make(chan os.Signal, 1)
	stderr := &lockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- Main([]string{"--server", "--bind", addr, "--debug", "time"}, &Env{Stdout: io.Discard, Stderr: stderr, Signals: signals})
	}()
	client, err := zrpc.Dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	if _, err := zrpc.Call[any](ctx, client, "sleep", 0); err != nil {
		t.Fatal(err)
	}
	go zrpc.Call[any](ctx, client, "sleep", 59)
	stderr.says(t, "[59]")
	if _, err := zrpc.Call[any](ctx, client, "sleep", 0); err != nil { // what came before it has begun then
		t.Fatal(err)
	}
	signals <- os.Interrupt
	stderr.says(t, "waiting up to 25s for calls in progress (1); a second signal ends the server at once")
	giveUp()
	if code := <-ended; code != exitInterrupted {
		t.Errorf("exit %d", code)
	}
}

func TestExitCodes(t *testing.T) {
	peer := peertest.Serve(t, map[string]peertest.Answer{
		"mute":    {},
		"fail":    peertest.Err("ValueError", "boom", "Traceback (most recent call last):\n  File …\nValueError: boom\n"),
		"other":   peertest.Err("ValueError", "boom", "stack of another kind"),
		"bare":    peertest.Err("KeyError", "", ""),
		"unnamed": peertest.Err("", "text", ""),
		"bytes":   peertest.OK([]byte("x")),
	})
	for _, c := range []struct {
		why  string
		code int
		last string
		args []string
	}{
		{"a traceback ends with the error already", exitRemote, "ValueError: boom", []string{peer, "fail"}},
		{"one that does not is followed by it", exitRemote, "ValueError: boom", []string{peer, "other"}},
		{"an error without text is its name", exitRemote, "KeyError", []string{peer, "bare"}},
		{"an error without name is its text", exitRemote, "text", []string{peer, "unnamed"}},
		{"bytes are no JSON", exitRemote, "TypeError: Object of type bytes is not JSON serializable", []string{"-pj", peer, "bytes"}},
		{"usage", exitUsage, "zrpc: error: argument --timeout: invalid seconds value: 'x'", []string{"--timeout", "x", peer}},
		{"a time beyond all reason", exitUsage, "zrpc: error: argument --timeout: invalid seconds value: '1e99'", []string{"--timeout", "1e99", peer}},
		{"a negative number of workers", exitUsage, "zrpc: error: argument --pool-size: must not be negative", []string{"--pool-size=-1", peer}},
		{"no number of workers", exitUsage, "zrpc: error: argument --pool-size: invalid int value: 'x'", []string{"--pool-size=x", peer}},
		{"not JSON", exitUsage, "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", []string{"-j", peer, "bytes", "x"}},
		{"not JSON at all, cut for the eye", exitUsage, "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
			[]string{peer, "bytes", "--args-json", strings.Repeat("x", 100)}},
		{"no list", exitUsage, `want a JSON list of all arguments such as [1, "a"], not '5'`, []string{peer, "bytes", "--args-json", "5"}},
		{"a file that is not there", exitUsage, `open nofile: no such file or directory (to send the text '@nofile' itself, write @@nofile)`,
			[]string{peer, "bytes", "--args-json", "@nofile"}},
		{"words that are no UTF-8", exitUsage, `'\udcff' is not UTF-8; write it to a file and send it as bytes with @file`, []string{peer, "bytes", "\xff"}},
		{"timeout", exitTimeout, "timeout after 0.1s, when calling remote method mute", []string{"--timeout", "0.1", peer, "mute"}},
		{"lost remote", exitLost, "Lost remote after 0.2s heartbeat, when calling remote method mute",
			[]string{"--heartbeat", "0.1", "--active-hb", peer, "mute"}},
		{"nobody there", exitUnavailable, "", []string{"--timeout", "0.1", "inproc://cli-nobody", "mute"}},
		{"not an address", exitUnavailable, "", []string{"bogus://x", "mute"}},
		{"no service", exitUsage, `zrpc: unknown service "nonesuch"; built in are: demo, time`, []string{"--server", "--bind", "inproc://cli-none", "nonesuch"}},
		{"an address for a server that is none", exitUnavailable, "", []string{"--server", "--bind", "bogus://x", "time"}},
		{"later subcommands are no methods yet", exitUsage,
			"zrpc: error: this version has no gateway; to call a method of that name, write --client before it", []string{"gateway", "--connect", peer}},
		{"gen knows doc only", exitUsage, "zrpc: error: what shall be generated? There is: zrpc gen doc", []string{"gen", "x"}},
		{"version is asked for alone", exitUsage, "zrpc: error: version takes no arguments", []string{"version", "x"}},
		{"which shell", exitUsage, "zrpc: error: completion for which shell? There are: bash, zsh, fish", []string{"completion"}},
		{"no address", exitUsage, "", nil},
		{"help", exitOK, "", []string{"--help"}},
		{"version", exitOK, "", []string{"version"}},
		{"completion", exitOK, "", []string{"completion", "fish"}},
		{"gen doc tells its usage", exitOK, "", []string{"gen", "doc", "-h"}},
	} {
		got := run("", c.args...)
		if got.code != c.code || c.last != "" && got.lastLine() != c.last {
			t.Errorf("%s: %q: exit %d, want %d; standard error:\n%s\nwant as its last line %q", c.why, c.args, got.code, c.code, got.stderr, c.last)
		}
	}
	if got := run("", peer, "fail"); strings.Count(got.stderr, "ValueError: boom") != 1 {
		t.Errorf("the error is there twice:\n%s", got.stderr)
	}
}

// A server that goes away while a call runs.
func TestConnectionEnds(t *testing.T) {
	ended := make(chan outcome, 1)
	asked := make(chan struct{})
	endpoint, stop := peertest.ServeUntil(t, func(string) { close(asked) })
	go func() { ended <- run("", endpoint, "wait") }()
	<-asked
	stop()
	got := <-ended
	if got.code != exitLost || got.lastLine() != "Lost remote with its connection, when calling remote method wait" {
		t.Errorf("exit %d\n%s", got.code, got.stderr)
	}
}

// brokenWriter is a full disk.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputCannotBeWritten(t *testing.T) {
	peer := peertest.Serve(t, map[string]peertest.Answer{
		"one":              peertest.OK(1),
		"_zerorpc_inspect": peertest.OK(map[string]any{"methods": map[string]any{}}),
	})
	for _, args := range [][]string{{peer, "one"}, {peer}, {"-?", peer, "one"}, {"completion", "zsh"}} {
		var stderr bytes.Buffer
		code := Main(args, &Env{Stdin: strings.NewReader(""), Stdout: brokenWriter{}, Stderr: &stderr})
		if code != exitRemote || !strings.HasSuffix(stderr.String(), "no space left on device\n") {
			t.Errorf("%q: exit %d\n%s", args, code, &stderr)
		}
	}
}
