package drive

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// publisher is the server's side of Pub and Push; see wire.Fan. One goroutine uses it;
// probe runs beside it until the first run.
type publisher struct {
	out     peers.Emitter
	stop    chan struct{} // closed: no more probes; nil after that
	stopped chan struct{} // closed by probe
	acks    net.Conn      // the receipts; nil without a window
}

// publish opens a publisher and begins to send probes.
func publish(p peers.Peer, c wire.Command) (*publisher, string, error) {
	if p.Publish == nil || (c.Work != wire.Pub && c.Work != wire.Push) {
		return nil, "", errUnsupported
	}
	out, addr, err := p.Publish("127.0.0.1:0", c.Work == wire.Push)
	if errors.Is(err, peers.ErrNone) {
		return nil, "", errUnsupported
	}
	if err != nil {
		return nil, "", fmt.Errorf("publish: %w", err)
	}
	b := &publisher{out: out, stop: make(chan struct{}), stopped: make(chan struct{})}
	go b.probe(b.stop)
	return b, addr, nil
}

// probe sends probes until it is told to stop. A pusher's Emit may wait for a puller;
// the client's side connects them before it asks for anything else.
func (b *publisher) probe(stop <-chan struct{}) {
	defer close(b.stopped)
	tick := time.NewTicker(wire.ProbeMillis * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			b.out.Emit(make([]byte, wire.ProbeSize)) // one that fails is followed by others
			b.out.Flush()
		}
	}
}

// quiet ends the probes.
func (b *publisher) quiet() {
	if b.stop != nil {
		close(b.stop)
		<-b.stopped
		b.stop = nil
	}
}

// run publishes for the command's time and replies how many messages that were.
func (b *publisher) run(c wire.Command) (r wire.Reply, err error) {
	b.quiet()
	if c.Window > 0 && b.acks == nil {
		if b.acks, err = net.Dial("tcp", c.Addr); err != nil {
			return r, fmt.Errorf("receipts: %w", err)
		}
	}
	msg := []byte(text(c.Size))
	start := time.Now()
	end := start.Add(time.Duration(c.Millis) * time.Millisecond)
	// The clock is read once in ReceiptEvery messages, so the count is a multiple of it.
	for sent, received := int64(0), int64(0); ; {
		for range wire.ReceiptEvery {
			if err := b.out.Emit(msg); err != nil {
				return r, fmt.Errorf("emit: %w", err)
			}
		}
		sent += wire.ReceiptEvery
		ok := true
		if c.Window > 0 && sent-received > int64(c.Window)-wire.ReceiptEvery {
			received, ok, err = b.receipts(received)
			if err != nil {
				return r, err
			}
		}
		if !ok || time.Now().After(end) {
			r.Ops = sent
			break
		}
	}
	if err := b.out.Flush(); err != nil {
		return r, fmt.Errorf("flush: %w", err)
	}
	r.Seconds = time.Since(start).Seconds()
	return r, nil
}

// receipts waits for some and returns the new sum. None for a while, which is not ok,
// means that messages were lost, and ends the run: the client will count them.
func (b *publisher) receipts(received int64) (sum int64, ok bool, err error) {
	var buf [64]byte
	b.acks.SetReadDeadline(time.Now().Add(wire.QuietMillis * time.Millisecond))
	n, err := b.acks.Read(buf[:])
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return received, false, nil
	}
	if err != nil {
		return received, false, fmt.Errorf("receipts: %w", err)
	}
	return received + int64(n)*wire.ReceiptEvery, true, nil
}

// drain forgets the receipts of the last run, which came after it had ended.
func (b *publisher) drain() {
	if b.acks != nil {
		b.acks.Close()
		b.acks = nil
	}
}

func (b *publisher) close() {
	b.quiet()
	b.drain()
	b.out.Close() // its work is done
}

// server answers the commands of Pub and Push at a server.
type server struct {
	peer peers.Peer
	pub  *publisher
}

func (s *server) do(c wire.Command) (r wire.Reply) {
	var err error
	switch {
	case c.Do == wire.Open:
		s.close()
		s.pub, r.Ready, err = publish(s.peer, c)
	case c.Do == wire.Run && s.pub != nil:
		s.pub.drain()
		r, err = s.pub.run(c)
	case c.Do == wire.Close:
		s.close()
	default:
		err = errors.New("a server publishes and tells its usage, and nothing else")
	}
	return answer(r, err)
}

func (s *server) close() {
	if s.pub != nil {
		s.pub.close()
		s.pub = nil
	}
}
