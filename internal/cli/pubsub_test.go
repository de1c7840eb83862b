package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/pubsub"
)

// receiver runs a receiving verb in this process until it ends by itself; its outcome comes by the channel.
func receiver(args ...string) <-chan outcome {
	ended := make(chan outcome, 1)
	go func() { ended <- run("", args...) }()
	return ended
}

func ending(t *testing.T, ended <-chan outcome) outcome {
	t.Helper()
	select {
	case o := <-ended:
		return o
	case <-time.After(20 * time.Second):
		t.Fatal("the command did not end within 20 s")
		panic("unreachable")
	}
}

func TestEvents(t *testing.T) {
	for _, c := range []struct {
		why    string
		in     []string // the receiver, without its address
		stdin  string
		out    []string // the emitter; ADDR stands for the address
		stdout string
	}{
		{"params are strings", []string{"pull", "--count", "1"}, "",
			[]string{"push", "ADDR", "tick", "42", "é"}, `{"event": "tick", "args": ["42", "\u00e9"]}` + "\n"},
		{"or JSON", []string{"sub", "--count=1"}, "",
			[]string{"pub", "ADDR", "-j", "tick", "42", `{"a": [null, 1.5]}`}, `{"event": "tick", "args": [42, {"a": [null, 1.5]}]}` + "\n"},
		{"or one list", []string{"sub", "--count=1"}, "",
			[]string{"pub", "ADDR", "tick", "--args-json", "[-1]"}, `{"event": "tick", "args": [-1]}` + "\n"},
		{"or standard input", []string{"pull", "--count=1"}, "text",
			[]string{"push", "--connect", "ADDR", "tick", "-"}, `{"event": "tick", "args": ["text"]}` + "\n"},
		{"a topic", []string{"sub", "--count=1"}, "",
			[]string{"pub", "--topic", "eu.", "ADDR", "tick"}, `{"event": "tick", "args": [], "topic": "eu."}` + "\n"},
		{"records", []string{"pull", "--count=3"}, "{\"event\": \"a\", \"args\": [1]}\n\n{\"event\": \"b\"}\n{\"args\": [], \"event\": \"c\"}",
			[]string{"push", "ADDR", "-"}, "{\"event\": \"a\", \"args\": [1]}\n{\"event\": \"b\", \"args\": []}\n{\"event\": \"c\", \"args\": []}\n"},
		{"records have their own topics, or that of the command", []string{"sub", "--count=2", "--topic", "x", "--topic", "y"},
			"{\"event\": \"a\", \"topic\": \"z\"}\n{\"event\": \"b\"}\n{\"event\": \"c\", \"topic\": \"y1\"}\n",
			[]string{"pub", "--topic", "x", "ADDR", "-"},
			"{\"event\": \"b\", \"args\": [], \"topic\": \"x\"}\n{\"event\": \"c\", \"args\": [], \"topic\": \"y1\"}\n"},
		{"what was printed can be sent", []string{"sub", "--count=1"}, `{"event": "tick", "args": [{"a": NaN}], "topic": "eu."}` + "\n",
			[]string{"pub", "ADDR", "-"}, `{"event": "tick", "args": [{"a": NaN}], "topic": "eu."}` + "\n"},
	} {
		t.Run(c.why, func(t *testing.T) {
			addr := "inproc://" + t.Name()
			in := receiver(append(c.in, "--bind", addr, "--timeout", "20")...)
			got := run(c.stdin, strings.Split(strings.ReplaceAll(strings.Join(c.out, "\x00"), "ADDR", addr), "\x00")...)
			if want := "connecting to \"" + addr + "\"\n"; got.code != exitOK || got.stdout != "" || got.stderr != want {
				t.Errorf("emitter: %+v", got)
			}
			if o := ending(t, in); o.code != exitOK || o.stdout != c.stdout || o.stderr != "binding to \""+addr+"\"\n" {
				t.Errorf("receiver: %+v\nwant %s", o, c.stdout)
			}
		})
	}
}

// The sender may be bound and the receiver connect, by its words or by options.
func TestEventsOtherWayRound(t *testing.T) {
	addr := "inproc://" + t.Name()
	in := receiver("sub", addr+"/a", "--connect", addr+"/b", "--count", "2", "--debug")
	for _, a := range []string{"/a", "/b"} {
		if got := run("", "pub", "--bind", addr+a, "-d", "tick"); got.code != exitOK {
			t.Fatalf("pub: %+v", got)
		}
	}
	o := ending(t, in)
	if o.code != exitOK || strings.Count(o.stdout, "tick") != 2 || !strings.Contains(o.stderr, "level=DEBUG") {
		t.Errorf("sub: %+v", o)
	}
}

// An event that has no JSON form is passed over, and the command did not succeed. Junk is reported, too.
func TestEventsWithoutJSON(t *testing.T) {
	addr := "inproc://" + t.Name()
	in := receiver("pull", "--bind", addr, "--count", "2")
	if got := run("\xff", "push", addr, "bytes", "-"); got.code != exitOK {
		t.Fatalf("push: %+v", got)
	}
	if got := run("", "push", addr, "tick"); got.code != exitOK {
		t.Fatalf("push: %+v", got)
	}
	o := ending(t, in)
	if o.code != exitRemote || o.stdout != "{\"event\": \"tick\", \"args\": []}\n" ||
		!strings.Contains(o.stderr, "zrpc: an event passed over: 'bytes': TypeError: Object of type bytes is not JSON serializable\n") {
		t.Errorf("%+v", o)
	}
}

