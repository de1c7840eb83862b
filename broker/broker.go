package broker

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/msgid"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Broker passes calls of clients on to workers. Its methods may be called
// concurrently. Who runs what: one goroutine reads each connection and writes
// what it read to the connection of the other end; one more, started by Serve,
// looks after time.
type Broker struct {
	// set at creation
	o       Options
	log     *slog.Logger
	ids     msgid.Maker
	front   *socket.Socket // ROUTER: its peers are clients
	back    *socket.Socket // DEALER, since workers are ROUTERs
	budget  budget
	count   counters
	serving chan struct{} // closed by Serve: connections are read from then on
	stopped chan struct{} // closed when Shutdown is done
	epoch   time.Time     // what clock counts from
	served  sync.Once
	stop    sync.Once
	ticking sync.WaitGroup // Add only under mu, with closed false

	stopping atomic.Bool  // new calls are refused
	passing  atomic.Int32 // last events that are out of the table and not yet in their caller's queue

	// mu guards the fields below, and the state of clients, workers, channels
	// and routes. Nothing is written to the network under it, beyond what goes
	// into a connection's queue.
	mu       sync.Mutex
	table    table
	pool     pool
	waiting  []*route      // routes with calls in their queue
	queued   int           // calls in all queues
	waitSize int           // bytes of their requests
	keptSize int           // bytes of requests that are kept though sent
	tick     uint32        // ticks seen; starts at 1
	settled  uint32        // the tick from which unknown methods are refused at once
	started  time.Duration // when Serve was called; 0: not yet
	idle     chan struct{} // closed when no client's channel is open; nil: nobody waits
	closed   bool          // Shutdown is past waiting
	clients  map[*client]struct{}
	gated    map[*client]struct{} // those with calls that wait at their gate
	looking  bool                 // a look at them is due
	held     int                  // calls that do
	heldSize int                  // bytes of their requests
	answered int                  // bytes that workers answered lately: see forgets
	bound    [2][]string          // endpoints of frontend and backend

	refusedAt time.Duration // when a call was last refused because of Shutdown
}

// New returns a broker without endpoints. nil options are the defaults.
func New(o *Options) *Broker {
	b := &Broker{
		serving: make(chan struct{}),
		stopped: make(chan struct{}),
		clients: map[*client]struct{}{},
		gated:   map[*client]struct{}{},
		epoch:   time.Now(),
		tick:    1,
	}
	if o != nil {
		b.o = *o
	}
	b.o = b.o.withDefaults()
	b.log = b.o.Logger
	b.ids.Init()
	b.pool.init()
	front := b.o.socket(b.o.MaxClients)
	front.Type, front.Serve = zmq4.Router, b.serveClient
	b.front = socket.New(front)
	back := b.o.socket(b.o.MaxWorkers)
	back.Type, back.Serve = zmq4.Dealer, b.serveWorker
	b.back = socket.New(back)
	b.budget.limit = b.o.MaxQueued
	b.budget.conns = b.conns
	return b
}

// conns are all present connections.
func (b *Broker) conns() (all []*zmtp.Conn) {
	for _, s := range []*socket.Socket{b.front, b.back} {
		for _, p := range s.Peers() {
			all = append(all, p.Conn)
		}
	}
	return all
}

// BindFrontend listens for clients, and returns the endpoint that it got.
func (b *Broker) BindFrontend(endpoint string) (string, error) { return b.bind(0, b.front, endpoint) }

// BindBackend listens for workers, and returns the endpoint that it got.
func (b *Broker) BindBackend(endpoint string) (string, error) { return b.bind(1, b.back, endpoint) }

// ConnectFrontend connects to a client that is bound.
func (b *Broker) ConnectFrontend(endpoint string) error { return b.front.Connect(endpoint) }

// ConnectBackend connects to a worker that is bound, as servers usually are.
func (b *Broker) ConnectBackend(endpoint string) error { return b.back.Connect(endpoint) }

func (b *Broker) bind(side int, s *socket.Socket, endpoint string) (string, error) {
	actual, err := s.Bind(endpoint)
	if err == nil {
		b.mu.Lock()
		b.bound[side] = append(b.bound[side], actual)
		b.mu.Unlock()
	}
	return actual, err
}

// grace is how long Serve lets open calls go on after its context has ended.
const grace = 10 * time.Second

// Serve passes calls on until ctx ends or Shutdown is called. When ctx ends,
// open calls get 10 s to finish. It returns nil then, and ErrClosed if the
// broker was shut down before.
func (b *Broker) Serve(ctx context.Context) error {
	if b.stopping.Load() {
		return ErrClosed
	}
	b.served.Do(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.started = b.clock()
		b.settled = b.tick + b.o.ticks(b.o.Settle)
		close(b.serving)
		if !b.closed {
			b.ticking.Go(b.runTicks)
		}
	})
	select {
	case <-b.stopped:
		return nil
	case <-ctx.Done():
	}
	left, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	_ = b.Shutdown(left) // that open calls were cut off is no error of Serve's
	return nil
}

// Shutdown ends the broker: new calls, and those in the queue, are answered
// ServerStopping; running ones go on until ctx ends, and what is left then is
// answered LostRemote and ctx's error returned. When no call is left, clients are
// given up to a second to notice, so that what they send meanwhile is refused and
// not lost.
func (b *Broker) Shutdown(ctx context.Context) error {
	b.stopping.Store(true)
	b.mu.Lock()
	for ch := range b.table.all {
		if ch.client != nil && ch.state == queued {
			b.failLocked(ch, failure{errStopping, stoppingText})
		}
	}
	if b.idle == nil {
		b.idle = make(chan struct{})
	}
	idle := b.idle
	if b.table.calls == 0 {
		b.idleLocked()
	}
	b.mu.Unlock()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		b.part(ctx)
	}
	for b.passing.Load() > 0 {
		<-time.After(time.Millisecond) // nothing that passes an event on waits
	}
	b.stop.Do(func() {
		b.mu.Lock()
		b.closed = true
		for ch := range b.table.all {
			if ch.client != nil {
				b.failLocked(ch, failure{errLost, "the broker was shut down while the call ran; whether it ended is unknown"})
			}
		}
		b.mu.Unlock()
		// The frontend first: the answers in its queues still go out.
		_ = b.front.Close()
		_ = b.back.Close()
		close(b.stopped)
		b.ticking.Wait()
	})
	<-b.stopped
	return err
}

// Close ends the broker at once.
func (b *Broker) Close() error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = b.Shutdown(ended) // the only error is that of the context
	return nil
}

// idleLocked tells Shutdown that no call is open.
func (b *Broker) idleLocked() {
	if b.idle != nil {
		close(b.idle)
		b.idle = nil
	}
}

// clock is the time since the broker was made.
func (b *Broker) clock() time.Duration { return time.Since(b.epoch) }

// awaitServe waits until p may be read, and reports whether it may.
func (b *Broker) awaitServe(p *socket.Peer, s *socket.Socket) bool {
	select {
	case <-b.serving:
		return true
	case <-p.Done():
	case <-s.Done():
	}
	return false
}

// runTicks calls onTick until the broker is closed.
func (b *Broker) runTicks() {
	t := time.NewTicker(b.o.Heartbeat / ticksPerBeat)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			b.onTick(b.clock())
		case <-b.stopped:
			return
		}
	}
}
