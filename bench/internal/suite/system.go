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
	// Apart: it does only the works that name it, see apart.go.
	Apart bool
	// Learns: a program of it is compiled while it runs, by its own calls.
	Learns bool
	server func() *exec.Cmd
	client func(addr string) *exec.Cmd
}

// ours is the system that the benchmark is about.
const ours = "zrpc"

// learning are the peers whose programs are compiled while they run. CPython's are not.
var learning = []string{"node"}

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
	for _, p := range apart {
		names = append(names, p.name)
	}
	return names
}

// Skipped is a system that cannot be measured here, and why.
type Skipped struct {
	Name, Title, Reason string
}

// Prepare makes the named systems ready (all of them if names is empty), with files
// in dir, as far as the works have something for them. Systems whose programs are not
// installed are returned apart; an unknown name is an error.
func Prepare(names []string, works []Work, env extern.Env, dir string) (systems []System, skipped []Skipped, err error) {
	all := Names()
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, nil, fmt.Errorf("no peer %q; there are %s", n, strings.Join(all, ", "))
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	own := programs{self: self, env: env, dir: dir}
	add := func(s System, server, client string) {
		busy := slices.ContainsFunc(works, func(w Work) bool { return w.Does(s) })
		if !busy || len(names) > 0 && !slices.Contains(names, s.Name) {
			return
		}
		s.Learns = slices.Contains(learning, server) || slices.Contains(learning, client)
		if s.server, err = own.server(server); err == nil {
			s.client, err = own.client(client)
		}
		if err != nil {
			skipped = append(skipped, Skipped{s.Name, s.Title, err.Error()})
			return
		}
		systems = append(systems, s)
	}
	for _, p := range peers.All {
		add(System{Name: p.Name, Title: p.Title}, p.Name, p.Name)
	}
	for _, p := range extern.All {
		add(System{Name: p.Name, Title: p.Title}, p.Name, p.Name)
	}
	for _, p := range apart {
		add(System{Name: p.name, Title: p.title, Apart: true}, p.server, p.client)
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
