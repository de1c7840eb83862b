// Package extern has the peers that are not written in Go: it finds or builds their
// programs and says what to install where one is missing. The programs lie in programs/
// and speak the lines of package wire as the Go children do.
package extern

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed programs/libzmq.c
var libzmqSource []byte

//go:embed programs/libzmq_fan.c
var libzmqFanSource []byte

//go:embed programs/zerorpc_peer.py
var pythonSource []byte

//go:embed programs/zerorpc_peer.js
var nodeSource []byte

// Peer is one system under test that runs as a foreign program.
type Peer struct {
	Name  string // on the command line
	Title string // in tables
	// Prepare makes the program ready, with files of its own in dir, and returns the
	// command line that "serve" or "drive", "ADDR" is appended to. The error says what
	// to install; it wraps ErrMissing when nothing but that is wrong.
	Prepare func(env Env, dir string) (argv, environ []string, err error)
}

// ErrMissing says that something is not installed on this machine.
var ErrMissing = errors.New("not measured")

// Env says where the interpreters and their packages are. The project's set-up
// script puts them below interop.
type Env struct {
	Python      string // a Python interpreter that can import zerorpc
	NodeModules string // a node_modules folder that has zerorpc
}

// FindEnv looks for the project's interop folder from the working directory upwards;
// fields that are set already stay.
func FindEnv(e Env) Env {
	dir, err := os.Getwd()
	for err == nil {
		interop := filepath.Join(dir, "interop")
		if _, err := os.Stat(interop); err == nil {
			if e.Python == "" {
				e.Python = filepath.Join(interop, ".venv", "bin", "python")
			}
			if e.NodeModules == "" {
				e.NodeModules = filepath.Join(interop, "node", "node_modules")
			}
			return e
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	return e
}

// All lists the foreign systems in the order of the tables.
var All = []Peer{
	{Name: "libzmq", Title: "libzmq, C", Prepare: prepareLibzmq},
	{Name: "python", Title: "zerorpc-python", Prepare: preparePython},
	{Name: "node", Title: "zerorpc-node", Prepare: prepareNode},
}

// buildTime bounds the compiler and the interpreters' test imports.
const buildTime = time.Minute

func prepareLibzmq(_ Env, dir string) (argv, environ []string, err error) {
	cc, err := exec.LookPath("gcc")
	if err != nil {
		if cc, err = exec.LookPath("cc"); err != nil {
			return nil, nil, fmt.Errorf("%w (install a C compiler and libzmq3-dev)", ErrMissing)
		}
	}
	src, bin := filepath.Join(dir, "libzmq.c"), filepath.Join(dir, "libzmq")
	if err := os.WriteFile(src, libzmqSource, 0o600); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "libzmq_fan.c"), libzmqFanSource, 0o600); err != nil {
		return nil, nil, err
	}
	// Ask the preprocessor first: a missing header is not a fault of the program.
	if _, err := run(nil, cc, "-E", "-include", "zmq.h", "-x", "c", os.DevNull, "-o", os.DevNull); err != nil {
		return nil, nil, fmt.Errorf("%w (install libzmq3-dev)", ErrMissing)
	}
	if out, err := run(nil, cc, "-O2", "-o", bin, src, "-lzmq", "-lpthread"); err != nil {
		return nil, nil, fmt.Errorf("building the libzmq peer: %w\n%s", err, out)
	}
	return []string{bin}, nil, nil
}

func preparePython(env Env, dir string) (argv, environ []string, err error) {
	if out, err := run(nil, env.Python, "-c", "import zerorpc"); err != nil {
		return nil, nil, fmt.Errorf("%w (run interop/setup.sh: %s)", ErrMissing, reason(env.Python+" cannot import zerorpc", out, err))
	}
	file := filepath.Join(dir, "zerorpc_peer.py")
	if err := os.WriteFile(file, pythonSource, 0o600); err != nil {
		return nil, nil, err
	}
	return []string{env.Python, file}, nil, nil
}

func prepareNode(env Env, dir string) (argv, environ []string, err error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, nil, fmt.Errorf("%w (install node and run interop/setup.sh)", ErrMissing)
	}
	environ = []string{"NODE_PATH=" + env.NodeModules}
	if out, err := run(environ, node, "-e", "require('zerorpc')"); err != nil {
		return nil, nil, fmt.Errorf("%w (run interop/setup.sh: %s)", ErrMissing, reason("node cannot load zerorpc", out, err))
	}
	file := filepath.Join(dir, "zerorpc_peer.js")
	if err := os.WriteFile(file, nodeSource, 0o600); err != nil {
		return nil, nil, err
	}
	return []string{node, file}, environ, nil
}

// run runs a tool and returns what it printed.
func run(environ []string, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), environ...)
	return cmd.CombinedOutput()
}

// reason is a tool's failure in one line: the tool's own last words, if any.
func reason(what string, out []byte, err error) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return what + ": " + last
	}
	return fmt.Sprintf("%s: %v", what, err)
}