// Whoever reads along gets Python's form.
func TestAppendEventPretty(t *testing.T) {
	e := &pubsub.Event{Topic: "eu.", Name: "tick", Args: event.Raw("\x92\x2a\xc4\x01\xff")}
	b, err := appendEvent(nil, e, false)
	if want := "{'args': [42, b'\\xff'], 'event': 'tick', 'topic': 'eu.'}\n"; err != nil || string(b) != want {
		t.Errorf("%q, %v, want %q", b, err, want)
	}
	if f, err := os.Open(os.DevNull); err != nil || !isTerminal(f) || isTerminal(&bytes.Buffer{}) {
		t.Errorf("a character device is taken for a terminal, a buffer is not: %v", err)
	}
}

func TestEventUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"sub"}, "an address is missing"},
		{[]string{"pub"}, "an address is missing"},
		{[]string{"push", "localhost:1", "tick"}, "is no address"},
		{[]string{"pub", "inproc://x"}, "the name of the event is missing"},
		{[]string{"pub", "--bind", "inproc://x"}, "the name of the event is missing"},
		{[]string{"pub", "inproc://x", "-", "more"}, "have their own params"},
		{[]string{"pub", "inproc://x", "-", "--args-json", "[]"}, "have their own params"},
		{[]string{"pub", "inproc://x", "tick", "1", "--args-json", "[]"}, "--args-json: not allowed with params"},
		{[]string{"pub", "inproc://x", "tick", "--topic", "a", "--topic", "b"}, "an event has one topic"},
		{[]string{"push", "inproc://x", "tick", "--topic", "a"}, "unrecognized arguments: --topic"},
		{[]string{"sub", "inproc://x", "--count", "x"}, "argument --count: invalid int value"},
		{[]string{"sub", "inproc://x", "--timeout", "x"}, "argument --timeout: invalid seconds value"},
		{[]string{"pub", "inproc://x", "-j", "tick", "{"}, "cannot be used as JSON"},
		{[]string{"push", "inproc://x", "-j", "tick", "{"}, "cannot be used as JSON"},
	} {
		got := run("", c.args...)
		if got.code != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%q: %+v, want …%s…", c.args, got, c.want)
		}
		if !strings.Contains(c.want, "JSON") && !strings.Contains(got.stderr, "usage: zrpc "+c.args[0]+" [-h]") {
			t.Errorf("%q: no usage in %s", c.args, got.stderr)
		}
	}
	for _, verb := range []string{"pub", "push", "sub", "pull"} {
		got := run("", verb, "--help")
		if got.code != exitOK || got.stderr != "" || !strings.HasPrefix(got.stdout, "usage: zrpc "+verb+" [-h] ") {
			t.Errorf("%s --help: %+v", verb, got)
		}
		for line := range strings.Lines(got.stdout) {
			if len(line) > helpWidth+2 {
				t.Errorf("%s --help: a line of %d characters: %s", verb, len(line), line)
			}
		}
	}
}

// Lines that are no records end the command, with the number of the line.
func TestBadRecords(t *testing.T) {
	addr := "inproc://" + t.Name()
	pull := pubsub.NewPuller(nil)
	defer pull.Close()
	if _, err := pull.Bind(addr); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, want string }{
		{"{", "json.decoder.JSONDecodeError: Expecting property name"},
		{"[1]", `want {"event": "name", "args": [...]}, not '[1]'`},
		{`{"args": []}`, "the key event is missing"},
		{`{"event": ""}`, "the key event is missing"},
		{`{"event": 5}`, "the value of event is of the wrong type"},
		{`{"event": "a", "args": {}}`, "the value of args is of the wrong type"},
		{`{"event": "a", "topic": null}`, "the value of topic is of the wrong type"},
		{`{"event": "a", "arg": []}`, "unknown key arg"},
	} {
		got := run("{\"event\": \"good\"}\n\n"+c.line, "push", addr, "-")
		if got.code != exitUsage || !strings.Contains(got.stderr, "line 3 of standard input is no event") || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%s: %+v, want …%s…", c.line, got, c.want)
		}
	}
	// The network's limits hold, and so do the input's.
	if got := run("{\"event\": \""+strings.Repeat("n", event.MaxNameLen+1)+"\"}", "push", addr, "-"); got.code != exitRemote ||
		!strings.Contains(got.stderr, "at most 1024 are read") {
		t.Errorf("a long name: code %d, %.100s", got.code, got.stderr)
	}
	var stderr bytes.Buffer
	broken := io.MultiReader(strings.NewReader("{\"event\": \"a\"}\n"), &failing{})
	if code := Main([]string{"push", addr, "-"}, &Env{Stdin: broken, Stderr: &stderr}); code != exitRemote ||
		!strings.Contains(stderr.String(), "zrpc: the disk is gone\n") {
		t.Errorf("input that fails: code %d, %s", code, stderr.String())
	}
}

