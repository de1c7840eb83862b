package zrpctest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

const (
	// connectWait is how long a Proxy looks for its server. It is in this process,
	// or near it, so longer than that means that it is gone.
	connectWait = 5 * time.Second

	// laneDepth is how many events one direction holds while they are delayed or
	// stalled: ZeroMQ's high-water mark. Then the sender is no longer read.
	laneDepth = 1000

	// extension is the property by which zrpc peers know each other; the Proxy
	// announces to each side what the other said.
	extension = "X-Zrpc"
)

// Proxy stands between clients and a server and forwards every event, or does
// not. Its methods may be called concurrently.
type Proxy struct {
	// set at creation
	endpoint, target string
	front            *socket.Socket
	ctx              context.Context // ends when the test does
	each             sync.Mutex      // held while Faults.Each runs

	mu sync.Mutex // guards the fields below

	faults  Faults
	changes int           // how often faults were set: dice older than that are thrown away
	stalled chan struct{} // closed by Resume; nil when events flow
	routes  map[*route]struct{}
	conns   int // ever made
	count   Counts
}

// Counts are what a Proxy did to events.
type Counts struct {
	Forwarded, Dropped, Duplicated int
}

// NewProxy returns a proxy in front of a server's endpoint, to which a
// connection is made at once to see what server it is. It is closed at the end of
// the test.
func NewProxy(t testing.TB, target string, f Faults) *Proxy {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{target: target, faults: f, ctx: ctx, routes: map[*route]struct{}{}}
	says, err := probe(target)
	if err != nil {
		cancel()
		t.Fatalf("zrpctest: a proxy for %s: %v", target, err)
	}
	p.front = socket.New(socket.Options{
		Type: zmq4.Router, Serve: p.serve,
		Conn:   zmtp.Config{Property: property(says)},
		Linger: -1, // nothing is worth waiting for at the end of a test
	})
	t.Cleanup(func() {
		cancel()
		p.front.Close()
	})
	if p.endpoint, err = p.front.Bind(endpoint()); err != nil {
		t.Fatalf("zrpctest: %v", err)
	}
	return p
}

// Endpoint is where clients connect to.
func (p *Proxy) Endpoint() string { return p.endpoint }

// Set changes the faults. Events that wait already keep their delay.
func (p *Proxy) Set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
	p.changes++
}

// Cut ends all connections at once; what is on its way is lost. Clients may
// connect again.
func (p *Proxy) Cut() {
	// Not closed under mu: that may take a moment, and every event needs mu.
	p.mu.Lock()
	var all []*route
	for r := range p.routes {
		all = append(all, r)
	}
	p.mu.Unlock()
	for _, r := range all {
		r.cut()
	}
}

// Stall holds every event in both directions, while connections stay: what a
// peer that hangs, or a network that swallows packets, looks like. Resume delivers
// what was held.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled == nil {
		p.stalled = make(chan struct{})
	}
}

// Resume ends Stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled != nil {
		close(p.stalled)
		p.stalled = nil
	}
}

// Counts returns what happened to events so far.
func (p *Proxy) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// flowing waits while the proxy is stalled; false if ctx ended first.
func (p *Proxy) flowing(ctx context.Context) bool {
	for {
		p.mu.Lock()
		stalled := p.stalled
		p.mu.Unlock()
		if stalled == nil {
			return ctx.Err() == nil
		}
		select {
		case <-stalled:
		case <-ctx.Done():
			return false
		}
	}
}

// property announces what a peer says of itself; one that says nothing is not
// announced.
func property(says string) zmtp.Property {
	if says == "" {
		return zmtp.Property{}
	}
	return zmtp.Property{Name: extension, Value: says}
}

// probe connects to a server to hear what it says of itself.
func probe(target string) (says string, err error) {
	heard := make(chan string, 1)
	var failed error
	var mu sync.Mutex // guards failed
	s := socket.New(socket.Options{
		Type: zmq4.Dealer, Linger: -1,
		Conn: zmtp.Config{Property: zmtp.Property{Name: extension, Value: "1"}},
		Serve: func(peer *socket.Peer) {
			select {
			case heard <- peer.PeerProperty():
			default: // it came again
			}
		},
		OnConnectError: func(_ string, err error) { mu.Lock(); defer mu.Unlock(); failed = err },
	})
	defer s.Close()
	if err := s.Connect(target); err != nil {
		return "", err
	}
	// A server that is not there is tried again until then: it may be starting.
	wait := time.NewTimer(connectWait)
	defer wait.Stop()
	select {
	case says = <-heard:
		return says, nil
	case <-wait.C:
	}
	mu.Lock()
	defer mu.Unlock()
	if failed == nil {
		failed = context.DeadlineExceeded
	}
	return "", failed
}
