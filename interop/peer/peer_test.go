package peer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain lets this binary be the peer of its own tests.
func TestMain(m *testing.M) {
	Main(m, map[string]func([]string) error{
		"driver": driverPart,
		"broken": func([]string) error { return errors.New("out of order") },
	})
}

// driverPart prints its arguments, a line each, and stays.
func driverPart(args []string) error {
	fmt.Println("ready", strings.Join(args, " "))
	for _, line := range args {
		fmt.Println(line)
	}
	select {}
}

// failure is a testing.TB that records its failure instead of ending the test.
type failure struct {
	testing.TB
	said string
}

func (f *failure) Helper() {}

func (f *failure) Fatal(args ...any) {
	f.said = fmt.Sprint(args...)
	runtime.Goexit()
}

func (f *failure) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failing runs what must fail and returns what it said.
func failing(t *testing.T, f func(testing.TB)) string {
	t.Helper()
	tb := &failure{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(tb)
	}()
	<-done
	if tb.said == "" {
		t.Fatal("it did not fail")
	}
	return tb.said
}

func TestNotes(t *testing.T) {
	p := Self(t, "driver",
		`{"note": "begin", "method": "sleep"}`,
		`{"event": ["a", 1], "header": {"map": []}}`,
		`{"note": "LostRemote", "method": "sleep"}`,
		`no line of a peer`)
	if !strings.HasPrefix(p.Endpoint(), `{"note"`) {
		t.Errorf("the endpoint is %q, want what follows ready", p.Endpoint())
	}
	// Notes are kept until somebody waits for them, in any order.
	p.WaitMethod(10*time.Second, "sleep", "LostRemote")
	n := p.WaitNote(10*time.Second, "event", func(n Note) bool { return n.Event != nil })
	if string(n.Event) != `["a", 1]` || string(n.Header) != `{"map": []}` {
		t.Errorf("event: %s %s", n.Event, n.Header)
	}
	p.WaitMethod(10*time.Second, "sleep", "begin")
	said := failing(t, func(tb testing.TB) { p.On(tb).WaitMethod(time.Millisecond, "sleep", "begin") })
	if !strings.Contains(said, "no note begin of sleep within 1ms") {
		t.Errorf("a note that was taken already: %q", said)
	}
	eventuallyContains(t, p, "no line of a peer")
	p.Kill()
	said = failing(t, func(tb testing.TB) { p.On(tb).WaitMethod(time.Minute, "sleep", "end") })
	if !strings.Contains(said, "ended while the test waited") {
		t.Errorf("a killed peer: %q", said)
	}
}

// eventuallyContains waits until the peer's standard error has the text.
func eventuallyContains(t *testing.T, p *Process, want string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(p.Stderr(), want) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("standard error %q lacks %q", p.Stderr(), want)
		}
	}
}

func TestStartFails(t *testing.T) {
	if said := failing(t, func(tb testing.TB) { Self(tb, "broken") }); !strings.Contains(said, "out of order") {
		t.Errorf("a peer that ends at once: %q", said)
	}
	if said := failing(t, func(tb testing.TB) { Self(tb, "no such part") }); !strings.Contains(said, "no part is named") {
		t.Errorf("an unknown part: %q", said)
	}
	if said := failing(t, func(tb testing.TB) { start(tb, filepath.Join(t.TempDir(), "none"), "x", nil) }); !strings.Contains(said, "starting x") {
		t.Errorf("a program that is not there: %q", said)
	}
	if said := failing(t, func(tb testing.TB) { installed(tb, "no", "such") }); !strings.Contains(said, "make setup") {
		t.Errorf("peers that are not installed: %q", said)
	}
}

