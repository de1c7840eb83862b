package drive

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/stats"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// worker is one of the callers of a run.
type worker struct {
	hist   stats.Hist
	ops    int64
	lost   int64         // items that never came
	waited time.Duration // for items that were lost
	err    error
}

// calls starts the callers, lets them go on for d and waits for the calls under way
// then. The time of those last calls counts, and so do they. Each makes one at the least,
// also where others have kept it from the CPU all that time: there is always a figure.
// One caller's error stops all. The reply has its latencies one by one if counts is set.
func (s *session) calls(d time.Duration, counts bool) (wire.Reply, error) {
	var stop atomic.Bool
	start := time.Now()
	callers, do := s.job(start, d)
	conns := s.conns
	if s.work.Work == wire.Dial {
		callers = s.work.Conns // of the one connection, which they leave alone
	}
	ws := make([]worker, len(conns)*callers)
	var wg sync.WaitGroup
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	defer timer.Stop()
	for i := range ws {
		w, c := &ws[i], conns[i%len(conns)]
		wg.Go(func() {
			if w.err = do(w, c, &stop); w.err != nil {
				stop.Store(true)
			}
		})
	}
	wg.Wait()
	r, err := summary(ws, time.Since(start))
	if counts && err == nil {
		r.Counts = ws[0].hist.Counts()
	}
	return r, err
}

// job is what each of so many goroutines a connection does. One does all of a pipeline
// or of a stream; calls have one for each in flight, as a program's own callers would.
func (s *session) job(start time.Time, d time.Duration) (callers int, do func(*worker, peers.Conn, *atomic.Bool) error) {
	_, pipelined := s.conns[0].(peers.Pipeliner)
	callers = s.work.Inflight
	switch s.work.Work {
	case wire.Stream:
		return 1, func(w *worker, c peers.Conn, stop *atomic.Bool) error {
			if l, ok := c.(peers.LossyStreamer); ok {
				return w.lossy(l, stop)
			}
			return s.streams(w, c.(peers.Streamer).Stream, stop)
		}
	case wire.Upload:
		return 1, func(w *worker, c peers.Conn, stop *atomic.Bool) error {
			return s.streams(w, c.(peers.Uploader).Upload, stop)
		}
	case wire.Bidi:
		return 1, func(w *worker, c peers.Conn, stop *atomic.Bool) error {
			return s.streams(w, c.(peers.Duplexer).Bidi, stop)
		}
	case wire.Dial:
		return callers, func(w *worker, _ peers.Conn, stop *atomic.Bool) error { return w.dials(s, stop) }
	case wire.Bytes:
		return callers, func(w *worker, c peers.Conn, stop *atomic.Bool) error {
			if l, ok := c.(peers.Lender); ok && s.work.Lent {
				return w.bytes(l.EchoLent, s.work.Size, stop)
			}
			e := c.(peers.ByteEchoer)
			return w.bytes(func(p []byte) ([]byte, func(), error) {
				got, err := e.EchoBytes(p)
				return got, func() {}, err
			}, s.work.Size, stop)
		}
	}
	msg := text(s.work.Size)
	switch {
	case s.work.Rate > 0:
		if pipelined {
			callers = 1 // its connections are for one goroutine
		}
		due := schedule(start, d, s.work.Rate)
		return callers, func(w *worker, c peers.Conn, stop *atomic.Bool) error {
			return w.onTime(c, msg, due, start.Add(2*d))
		}
	case pipelined && callers > 1:
		return 1, func(w *worker, c peers.Conn, stop *atomic.Bool) (err error) {
			w.ops, err = c.(peers.Pipeliner).Pipeline(msg, s.work.Inflight, stop)
			return err
		}
	}
	return callers, func(w *worker, c peers.Conn, stop *atomic.Bool) error { return w.echo(c, msg, stop) }
}

// summary adds up the workers, their latencies in the first one's histogram.
func summary(ws []worker, took time.Duration) (wire.Reply, error) {
	r := wire.Reply{Seconds: took.Seconds()}
	all := &ws[0].hist
	for i := range ws {
		if ws[i].err != nil {
			return wire.Reply{}, ws[i].err
		}
		r.Ops += ws[i].ops
		r.Lost += ws[i].lost
		r.Seconds -= ws[i].waited.Seconds() / float64(len(ws)) // which waited side by side
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

// once calls and checks the answer.
func once(c peers.Conn, s string) error {
	got, err := c.Echo(s)
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	if got != s {
		return fmt.Errorf("echo of %q is %q", s, got)
	}
	return nil
}

// echo reads the clock once a call: the end of one is the beginning of the next.
func (w *worker) echo(c peers.Conn, s string, stop *atomic.Bool) error {
	for t0, more := time.Now(), true; more; more = !stop.Load() {
		if err := once(c, s); err != nil {
			return err
		}
		t1 := time.Now()
		w.hist.Add(t1.Sub(t0))
		t0 = t1
		w.ops++
	}
	return nil
}

// bytes sends content that no encoding can shorten or take for text.
func (w *worker) bytes(echo func(p []byte) ([]byte, func(), error), size int, stop *atomic.Bool) error {
	p := bytes.Repeat([]byte{0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff}, size/8+1)[:size]
	tail := min(size, 8)
	for t0, more := time.Now(), true; more; more = !stop.Load() {
		got, done, err := echo(p)
		if err != nil {
			return fmt.Errorf("echo of %d bytes: %w", len(p), err)
		}
		// Comparing it all would cost as much as some transports do.
		if n := len(p); len(got) != n || !bytes.Equal(got[n-tail:], p[n-tail:]) {
			return fmt.Errorf("echo of %d bytes has %d bytes or another end", n, len(got))
		}
		done()
		t1 := time.Now()
		w.hist.Add(t1.Sub(t0))
		t0 = t1
		w.ops++
	}
	return nil
}

// dials makes one connection after another, with a call on each.
func (w *worker) dials(s *session, stop *atomic.Bool) error {
	for t0, more := time.Now(), true; more; more = !stop.Load() {
		c, err := s.peer.Dial(s.addr)
		if err != nil {
			return fmt.Errorf("dial %s: %w", s.addr, err)
		}
		err = once(c, text(s.work.Size))
		c.Close() // it has done its work
		if err != nil {
			return err
		}
		t1 := time.Now()
		w.hist.Add(t1.Sub(t0))
		t0 = t1
		w.ops++
	}
	return nil
}
