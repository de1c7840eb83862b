package drive

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// session is what Open has set up at a client and Run uses.
type session struct {
	peer  peers.Peer
	addr  string
	work  wire.Command // of Open
	conns []peers.Conn
	subs  *subscribers // of Pub and Push
	aside aside        // goes on beside the calls; nil: nothing
	items int          // of the next stream
}

// errUnsupported: the system has no such thing. It becomes Reply.Unsupported.
var errUnsupported = errors.New("not supported")

// do answers one command with one reply.
func (s *session) do(c wire.Command) wire.Reply {
	var r wire.Reply
	var err error
	switch c.Do {
	case wire.Open:
		r, err = s.open(c)
	case wire.Run:
		r, err = s.run(c)
	case wire.Close:
		s.close()
	case wire.Beside:
		err = s.beside(c.Beside)
	default:
		err = fmt.Errorf("no command %q", c.Do)
	}
	return answer(r, err)
}

// answer is the reply that an error makes of r.
func answer(r wire.Reply, err error) wire.Reply {
	if errors.Is(err, errUnsupported) {
		return wire.Reply{Unsupported: true}
	}
	if err != nil {
		return wire.Reply{Error: err.Error()}
	}
	return r
}

// open dials before anything is timed, and asks at once whether the system can do the
// work at all.
func (s *session) open(c wire.Command) (r wire.Reply, err error) {
	s.close()
	s.work, s.items = c, wire.FirstItems
	switch c.Work {
	case wire.Pub, wire.Push:
		if s.peer.Subscribe == nil {
			return r, errUnsupported
		}
		s.subs, err = subscribe(s.peer, c)
		if err == nil {
			r.Ready = s.subs.addr()
		}
		return r, err
	case wire.Dial:
		return r, s.dial(1) // one that works, before there are many
	case wire.IdleConns:
		n := min(c.Conns, machine.Files()-spareFiles)
		return wire.Reply{Ops: int64(n)}, s.idle(n)
	}
	if err := s.dial(c.Conns); err != nil {
		return r, err
	}
	if !able(s.conns[0], c.Work) {
		return r, errUnsupported
	}
	if c.Work == wire.IdleStreams {
		return wire.Reply{Ops: int64(c.N)}, s.idleStreams(c.N)
	}
	return r, nil
}

// beside changes what goes on beside the calls.
func (s *session) beside(what string) error {
	if len(s.conns) == 0 {
		return errors.New("beside without open")
	}
	s.alone()
	if what == "" {
		return nil
	}
	a, err := s.accompany(what)
	if err == nil {
		s.aside = a
	}
	return err
}

// alone ends what goes on beside the calls, if anything.
func (s *session) alone() {
	if s.aside != nil {
		s.aside.close()
		s.aside = nil
	}
}

// able says whether a connection can do a work.
func able(c peers.Conn, work string) (ok bool) {
	ok = true
	switch work {
	case wire.Stream:
		_, ok = c.(peers.Streamer)
	case wire.Upload:
		_, ok = c.(peers.Uploader)
	case wire.Bidi:
		_, ok = c.(peers.Duplexer)
	case wire.Bytes:
		_, ok = c.(peers.ByteEchoer)
	case wire.IdleStreams:
		_, ok = c.(peers.Idler)
	}
	return ok
}

// dial makes n connections, one after the other.
func (s *session) dial(n int) error {
	for range n {
		conn, err := s.peer.Dial(s.addr)
		if err != nil {
			return fmt.Errorf("dial %s: %w", s.addr, err)
		}
		s.conns = append(s.conns, conn)
	}
	return nil
}

// spareFiles are the descriptors that a process needs beside idle connections; some
// systems' own servers have a handful more.
const spareFiles = 100

// dialers is how many connections are begun at a time when there are thousands.
const dialers = 16

// idle dials n connections and calls once on each, so that those which connect with the
// first call do, and all have the buffers that a call leaves behind.
func (s *session) idle(n int) error {
	s.conns = make([]peers.Conn, n)
	return parallel(dialers, n, func(i int) error {
		c, err := s.peer.Dial(s.addr)
		if err != nil {
			return fmt.Errorf("dial %s, connection %d: %w", s.addr, i, err)
		}
		s.conns[i] = c
		if _, err := c.Echo(text(s.work.Size)); err != nil {
			return fmt.Errorf("echo on connection %d: %w", i, err)
		}
		return nil
	})
}

// idleStreams begins n streams, spread over the connections.
func (s *session) idleStreams(n int) error {
	return parallel(dialers, len(s.conns), func(i int) error {
		share := n / len(s.conns)
		if i < n%len(s.conns) {
			share++
		}
		return s.conns[i].(peers.Idler).Idle(share)
	})
}

// parallel calls do for 0 to n-1 on so many goroutines and returns one of the errors.
func parallel(goroutines, n int, do func(i int) error) error {
	errs := make(chan error, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < n; i += goroutines {
				if err := do(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs // nil if there is none
}

// close may be called more than once; Open begins with it. What fails here has done its
// work. Thousands are closed side by side, as some systems wait for their goroutines.
func (s *session) close() {
	s.alone()
	parallel(dialers, len(s.conns), func(i int) error {
		if s.conns[i] != nil {
			s.conns[i].Close()
		}
		return nil
	})
	s.conns = nil
	if s.subs != nil {
		s.subs.close()
		s.subs = nil
	}
}

// run does the work of Open.
func (s *session) run(c wire.Command) (wire.Reply, error) {
	if s.subs != nil {
		return s.subs.await(int64(c.N))
	}
	if len(s.conns) == 0 {
		return wire.Reply{}, errors.New("run without open")
	}
	r, err := s.calls(time.Duration(c.Millis)*time.Millisecond, c.Counts)
	if err == nil && s.aside != nil {
		err = s.aside.failed()
	}
	return r, err
}
