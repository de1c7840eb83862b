package suite

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/zrpc-go/zrpc/bench/internal/extern"
	"github.com/zrpc-go/zrpc/bench/internal/peers"
)

// Self is the word on the command line that turns this program into a child:
// bench child serve|drive PEER ADDR
const Self = "child"

// System is one thing to measure: a server program and a client program.
type System struct {
	Name, Title string
	server      func() *exec.Cmd
	client      func(addr string) *exec.Cmd
}

// listenOn lets the kernel choose the port, so that two benchmarks never meet.
const listenOn = "127.0.0.1:0"

// Names lists every system that there is, in the order of the tables.
func Names() []string {
	var names []string
	for _, p := range peers.All {
		names = append(names, p.Name)
	}
	// libzmq stands beside go-zeromq's sockets, which the Go list ends with, and the
	// real zerorpc peers end the table.
	for _, p := range extern.All {
		names = append(names, p.Name)
	}
	return names
}

// Skipped is a system that cannot be measured here, and why.
type Skipped struct {
	Name, Title, Reason string
}

// Prepare makes the named systems ready (all of them if names is empty), with files
// in dir. Systems whose programs are not installed are returned apart; an unknown
// name is an error.
func Prepare(names []string, env extern.Env, dir string) (systems []System, skipped []Skipped, err error) {
	all := Names()
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, nil, fmt.Errorf("no peer %q; there are %s", n, strings.Join(all, ", "))
		}
	}
	wanted := func(n string) bool { return len(names) == 0 || slices.Contains(names, n) }
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	for _, p := range peers.All {
		if wanted(p.Name) {
			systems = append(systems, System{
				Name: p.Name, Title: p.Title,
				server: func() *exec.Cmd { return exec.Command(self, Self, "serve", p.Name, listenOn) },
				client: func(addr string) *exec.Cmd { return exec.Command(self, Self, "drive", p.Name, addr) },
			})
		}
	}
	for _, p := range extern.All {
		if !wanted(p.Name) {
			continue
		}
		argv, environ, err := p.Prepare(env, dir)
		if err != nil {
			skipped = append(skipped, Skipped{p.Name, p.Title, err.Error()})
			continue
		}
		command := func(args ...string) *exec.Cmd {
			cmd := exec.Command(argv[0], append(slices.Clone(argv[1:]), args...)...)
			cmd.Env = append(os.Environ(), environ...)
			return cmd
		}
		systems = append(systems, System{
			Name: p.Name, Title: p.Title,
			server: func() *exec.Cmd { return command("serve") },
			client: func(addr string) *exec.Cmd { return command("drive", addr) },
		})
	}
	return systems, skipped, nil
}

// pair is a running server and its client.
type pair struct {
	server, client *child
}

// startPair starts both processes of a system.
func startPair(s System, procs int) (*pair, error) {
	server, addr, err := start(s.Name+" server", s.server(), procs)
	if err != nil {
		return nil, err
	}
	client, _, err := start(s.Name+" client", s.client(addr), procs)
	if err != nil {
		server.stop()
		return nil, err
	}
	return &pair{server, client}, nil
}

func (p *pair) stop() {
	p.client.stop() // first, so that no server logs lost clients
	p.server.stop()
}

// both lists the two processes, for what is done to each.
func (p *pair) both() []*child { return []*child{p.server, p.client} }
