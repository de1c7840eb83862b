// Package drive is the child side of the benchmark for systems written in Go: it
// runs a peer's server or its client as the commands on standard input say (see wire).
package drive

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// Serve runs a server of p on addr until in ends.
func Serve(p peers.Peer, addr string, in io.Reader, out io.Writer) error {
	actual, err := p.Serve(addr)
	if err != nil {
		return say(out, wire.Reply{Error: fmt.Sprintf("serve on %s: %v", addr, err)})
	}
	s := server{peer: p}
	defer s.close()
	return obey(in, out, wire.Reply{Ready: actual}, s.do)
}

// Drive runs a client of p against the server at addr until in ends.
func Drive(p peers.Peer, addr string, in io.Reader, out io.Writer) error {
	s := session{peer: p, addr: addr}
	defer s.close()
	return obey(in, out, wire.Reply{Ready: addr}, s.do)
}

// restTime is long enough for ticks of a fraction of a second, after which a system may
// give back what an idle connection does not need.
const restTime = 500 * time.Millisecond

// obey says ready and answers commands, those about the process here and the others
// by do.
func obey(in io.Reader, out io.Writer, ready wire.Reply, do func(wire.Command) wire.Reply) error {
	if err := say(out, ready); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var c wire.Command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return fmt.Errorf("command %q: %w", lines.Bytes(), err)
		}
		var r wire.Reply
		switch c.Do {
		case wire.Usage:
			r = usage()
		case wire.Collect:
			time.Sleep(restTime)
			debug.FreeOSMemory() // collects garbage first
		case wire.Procs:
			runtime.GOMAXPROCS(c.N)
		default:
			r = do(c)
		}
		if err := say(out, r); err != nil {
			return err
		}
	}
	return lines.Err()
}

// usage is read at the edges of a run. Reading stops the world for some µs, outside
// the time that the run measures.
func usage() wire.Reply {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return wire.Reply{
		CPU: float64(machine.CPUTime().Nanoseconds()) / 1e3,
		Go:  true, Mallocs: m.Mallocs, Bytes: m.TotalAlloc,
	}
}

func say(out io.Writer, r wire.Reply) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = out.Write(append(b, '\n'))
	return err
}