// TestDriver uses the real driver: its outcomes, errors, progress and end.
func TestDriver(t *testing.T) {
	server := Python(t, "server.py", "--bind", "tcp://127.0.0.1:*")
	for name, start := range map[string]func(testing.TB) *Driver{"python": PythonClient, "node": NodeClient} {
		t.Run(name, func(t *testing.T) {
			d := start(t)
			d.Must("new", Args{"client": "c", "endpoint": server.Endpoint()})
			if got := d.Must("call", Args{"client": "c", "method": "hello", "args": []any{"RPC"}}); string(got) != `"Hello, RPC"` {
				t.Errorf("hello: %s", got)
			}
			e := d.MustFail("call", Args{"client": "c", "method": "fail", "args": []any{"ValueError", "x"}})
			if e.Name != "ValueError" || e.Message != "x" || !strings.Contains(e.Error(), "ValueError") {
				t.Errorf("fail: %v", e)
			}
			stream := d.Start("stream", Args{"client": "c", "method": "slow_stream", "args": []any{2, 0.01}, "progress": true})
			stream.WaitProgress(10 * time.Second)
			if s := stream.Wait(10 * time.Second).Stream(t); len(s.Items) != 2 || s.End != "done" {
				t.Errorf("stream: %+v", s)
			}
			call := Args{"client": "c", "method": "hello", "args": []any{"RPC"}}
			if said := failing(t, func(tb testing.TB) { d.On(tb).MustFail("call", call) }); !strings.Contains(said, "want an error") {
				t.Errorf("MustFail of what succeeds: %q", said)
			}
			if said := failing(t, func(tb testing.TB) { d.On(tb).Must("call", Args{"client": "none"}) }); said == "" {
				t.Error("Must of what fails does not fail")
			}
			if said := failing(t, func(tb testing.TB) { d.On(tb).Start("call", Args{"args": func() {}}) }); !strings.Contains(said, "unsupported type") {
				t.Errorf("a command that is no JSON: %q", said)
			}
			if said := failing(t, func(tb testing.TB) { Outcome{Error: &Error{Type: "X"}}.Stream(tb) }); !strings.Contains(said, "X") {
				t.Errorf("the stream of a failed call: %q", said)
			}
			if said := failing(t, func(tb testing.TB) { Outcome{OK: json.RawMessage("1")}.Stream(tb) }); !strings.Contains(said, "stream") {
				t.Errorf("the stream of what is none: %q", said)
			}
			lasting := d.On(t).Start("call", Args{"client": "c", "method": "sleep", "args": []any{60}})
			if said := failing(t, func(tb testing.TB) { lasting.d = d.On(tb); lasting.Wait(time.Millisecond) }); !strings.Contains(said, "no outcome") {
				t.Errorf("a call that lasts: %q", said)
			}
			d.Kill()
			for _, wait := range []func(time.Duration){func(w time.Duration) { lasting.Wait(w) }, lasting.WaitProgress} {
				if said := failing(t, func(tb testing.TB) { lasting.d = d.On(tb); wait(time.Minute) }); !strings.Contains(said, "ended during") {
					t.Errorf("a call whose peer is killed: %q", said)
				}
			}
		})
	}
}

// TestPause: a paused peer does nothing, and still ends with its test.
func TestPause(t *testing.T) {
	d := Sockets(t)
	d.Pause()
	call := d.Start("open", Args{"socket": "a", "type": "PULL", "bind": "tcp://127.0.0.1:*"})
	if said := failing(t, func(tb testing.TB) { call.d = d.On(tb); call.Wait(300 * time.Millisecond) }); !strings.Contains(said, "no outcome") {
		t.Errorf("a paused peer: %q", said)
	}
	d.Resume()
	if o := call.Wait(10 * time.Second); o.Error != nil {
		t.Errorf("a resumed peer: %v", o.Error)
	}
	d.Pause()
}

// TestNothingOutlivesItsTest: a peer that ignores its input is killed, and one
// that is done is reaped.
func TestNothingOutlivesItsTest(t *testing.T) {
	var peers []*Process
	t.Run("starts two", func(t *testing.T) {
		peers = append(peers, Self(t, "driver"), Self(t, "driver"))
		peers[0].Pause()
	})
	for i, p := range peers {
		select {
		case <-p.Ended():
		default:
			t.Errorf("peer %d runs on", i)
		}
		if p.cmd.ProcessState == nil {
			t.Errorf("peer %d was not reaped", i)
		}
	}
}

// TestDir: the folder is found from a test of any package.
func TestDir(t *testing.T) {
	f, err := os.Open(filepath.Join(Dir(t), "python", "requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if l := lines.Text(); !strings.HasPrefix(l, "#") && !strings.Contains(l, "==") {
			t.Errorf("%q is not pinned", l)
		}
	}
	t.Chdir(t.TempDir())
	if said := failing(t, func(tb testing.TB) { Dir(tb) }); !strings.Contains(said, "no folder above") {
		t.Errorf("a test outside of the module: %q", said)
	}
}
