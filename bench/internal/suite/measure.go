package suite

import (
	"errors"
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/machine"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// measure does the work for warming up, and once for the figures.
func (r *runner) measure(p *pair, w Work, settles bool) (s Sample, err error) {
	if w.Pinned {
		if err := r.pin(p, machine.Pin, 1); err != nil {
			return s, err
		}
		defer func() {
			if e := r.pin(p, machine.Unpin, r.Procs); err == nil {
				err = e
			}
		}()
	}
	// Connections are made for each work and stay through warm-up and run: both see the
	// same buffers, windows and learnt behaviour.
	var run func(time.Duration) (wire.Reply, error)
	switch {
	case w.idle():
		s, err = r.held(p, w)
	case w.fans():
		run, err = openFan(p, w)
	default:
		open := w.open
		open.Do = wire.Open
		_, err = p.client.ask(open)
		run = func(d time.Duration) (wire.Reply, error) {
			return p.client.ask(wire.Command{Do: wire.Run, Millis: millis(d)})
		}
	}
	if err == nil && run != nil {
		err = r.warm(run, settles)
		if err == nil {
			s, err = r.timed(p, run, r.Time*time.Duration(w.long()))
		}
	}
	s.Size = w.open.Size
	if err != nil && !errors.Is(err, errUnsupported) {
		return s, err
	}
	if _, e := p.client.ask(wire.Command{Do: wire.Close, Millis: millis(holdTime)}); e != nil {
		return s, e
	}
	if w.fans() {
		if _, e := p.server.ask(wire.Command{Do: wire.Close}); e != nil && !errors.Is(e, errUnsupported) {
			return s, e
		}
	}
	return s, err
}

// openFan opens both ends of Pub and Push and returns how to run them; see wire.Fan.
func openFan(p *pair, w Work) (func(time.Duration) (wire.Reply, error), error) {
	open := w.open
	open.Do = wire.Open
	at, err := p.server.ask(open)
	if err != nil {
		return nil, err
	}
	open.Addr = at.Ready
	receipts, err := p.client.ask(open)
	if err != nil {
		return nil, err
	}
	return func(d time.Duration) (r wire.Reply, err error) {
		sent, err := p.server.ask(wire.Command{Do: wire.Run, Millis: millis(d), Size: w.open.Size,
			Addr: receipts.Ready, Window: w.open.Window})
		if err != nil {
			return r, err
		}
		r, err = p.client.ask(wire.Command{Do: wire.Run, N: int(sent.Ops)})
		r.Seconds += sent.Seconds
		return r, err
	}, nil
}

// holdTime is what opening or closing thousands of connections may take.
const holdTime = time.Minute

// held measures how much memory idle connections or streams need at either side. It
// is the difference of the processes' sizes, so new processes make the best figure.
func (r *runner) held(p *pair, w Work) (s Sample, err error) {
	sizes := func() (kib [2]float64, err error) {
		for i, c := range p.both() {
			if _, err := c.ask(wire.Command{Do: wire.Collect}); err != nil {
				return kib, err
			}
			var ok bool
			if kib[i], ok = machine.Memory(c.cmd.Process.Pid); !ok {
				return kib, fmt.Errorf("%s: the size of its memory cannot be read", c.name)
			}
		}
		return kib, nil
	}
	before, err := sizes()
	if err != nil {
		return s, err
	}
	open := w.open
	open.Do, open.Millis = wire.Open, millis(holdTime)
	start := time.Now()
	got, err := p.client.ask(open)
	if err != nil {
		return s, err
	}
	s.Seconds, s.Ops = time.Since(start).Seconds(), got.Ops
	if got.Ops <= 0 {
		return s, fmt.Errorf("%s: nothing is held", p.client.name)
	}
	after, err := sizes()
	if err != nil {
		return s, err
	}
	s.ServerKiB = (after[0] - before[0]) / float64(got.Ops)
	s.ClientKiB = (after[1] - before[1]) / float64(got.Ops)
	return s, nil
}

func millis(d time.Duration) int { return max(1, int(d.Milliseconds())) }

// pin sets where both processes may run and how many threads of Go at once.
func (r *runner) pin(p *pair, set func(pid int) error, procs int) error {
	for _, c := range p.both() {
		if _, err := c.ask(wire.Command{Do: wire.Procs, N: procs}); err != nil {
			return err
		}
		if err := set(c.cmd.Process.Pid); err != nil {
			return err
		}
	}
	return nil
}
