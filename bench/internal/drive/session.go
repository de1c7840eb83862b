package drive

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/stats"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// session is what Open has set up and Run uses.
type session struct {
	peer  peers.Peer
	addr  string
	work  wire.Command // of Open
	conns []peers.Conn
	items int // of the next stream
}

// errUnsupported: the system has no such thing. It becomes Reply.Unsupported.
var errUnsupported = errors.New("not supported")

// do answers one command with one reply.
func (s *session) do(c wire.Command) wire.Reply {
	var r wire.Reply
	var err error
	switch c.Do {
	case wire.Open:
		err = s.open(c)
	case wire.Run:
		r, err = s.run(time.Duration(c.Millis) * time.Millisecond)
	case wire.Close:
		s.close()
	default:
		err = fmt.Errorf("no command %q", c.Do)
	}
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
func (s *session) open(c wire.Command) error {
	s.close()
	s.work, s.items = c, wire.FirstItems
	for range c.Conns {
		conn, err := s.peer.Dial(s.addr)
		if err != nil {
			return fmt.Errorf("dial %s: %w", s.addr, err)
		}
		s.conns = append(s.conns, conn)
	}
	ok := true
	switch c.Work {
	case wire.Stream:
		_, ok = s.conns[0].(peers.Streamer)
	case wire.Bytes:
		_, ok = s.conns[0].(peers.ByteEchoer)
	}
	if !ok {
		return errUnsupported
	}
	return nil
}

// close may be called more than once; Open begins with it.
func (s *session) close() {
	for _, c := range s.conns {
		c.Close() // an error here is the end of a connection that has done its work
	}
	s.conns = nil
}

// worker is one of the callers of a run.
type worker struct {
	hist stats.Hist
	ops  int64
	err  error
}

// run starts the callers, lets them go on for d and waits for the calls under way then.
// The time of those last calls counts, and so do they. One caller's error stops all.
func (s *session) run(d time.Duration) (wire.Reply, error) {
	if len(s.conns) == 0 {
		return wire.Reply{}, errors.New("run without open")
	}
	// One goroutine a connection does all of a pipeline or of a stream; calls have one
	// goroutine for each in flight, as a program's own callers would.
	callers := s.work.Inflight
	_, pipelined := s.conns[0].(peers.Pipeliner)
	pipelined = pipelined && callers > 1
	if pipelined || s.work.Work == wire.Stream {
		callers = 1
	}
	ws := make([]worker, len(s.conns)*callers)
	var stop atomic.Bool
	var wg sync.WaitGroup
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	defer timer.Stop()
	start := time.Now()
	for i := range ws {
		w, c := &ws[i], s.conns[i%len(s.conns)]
		wg.Go(func() {
			switch {
			case s.work.Work == wire.Stream:
				w.ops, w.err = s.stream(c.(peers.Streamer), &stop)
			case s.work.Work == wire.Bytes:
				w.err = w.bytes(c.(peers.ByteEchoer), s.work.Size, &stop)
			case pipelined:
				w.ops, w.err = c.(peers.Pipeliner).Pipeline(text(s.work.Size), s.work.Inflight, &stop)
			default:
				w.err = w.echo(c, text(s.work.Size), &stop)
			}
			if w.err != nil {
				stop.Store(true)
			}
		})
	}
	wg.Wait()
	return summary(ws, time.Since(start))
}

// summary adds up the workers.
func summary(ws []worker, took time.Duration) (wire.Reply, error) {
	r := wire.Reply{Seconds: took.Seconds()}
	all := &ws[0].hist
	for i := range ws {
		if ws[i].err != nil {
			return wire.Reply{}, ws[i].err
		}
		r.Ops += ws[i].ops
		if i > 0 {
			all.Merge(&ws[i].hist)
		}
	}
	µs := func(q float64) float64 { return float64(all.Quantile(q)) / 1e3 }
	r.P50, r.P99, r.P999 = µs(0.5), µs(0.99), µs(0.999)
	return r, nil
}

// text is the string of n bytes that is echoed.
func text(n int) string { return strings.Repeat("0123456789", n/10+1)[:n] }

// echo reads the clock once a call: the end of one is the beginning of the next.
func (w *worker) echo(c peers.Conn, s string, stop *atomic.Bool) error {
	for t0 := time.Now(); !stop.Load(); {
		got, err := c.Echo(s)
		if err != nil {
			return fmt.Errorf("echo: %w", err)
		}
		if got != s {
			return fmt.Errorf("echo of %q is %q", s, got)
		}
		t1 := time.Now()
		w.hist.Add(t1.Sub(t0))
		t0 = t1
		w.ops++
	}
	return nil
}

// bytes sends content that no encoding can shorten or take for text.
func (w *worker) bytes(c peers.ByteEchoer, size int, stop *atomic.Bool) error {
	p := bytes.Repeat([]byte{0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff}, size/8)
	for t0 := time.Now(); !stop.Load(); {
		got, err := c.EchoBytes(p)
		if err != nil {
			return fmt.Errorf("echo of %d bytes: %w", len(p), err)
		}
		// Comparing it all would cost as much as some transports do.
		if n := len(p); len(got) != n || !bytes.Equal(got[n-8:], p[n-8:]) {
			return fmt.Errorf("echo of %d bytes has %d bytes or another end", n, len(got))
		}
		t1 := time.Now()
		w.hist.Add(t1.Sub(t0))
		t0 = t1
		w.ops++
	}
	return nil
}

// stream reads one stream after another; see wire.Stream for their length.
func (s *session) stream(c peers.Streamer, stop *atomic.Bool) (ops int64, err error) {
	for !stop.Load() {
		t0 := time.Now()
		n, err := c.Stream(s.items)
		ops += int64(n)
		if err != nil {
			return ops, fmt.Errorf("stream, item %d of %d: %w", n, s.items, err)
		}
		if n != s.items {
			return ops, fmt.Errorf("stream ended after %d of %d items", n, s.items)
		}
		if time.Since(t0) < wire.GrowMillis*time.Millisecond && s.items < wire.MaxItems {
			s.items *= 2
		}
	}
	return ops, nil
}
