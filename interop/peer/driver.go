package peer

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// callDeadline is how long Do waits for an outcome: longer than any timeout
// that a test sets, so that what a test sees is the peer's own outcome.
const callDeadline = 60 * time.Second

// Driver is a peer that takes commands: python/client.py, python/sockets.py or
// node/client.js.
type Driver struct{ *Process }

// On returns the same running driver for a subtest.
func (d *Driver) On(t testing.TB) *Driver { return &Driver{d.Process.On(t)} }

// PythonClient starts a driver of the real Python client (and of its pushers
// and publishers).
func PythonClient(t testing.TB) *Driver {
	t.Helper()
	return &Driver{Python(t, "client.py")}
}

// NumPyClient is PythonClient whose values may be NumPy's arrays, as arrays.py
// spells them.
func NumPyClient(t testing.TB) *Driver {
	t.Helper()
	return &Driver{Python(t, "client.py", "--arrays")}
}

// NodeClient starts a driver of the real Node client.
func NodeClient(t testing.TB) *Driver {
	t.Helper()
	return &Driver{Node(t, "client.js")}
}

// Sockets starts a driver of bare libzmq sockets.
func Sockets(t testing.TB) *Driver {
	t.Helper()
	return &Driver{Python(t, "sockets.py")}
}

// Args is one command's fields beside id and op; see the scripts for them.
type Args map[string]any

// Outcome is what came of a command.
type Outcome struct {
	OK       json.RawMessage // the value, spelled out; nil after an error
	Error    *Error
	MS       int // how long the peer took, in milliseconds
	Progress int
}

// Error is an exception of the peer's client, as its user would see it.
type Error struct {
	Type      string // the class of the exception
	Message   string // its text; of a RemoteError the remote one's
	Name      string // of a RemoteError: the class of the remote exception
	Traceback string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s %s", e.Type, e.Name, e.Message) }

// Call is a command whose outcome has not been taken.
type Call struct {
	d        *Driver
	what     string
	outcome  chan Outcome
	progress chan int
	gone     chan struct{} // closed if the peer ends first
}

// Start sends a command and returns at once.
func (d *Driver) Start(op string, args Args) *Call {
	d.t.Helper()
	c := &Call{
		d:        d,
		what:     fmt.Sprintf("%s %v", op, args),
		outcome:  make(chan Outcome, 1),
		progress: make(chan int, 1),
		gone:     make(chan struct{}),
	}
	d.mu.Lock()
	d.lastID++
	id := d.lastID
	d.calls[id] = c
	d.mu.Unlock()

	line := map[string]any{"id": id, "op": op}
	for k, v := range args {
		line[k] = v
	}
	b, err := json.Marshal(line)
	if err != nil {
		d.t.Fatalf("command %s: %v", c.what, err)
	}
	d.stdinMu.Lock()
	defer d.stdinMu.Unlock()
	if _, err := d.stdin.Write(append(b, '\n')); err != nil {
		d.t.Fatalf("command %s to %s: %v\n%s", c.what, d.name, err, d.stderr)
	}
	return c
}

// Do sends a command and waits for its outcome, good or bad.
func (d *Driver) Do(op string, args Args) Outcome {
	d.t.Helper()
	return d.Start(op, args).Wait(callDeadline)
}

// Must is Do for what has to succeed: it returns the value, spelled out.
func (d *Driver) Must(op string, args Args) json.RawMessage {
	d.t.Helper()
	o := d.Do(op, args)
	if o.Error != nil {
		d.t.Fatalf("%s: %s %v: %v", d.name, op, args, o.Error)
	}
	return o.OK
}

// MustFail is Do for what has to fail: it returns the error.
func (d *Driver) MustFail(op string, args Args) *Error {
	d.t.Helper()
	o := d.Do(op, args)
	if o.Error == nil {
		d.t.Fatalf("%s: %s %v: got %.200s, want an error", d.name, op, args, o.OK)
	}
	return o.Error
}

// Wait returns the outcome; the test fails if none came within the time.
func (c *Call) Wait(within time.Duration) Outcome {
	c.d.t.Helper()
	select {
	case o := <-c.outcome:
		return o
	case <-c.gone:
		c.d.t.Fatalf("%s ended during %s:\n%s", c.d.name, c.what, c.d.stderr)
	case <-time.After(within):
		c.d.t.Fatalf("%s: no outcome of %s within %v:\n%s", c.d.name, c.what, within, c.d.stderr)
	}
	return Outcome{}
}

// WaitProgress waits for a stream's first item (the command asked for it with
// the field progress).
func (c *Call) WaitProgress(within time.Duration) {
	c.d.t.Helper()
	select {
	case <-c.progress:
	case o := <-c.outcome:
		c.d.t.Fatalf("%s: %s ended before its first item: %+v", c.d.name, c.what, o)
	case <-c.gone:
		c.d.t.Fatalf("%s ended during %s:\n%s", c.d.name, c.what, c.d.stderr)
	case <-time.After(within):
		c.d.t.Fatalf("%s: no item of %s within %v", c.d.name, c.what, within)
	}
}

// StreamOutcome is the value of the op stream.
type StreamOutcome struct {
	Items []json.RawMessage
	End   string // "done", "stopped" or "error"
	Error *Error
}

// Stream decodes the value of the op stream.
func (o Outcome) Stream(t testing.TB) StreamOutcome {
	t.Helper()
	if o.Error != nil {
		t.Fatalf("stream: %v", o.Error)
	}
	var s StreamOutcome
	if err := json.Unmarshal(o.OK, &s); err != nil {
		t.Fatalf("stream: %v in %.200s", err, o.OK)
	}
	return s
}
