package suite

import (
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/zrpc-go/zrpc/bench/internal/extern"
	"github.com/zrpc-go/zrpc/bench/internal/peers"
)

// programs finds the programs that systems are made of, by the peers' names. Those that
// are not written in Go are prepared once, with files in dir.
type programs struct {
	self  string // this program, which plays all that are written in Go
	env   extern.Env
	dir   string
	ready map[string]foreign
}

// foreign is the outcome of preparing a foreign program.
type foreign struct {
	argv, environ []string
	err           error
}

// server returns how to start a peer's server.
func (p *programs) server(name string) (func() *exec.Cmd, error) {
	if _, ok := peers.Find(name); ok {
		return func() *exec.Cmd { return exec.Command(p.self, Self, "serve", name, listenOn) }, nil
	}
	f := p.prepare(name)
	return func() *exec.Cmd { return f.command("serve") }, f.err
}

// client returns how to start a peer's client.
func (p *programs) client(name string) (func(addr string) *exec.Cmd, error) {
	if _, ok := peers.Find(name); ok {
		return func(addr string) *exec.Cmd { return exec.Command(p.self, Self, "drive", name, addr) }, nil
	}
	f := p.prepare(name)
	return func(addr string) *exec.Cmd { return f.command("drive", addr) }, f.err
}

func (p *programs) prepare(name string) foreign {
	if f, ok := p.ready[name]; ok {
		return f
	}
	f := foreign{err: fmt.Errorf("no peer %q", name)}
	if i := slices.IndexFunc(extern.All, func(e extern.Peer) bool { return e.Name == name }); i >= 0 {
		f.argv, f.environ, f.err = extern.All[i].Prepare(p.env, p.dir)
	}
	if p.ready == nil {
		p.ready = map[string]foreign{}
	}
	p.ready[name] = f
	return f
}

func (f foreign) command(args ...string) *exec.Cmd {
	cmd := exec.Command(f.argv[0], append(slices.Clone(f.argv[1:]), args...)...)
	cmd.Env = append(os.Environ(), f.environ...)
	return cmd
}
