package peer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// startDeadline is how long a peer may take to say that it is ready: an
	// interpreter starts in under a second, on a crowded machine in several.
	startDeadline = 30 * time.Second

	// endDeadline is how long a peer may take to end once its input is closed.
	endDeadline = 2 * time.Second

	// maxTail is how much of a peer's standard error a failed test shows.
	maxTail = 4000

	// maxLine bounds one line of a peer: the longest is a stream of 10,000 items
	// or a value of some 64 KiB in hex.
	maxLine = 16 << 20
)

// Process is a running peer as one test sees it: what fails, fails that test.
// Its methods may be called from any goroutine that may call the test's Fatal.
type Process struct {
	*process
	t testing.TB
}

// On returns the same running peer for a subtest. The process still ends with
// the test that started it.
func (p *Process) On(t testing.TB) *Process { return &Process{p.process, t} }

// process is the running peer itself, shared by all tests that see it.
type process struct {
	// set at creation
	name     string // for messages: the script and its arguments
	cmd      *exec.Cmd
	endpoint string
	stderr   *buffer
	ended    chan struct{} // closed when the process is reaped and its output read

	paused atomic.Bool // it does not see its input end

	stdinMu sync.Mutex // guards stdin
	stdin   io.WriteCloser

	// mu guards the fields below
	mu      sync.Mutex
	notes   []Note
	changed chan struct{} // closed and replaced when notes or calls change
	calls   map[int]*Call
	lastID  int
}

// Note is a line that a peer printed of its own accord.
type Note struct {
	Note   string // "begin", "end", or the class of what ended a method
	Method string
	Text   string
	Event  json.RawMessage // a puller's or subscriber's arguments, spelled out
	Header json.RawMessage // and the header of the event
}

// Python starts a script of interop/python and returns once it is ready. The
// process is ended and reaped when the test ends.
func Python(t testing.TB, script string, args ...string) *Process {
	t.Helper()
	return start(t, PythonPath(t), filepath.Join(Dir(t), "python", script), args)
}

// Node starts a script of interop/node, as Python does.
func Node(t testing.TB, script string, args ...string) *Process {
	t.Helper()
	installed(t, "node", "node_modules", "zerorpc")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%s (node is not in the PATH)", setUp)
	}
	return start(t, node, filepath.Join(Dir(t), "node", script), args)
}

func start(t testing.TB, program, script string, args []string, env ...string) *Process {
	t.Helper()
	p := &process{
		name:    strings.Join(append([]string{filepath.Base(script)}, args...), " "),
		cmd:     exec.Command(program, append([]string{script}, args...)...),
		stderr:  &buffer{},
		ended:   make(chan struct{}),
		changed: make(chan struct{}),
		calls:   make(map[int]*Call),
	}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p.stderr
	// Killed peers may leave their pipes to children; do not wait for those.
	p.cmd.WaitDelay = endDeadline
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatalf("starting %s: %v", p.name, err)
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("starting %s: %v", p.name, err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", p.name, err)
	}
	ready := make(chan string, 1)
	go p.read(stdout, ready)
	t.Cleanup(func() { p.end(t) })

	select {
	case p.endpoint = <-ready:
	case <-p.ended:
		t.Fatalf("%s ended before it was ready:\n%s", p.name, p.stderr)
	case <-time.After(startDeadline):
		t.Fatalf("%s was not ready after %v:\n%s", p.name, startDeadline, p.stderr)
	}
	return &Process{p, t}
}

// read takes in the peer's lines until its output ends, then reaps it.
func (p *process) read(stdout io.Reader, ready chan<- string) {
	defer close(p.ended)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := lines.Bytes()
		if after, ok := bytes.CutPrefix(line, []byte("ready")); ok {
			ready <- string(bytes.TrimSpace(after))
			continue
		}
		p.take(line)
	}
	_ = p.cmd.Wait() // how it ended matters to no test
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, c := range p.calls {
		delete(p.calls, id)
		close(c.gone)
	}
}

// take routes one JSON line: an outcome to its call, all else to the notes.
func (p *process) take(line []byte) {
	var l struct {
		Outcome
		Note
		ID int
	}
	if err := json.Unmarshal(line, &l); err != nil {
		_, _ = p.stderr.Write(append([]byte("not a line of a peer: "), line...))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.calls[l.ID]
	switch {
	case !ok:
		p.notes = append(p.notes, l.Note)
		close(p.changed)
		p.changed = make(chan struct{})
	case l.Progress > 0:
		c.progress <- l.Progress // buffered for the one that a peer sends
	default:
		delete(p.calls, l.ID)
		c.outcome <- l.Outcome
	}
}

// Endpoint returns where a server is bound, or what it was told to connect to.
func (p *process) Endpoint() string { return p.endpoint }

// Ended is closed once the process has ended.
func (p *process) Ended() <-chan struct{} { return p.ended }

// Stderr returns what the peer has written to its standard error so far.
func (p *process) Stderr() string { return p.stderr.String() }

// WaitNote returns the first note, taken out of the list, for which match is
// true. The test fails if none came within the time.
func (p *Process) WaitNote(within time.Duration, what string, match func(Note) bool) Note {
	p.t.Helper()
	deadline := time.After(within)
	for {
		p.mu.Lock()
		for i, n := range p.notes {
			if match(n) {
				p.notes = append(p.notes[:i:i], p.notes[i+1:]...)
				p.mu.Unlock()
				return n
			}
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-p.ended:
			p.t.Fatalf("%s ended while the test waited for %s:\n%s", p.name, what, p.stderr)
		case <-deadline:
			p.t.Fatalf("%s: no %s within %v", p.name, what, within)
		}
	}
}

// WaitMethod waits for a method's note: "begin", "end" or an exception's class.
func (p *Process) WaitMethod(within time.Duration, method, note string) {
	p.t.Helper()
	p.WaitNote(within, "note "+note+" of "+method, func(n Note) bool {
		return n.Method == method && n.Note == note
	})
}

// Kill ends the process at once, as kill -9 does, and reaps it.
func (p *Process) Kill() {
	p.t.Helper()
	_ = p.cmd.Process.Kill() // the error that it has ended already is fine
	<-p.ended
}

// end is the clean-up of every peer: it asks, then kills, and always reaps.
func (p *process) end(t testing.TB) {
	p.stdinMu.Lock()
	_ = p.stdin.Close()
	p.stdinMu.Unlock()
	if p.paused.Load() {
		_ = p.cmd.Process.Kill()
	}
	select {
	case <-p.ended:
	case <-time.After(endDeadline):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	if said := p.stderr.String(); t.Failed() && said != "" {
		t.Logf("stderr of %s ends:\n%s", p.name, said[max(0, len(said)-maxTail):])
	}
}

// buffer is a bytes.Buffer for a writer and readers at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
