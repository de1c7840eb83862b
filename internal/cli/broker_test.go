package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/broker"
)

// startBroker runs "zrpc broker" in this process until it gets a signal; stop sends one and returns the outcome.
func startBroker(t *testing.T, args ...string) (stderr *lockedBuffer, stop func(os.Signal) outcome) {
	t.Helper()
	signals := make(chan os.Signal, 1)
	ended := make(chan outcome, 1)
	stderr = &lockedBuffer{}
	go func() {
		var stdout bytes.Buffer
		code := Main(append([]string{"broker"}, args...), &Env{Stdout: &stdout, Stderr: stderr, Signals: signals})
		ended <- outcome{code, stdout.String(), stderr.String()}
	}()
	return stderr, func(s os.Signal) outcome {
		signals <- s
		select {
		case o := <-ended:
			return o
		case <-time.After(20 * time.Second):
			t.Fatal("the broker did not end within 20 s of the signal")
			panic("unreachable")
		}
	}
}

// lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	lockedWriter
	b bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// says waits until the text is there.
func (l *lockedBuffer) says(t *testing.T, text string) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		if s := l.String(); strings.Contains(s, text) {
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("standard error lacks %q:\n%s", text, l)
		}
		<-time.After(time.Millisecond)
	}
}

func TestBroker(t *testing.T) {
	const front, back = "inproc://cli-broker-front", "inproc://cli-broker-back"
	log, stop := startBroker(t, "--frontend", front, "--backend", back, "--metrics", "127.0.0.1:0", "--idempotent", "echo", "--heartbeat", "1")
	stopWorker := startServer(t, "--connect", back, "demo")
	said := log.says(t, "worker joined")
	for _, c := range []struct {
		why, want string
		args      []string
	}{
		{"a call", "'Hello, RPC'\n", []string{front, "hello", "RPC"}},
		{"a stream", "0\n1\n2\n", []string{"-j", front, "streaming_range", "0", "3", "1"}},
		{"introspection", "[demo]\nhello(name)\n\nSay hello to NAME.\n\n", []string{"-?", front, "hello"}},
	} {
		if got := run("", c.args...); got.code != exitOK || got.stdout != c.want {
			t.Errorf("%s through the broker: exit %d, %q\n%s", c.why, got.code, got.stdout, got.stderr)
		}
	}
	status := run("", "broker", "--status", front)
	if status.code != exitOK || !regexp.MustCompile(`(?m)^1 +demo +joined +\S+ +0 +2 +2 +0 `).MatchString(status.stdout) ||
		!regexp.MustCompile(`(?m)^hello +1 +1 +`).MatchString(status.stdout) {
		t.Errorf("the status: exit %d\n%s%s", status.code, status.stdout, status.stderr)
	}
	var s broker.Status
	if got := run("", "broker", "--status", front, "--json"); json.Unmarshal([]byte(got.stdout), &s) != nil || s.Calls != 2 || s.Heartbeat != 1 {
		t.Errorf("the status as JSON: %s%s", got.stdout, got.stderr)
	}
	resp, err := http.Get(regexp.MustCompile(`http://\S+`).FindString(said))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(body), "zrpc_broker_calls_total 2\n") {
		t.Errorf("metrics: %v\n%s", err, body)
	}
	if got := stopWorker(syscall.SIGTERM); got.code != exitOK {
		t.Errorf("the worker after SIGTERM: exit %d\n%s", got.code, got.stderr)
	}
	log.says(t, "worker left")
	got := stop(syscall.SIGTERM)
	if got.code != exitOK || got.stdout != "" || !strings.Contains(got.stderr, "frontend: binding to \""+front+"\"\n") {
		t.Errorf("the broker after SIGTERM: exit %d, %q\n%s", got.code, got.stdout, got.stderr)
	}
}

func TestBrokerWatch(t *testing.T) {
	const front, back = "inproc://cli-watch-front", "inproc://cli-watch-back"
	log, stop := startBroker(t, "--frontend", front, "--backend", back, "--log-json", "--debug")
	log.says(t, "broker is ready")
	signals := make(chan os.Signal, 1)
	out := &lockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- Main([]string{"broker", "--status", front, "--watch"}, &Env{Stdout: out, Stderr: io.Discard, Signals: signals})
	}()
	out.says(t, "\n\nbroker: up ") // the second
	signals <- os.Interrupt
	if code := <-ended; code != exitInterrupted {
		t.Errorf("watching ended with exit %d", code)
	}
	if got := stop(os.Interrupt); got.code != exitInterrupted || !strings.Contains(got.stderr, `"msg":"bound"`) {
		t.Errorf("the broker after SIGINT: exit %d\n%s", got.code, got.stderr)
	}
}

func TestBrokerUsage(t *testing.T) {
	for _, c := range []struct {
		why  string
		args []string
		code int
		last string
	}{
		{"nothing", nil, exitUsage, "a broker needs --frontend"},
		{"one side", []string{"--frontend", "inproc://x"}, exitUsage, "a broker needs --frontend"},
		{"no address", []string{"--frontend", "x", "--backend", "inproc://y"}, exitUsage, "'x' is no address"},
		{"unknown balancing", []string{"--balance", "fair"}, exitUsage, "argument --balance"},
		{"unknown option", []string{"--nosuch"}, exitUsage, "nosuch"},
		{"too much", []string{"x"}, exitUsage, "unrecognized arguments: x"},
		{"no heartbeat", []string{"--heartbeat", "0"}, exitUsage, "argument --heartbeat"},
		{"negative wait", []string{"--wait", "-1"}, exitUsage, "argument --wait"},
		{"both", []string{"--status", "inproc://x", "--frontend", "inproc://y"}, exitUsage, "argument --status"},
		{"bad endpoint", []string{"--frontend", "tcp://nonsense", "--backend", "inproc://y"}, exitUnavailable, "cannot use tcp://nonsense"},
		{"bad metrics", []string{"--frontend", "inproc://cli-bm", "--backend", "inproc://cli-bn", "--metrics", "nonsense"}, exitUnavailable, "nonsense"},
		{"no broker", []string{"--status", "tcp://127.0.0.1:1", "--timeout", "0.2"}, exitUnavailable, "_broker_status"},
	} {
		got := run("", append([]string{"broker"}, c.args...)...)
		if got.code != c.code || !strings.Contains(got.stderr, c.last) || got.stdout != "" {
			t.Errorf("%s: exit %d, %q\n%s", c.why, got.code, got.stdout, got.stderr)
		}
	}
	got := run("", "broker", "--help")
	if got.code != exitOK || !strings.Contains(got.stdout, "-frontend ADDR") {
		t.Errorf("help: exit %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestSpan(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0s", 0.000012: "12µs", 0.0123456: "12.3ms", 1.5: "1.5s", 45.67: "45.7s", 3671: "1h1m11s",
	} {
		if got := span(seconds); got != want {
			t.Errorf("%v s: %s, want %s", seconds, got, want)
		}
	}
}
