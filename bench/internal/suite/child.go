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
	replies chan wire.Reply // closed when the child's output ends
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
	go c.read(out)
	r, err := c.wait(startTime)
	if err != nil {
		c.stop()
		return nil, "", fmt.Errorf("start %s: %w", name, err)
	}
	return c, r.Ready, nil
}

// read passes the replies on until the child's output ends. Commands are answered one
// by one, so the channel's single place never makes it wait in good order.
func (c *child) read(out io.Reader) {
	defer close(c.replies)
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
	if _, err := c.in.Write(append(b, '\n')); err != nil {
		return wire.Reply{}, fmt.Errorf("%s: %s: %w%s", c.name, cmd.Do, err, c.stderr.quote())
	}
	r, err := c.wait(answerTime + time.Duration(cmd.Millis)*time.Millisecond)
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
	for range c.replies { // Wait may be called only after the output was read
	}
	c.cmd.Wait() // how it ended is of no interest any more
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