// failing is an input or output that does not work.
type failing struct{}

func (*failing) Read([]byte) (int, error)  { return 0, errors.New("the disk is gone") }
func (*failing) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// Nobody there is a timeout; an address that cannot be used is told apart.
func TestEventExitCodes(t *testing.T) {
	addr := "inproc://" + t.Name()
	for _, c := range []struct {
		args []string
		code int
		last string
	}{
		{[]string{"pub", addr, "tick", "--timeout", "0.01"}, exitTimeout, "zrpc: timeout after 0.01s, no subscriber came at " + addr},
		{[]string{"push", addr, "tick", "--timeout", "0.01"}, exitTimeout, "zrpc: timeout after 0.01s, no puller had room at " + addr},
		{[]string{"sub", addr, "--timeout", "0.01"}, exitTimeout, "zrpc: timeout after 0.01s, no event came at " + addr},
		{[]string{"pull", addr, addr + "2", "--timeout", "0.01"}, exitTimeout, "zrpc: timeout after 0.01s, no event came at " + addr + ", " + addr + "2"},
		{[]string{"sub", "bogus://x"}, exitUnavailable, ""},
		{[]string{"pull", "bogus://x"}, exitUnavailable, ""},
		{[]string{"pub", "bogus://x", "tick"}, exitUnavailable, ""},
		{[]string{"push", "bogus://x", "tick"}, exitUnavailable, ""},
	} {
		if got := run("", c.args...); got.code != c.code || got.stdout != "" || c.last != "" && got.lastLine() != c.last {
			t.Errorf("%q: %+v, want code %d, %s", c.args, got, c.code, c.last)
		}
	}
	// Output that fails ends the command.
	in := make(chan int, 1)
	var stderr bytes.Buffer
	go func() { in <- Main([]string{"pull", "--bind", addr + "/w"}, &Env{Stdout: &failing{}, Stderr: &stderr}) }()
	if got := run("", "push", addr+"/w", "tick"); got.code != exitOK {
		t.Fatalf("push: %+v", got)
	}
	if code := <-in; code != exitRemote || !strings.HasSuffix(stderr.String(), "zrpc: cannot print an event:\nthe disk is full\n") {
		t.Errorf("code %d, %s", code, stderr.String())
	}
}

// SIGINT ends each verb with 130; to receivers SIGTERM is the polite end.
func TestEventSignals(t *testing.T) {
	blocked, unblock := io.Pipe()
	defer unblock.Close()
	pull := pubsub.NewPuller(nil)
	defer pull.Close()
	addr := "inproc://" + t.Name()
	if _, err := pull.Bind(addr + "/pull"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		signal os.Signal
		code   int
	}{
		{[]string{"sub", addr}, os.Interrupt, exitInterrupted},
		{[]string{"pull", addr}, syscall.SIGTERM, exitOK},
		{[]string{"pub", addr, "tick"}, os.Interrupt, exitInterrupted},
		{[]string{"push", addr, "tick", "--timeout", "0"}, os.Interrupt, exitInterrupted},
		{[]string{"push", addr + "/pull", "-"}, os.Interrupt, exitInterrupted}, // while it waits for input
	} {
		signals, ended := make(chan os.Signal, 1), make(chan outcome, 1)
		go func() {
			var stdout, stderr bytes.Buffer
			code := Main(c.args, &Env{Stdin: blocked, Stdout: &stdout, Stderr: &stderr, Signals: signals})
			ended <- outcome{code, stdout.String(), stderr.String()}
		}()
		signals <- c.signal
		if o := ending(t, ended); o.code != c.code || o.stdout != "" {
			t.Errorf("%q: %+v, want code %d", c.args, o, c.code)
		}
	}
}

// atEnd is an input that ends at once, and says so first.
type atEnd func()

func (f atEnd) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// What a slow subscriber missed is told at the end.
func TestPubTellsDrops(t *testing.T) {
	addr := "inproc://" + t.Name()
	sub := pubsub.NewSubscriber(&pubsub.Options{HWM: 1})
	if _, err := sub.Bind(addr); err != nil {
		t.Fatal(err)
	}
	line := "{\"event\": \"tick\", \"args\": [\"" + strings.Repeat("x", 1000) + "\"]}\n"
	// Some 3 MiB more than fit all queues. The subscriber, who reads none of it, stays until the last lines are emitted:
	// those after it would be for nobody, and not be counted; and goes then, or the queued ones would be waited for.
	in := io.MultiReader(strings.NewReader(strings.Repeat(line, 5000)), atEnd(func() { sub.Close() }))
	var stdout, stderr bytes.Buffer
	code := Main([]string{"pub", addr, "-"}, &Env{Stdin: in, Stdout: &stdout, Stderr: &stderr})
	got := outcome{code, stdout.String(), stderr.String()}
	if got.code != exitOK || !strings.Contains(got.lastLine(), " events were dropped: a subscriber did not keep up") {
		t.Errorf("code %d, %s", got.code, got.lastLine())
	}
}
