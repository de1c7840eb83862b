package suite

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

const (
	// startTime bounds a child's start: an interpreter on a busy machine takes seconds.
	startTime = 30 * time.Second
	// answerTime is what a command may take beyond the time that it names itself.
	answerTime = 30 * time.Second
	// endTime is how long a child may go on after its standard input was closed.
	endTime = 3 * time.Second
	// keepStderr is how much of a child's last words an error quotes.
	keepStderr = 600
)

// errUnsupported says that a system has no such thing; it is no failure.
var errUnsupported = errors.New("the system has no such thing")

// child is a server or client process. One goroutine at a time may use it.
type child struct {
	name    string // for errors: "grpc client"
	cmd     *exec.Cmd
	in      io.WriteCloser
	replies chan wire.Reply // closed when the process has ended and all it said was read
	stderr  tail
}

// start runs a program and waits for its Ready line, which it returns.
func start(name string, cmd *exec.Cmd, procs int) (c *child, ready string, err error) {
	c = &child{name: name, cmd: cmd, replies: make(chan wire.Reply, 1)}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(procs))
	cmd.Stderr = &c.stderr
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", name, err)
	}
	go c.attend(out)
	r, err := c.wait(startTime)
	if err != nil {
		c.stop()
		return nil, "", fmt.Errorf("start %s: %w", name, err)
	}
	return c, r.Ready, nil
}

// attend passes the replies on until the child's output ends, and then waits for its
// end. Commands are answered one by one, so the channel's single place never makes it
// wait in good order.
//
// A process that dies closes its outputs one after the other, and its errors are read by
// another goroutine than its replies. Only Wait knows that both were read to the end: an
// error that quoted the last words at the end of the replies would often miss them.
func (c *child) attend(out io.Reader) {
	defer close(c.replies)
	defer c.cmd.Wait() // how it ended is of no interest
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r wire.Reply
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			r.Error = fmt.Sprintf("said %q, which is no reply", lines.Bytes())
		}
		c.replies <- r
	}
}

// ask sends a command and returns the reply. An error other than errUnsupported
// leaves the child in an unknown state: it should be stopped.
func (c *child) ask(cmd wire.Command) (wire.Reply, error) {
	b, err := json.Marshal(cmd)
	if err != nil {
		return wire.Reply{}, err
	}
	// A command that cannot be written was for a process that has ended, or is about to:
	// waiting for its reply tells why.
	_, broken := c.in.Write(append(b, '\n'))
	r, err := c.wait(answerTime + time.Duration(cmd.Millis)*time.Millisecond)
	if err == nil && broken != nil {
		err = broken
	}
	if err != nil && !errors.Is(err, errUnsupported) {
		err = fmt.Errorf("%s: %s: %w", c.name, cmd.Do, err)
	}
	return r, err
}

// wait waits for one reply and turns what went wrong into an error that quotes the
// child's last words: they name the reason better than any exit code.
func (c *child) wait(d time.Duration) (wire.Reply, error) {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	select {
	case r, ok := <-c.replies:
		switch {
		case !ok:
			return r, fmt.Errorf("the process ended%s", c.stderr.quote())
		case r.Unsupported:
			return r, errUnsupported
		case r.Error != "":
			return r, fmt.Errorf("%s%s", r.Error, c.stderr.quote())
		}
		return r, nil
	case <-timeout.C:
		return wire.Reply{}, fmt.Errorf("no answer within %v%s", d, c.stderr.quote())
	}
}

// stop ends the process and waits for it: first by closing its standard input, then,
// should it not listen, by force.
func (c *child) stop() {
	c.in.Close()
	kill := time.AfterFunc(endTime, func() { c.cmd.Process.Kill() })
	defer kill.Stop()
	for range c.replies {
	}
}

// tail keeps the end of what is written to it. It may be used concurrently.
type tail struct {
	mu  sync.Mutex
	buf []byte // mu
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if n := len(t.buf) - keepStderr; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
	return len(p), nil
}

// quote is the content as the end of an error message, empty if there is none.
func (t *tail) quote() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.TrimSpace(string(t.buf))
	if s == "" {
		return ""
	}
	return "; its last words: " + s
}
