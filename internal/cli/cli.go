package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// Exit codes. They are listed in the help, and scripts rely on them.
const (
	exitOK          = 0
	exitRemote      = 1   // the remote method failed, or its result cannot be printed
	exitUsage       = 2   // as argparse
	exitTimeout     = 3   // no answer in time
	exitLost        = 4   // the remote's heartbeats stopped, or its connection ended
	exitUnavailable = 5   // no connection, or an address that cannot be used
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// Env is what the command needs of the process. It is used by one Main at a time.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer // results only
	Stderr io.Writer // everything else

	// Signals, when set, stands in for the process's SIGINT and SIGTERM.
	Signals <-chan os.Signal
}

// System is the Env of the running process.
func System() *Env { return &Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr} }

// Main runs one command line, without the program's name, and returns the exit code.
func Main(args []string, env *Env) int {
	e := *env
	e.Stderr = &lockedWriter{w: env.Stderr} // log lines come from other goroutines
	if len(args) > 0 {
		for _, s := range subcommands() {
			if s.name == args[0] {
				return s.run(&e, args[1:])
			}
		}
		if slices.Contains(reserved, args[0]) {
			return e.usageError(usagef("this version has no %s; to call a method of that name, write --client before it", args[0]))
		}
	}
	o, help, err := Parse(args)
	switch {
	case help:
		fmt.Fprint(e.Stdout, helpText())
		return exitOK
	case err != nil:
		return e.usageError(err)
	case len(o.Bind)+len(o.Connect) == 0 || o.Server && o.Command == "":
		// zerorpc shows the help on standard output here, and so must this; its code is -1.
		fmt.Fprint(e.Stdout, helpText())
		return exitUsage
	case o.Server:
		return e.server(o)
	}
	return e.client(o)
}

// usageError shows what is wrong with the command line.
func (e *Env) usageError(err error) int {
	fmt.Fprintf(e.Stderr, "%szrpc: error: %v\n", usage(), err)
	return exitUsage
}

// linker is the part of clients and servers that endpoints are given to.
type linker interface {
	Bind(endpoint string) (string, error)
	Connect(endpoint string) error
}

// link binds and connects as the options say, telling each on standard error as zerorpc does.
func (e *Env) link(l linker, o *Options) error {
	for _, endpoint := range o.Bind {
		fmt.Fprintf(e.Stderr, "binding to \"%s\"\n", endpoint)
		actual, err := l.Bind(endpoint)
		if err != nil {
			return &addressError{"bind", endpoint, err}
		}
		if strings.HasSuffix(endpoint, ":*") || strings.HasSuffix(endpoint, ":0") {
			fmt.Fprintf(e.Stderr, "bound to \"%s\"\n", actual) // nobody else knows the port
		}
	}
	for _, endpoint := range o.Connect {
		fmt.Fprintf(e.Stderr, "connecting to \"%s\"\n", endpoint)
		if err := l.Connect(endpoint); err != nil {
			return &addressError{"connect", endpoint, err}
		}
	}
	return nil
}

// lockedWriter makes each Write one piece.
type lockedWriter struct {
	mu sync.Mutex // guards w
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
