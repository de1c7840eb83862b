package zrpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/budget"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/stream"
)

// Server answers calls. NewServer makes one; the zero value is of no use. Its
// methods may be called concurrently, also while it serves.
type Server struct {
	opt    ServerOptions
	svc    stream.Service
	stream *stream.Options
	sock   *socket.Socket
	ticker *stream.Ticker
	held   *budget.Budget // nil: MaxHeld is off

	registry
	serving   chan struct{} // closed by the first Serve: connections are read from then on
	serveOnce sync.Once
	stopping  atomic.Bool // new requests are refused
	refused   lastRefusal
	stopped   chan struct{} // closed when Shutdown is done
	stopOnce  sync.Once

	mu        sync.Mutex // guards the fields below
	endpoints []string   // bound
	conns     map[*stream.ServerMux]wire
	parting   context.Context // bounds the leave-taking; nil until it begins
}

// NewServer returns a server without methods and endpoints. nil options are the
// defaults.
func NewServer(opt *ServerOptions) *Server {
	s := &Server{serving: make(chan struct{}), stopped: make(chan struct{}), conns: map[*stream.ServerMux]wire{}}
	if opt != nil {
		s.opt = *opt
	}
	s.opt.normalize()
	s.ticker = stream.NewTicker(s.opt.Heartbeat)
	s.stream = s.opt.stream(s.ticker)
	s.svc = stream.Service{
		Lookup:    s.lookup,
		Describe:  s.describe,
		Pool:      stream.NewPool(s.opt.PoolSize),
		Watchdog:  stream.NewWatchdog(),
		PeerCalls: s.opt.MaxConnCalls,
		Calls:     s.opt.MaxCalls,
	}
	so := s.opt.socket()
	so.Type = zmq4.Router
	so.Begin = s.beginConn
	s.held = so.Conn.Budget
	s.sock = socket.New(so)
	s.registry.init(s)
	return s
}

// beginConn serves a connection once Serve runs, and calls end when it has ended.
func (s *Server) beginConn(p *socket.Peer, end func()) {
	if !s.awaitServing(p) {
		end()
		return
	}
	m := stream.NewServerMux(wire{p}, &s.svc, s.stream)
	s.enter(m, wire{p})
	m.Start(func(err error) {
		s.leave(m)
		level := slog.LevelDebug
		if errors.Is(err, budget.ErrExceeded) {
			level = slog.LevelWarn // MaxHeld may be too low, or somebody is greedy
		}
		s.opt.Logger.Log(context.Background(), level, "connection ended", "endpoint", p.Endpoint, "remote", p.RemoteAddr(), "reason", err)
		end()
	})
}

// awaitServing waits until Serve runs. It reports false if the connection or the
// server ends before.
func (s *Server) awaitServing(p *socket.Peer) bool {
	select {
	case <-s.serving: // as a rule: nothing else has to be made then
		return true
	default:
	}
	select {
	case <-s.serving:
		return true
	case <-p.Done():
	case <-s.sock.Done():
	}
	return false
}

// lookup finds what a request calls. It runs for every request, on the reading
// goroutine.
func (s *Server) lookup(name []byte) (*stream.Method, error) {
	if s.stopping.Load() {
		s.refused.note()
		return nil, errStopping
	}
	if e := (*s.entries.Load())[string(name)]; e != nil {
		return &e.wire, nil
	}
	if len(s.interceptors) > 0 {
		return unknown(string(name), s.interceptors), nil
	}
	return nil, &RemoteError{Name: nameError, Message: string(name)}
}

// Bind listens on an endpoint, such as tcp://*:4242, tcp://127.0.0.1:* (any free
// port), ipc:///run/svc.sock or inproc://name, and returns the endpoint it really
// got. Requests are answered once Serve runs.
func (s *Server) Bind(endpoint string) (string, error) {
	actual, err := s.sock.Bind(endpoint)
	if err != nil {
		return "", asEndpointError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Load() { // Shutdown may have unbound all it knew of
		s.sock.Unbind(actual)
		return "", fmt.Errorf("zrpc: bind %s: %w", endpoint, ErrClosed)
	}
	s.endpoints = append(s.endpoints, actual)
	return actual, nil
}

// Connect makes the server dial out, to a client or a broker that is bound, and
// keep that connection up. It returns at once; the other side may come later.
func (s *Server) Connect(endpoint string) error {
	if s.stopping.Load() {
		return fmt.Errorf("zrpc: connect %s: %w", endpoint, ErrClosed)
	}
	return asEndpointError(s.sock.Connect(endpoint))
}

// Serve answers requests until ctx ends or Shutdown is called. When ctx ends,
// calls in progress get ServerOptions.Grace to finish; then their contexts are
// cancelled and the server is closed. It returns nil then, and ErrClosed if the
// server was shut down before.
func (s *Server) Serve(ctx context.Context) error {
	if s.stopping.Load() {
		return ErrClosed
	}
	s.serveOnce.Do(func() { close(s.serving) })
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(0, s.opt.Grace))
	defer cancel()
	if err := s.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// Shutdown ends the server: it stops listening, answers new requests with the
// error ServerStopping, pings included, and waits for calls in progress until ctx
// ends. What still runs then is cancelled, and ctx's error returned. A client with
// other servers goes to these from its first refusal on.
//
// When the last call has ended, zrpc clients are told so, and take what was not
// answered elsewhere, or to the server's successor. For the sake of others, if there
// are any, requests are refused until none has come for 50 ms, for at most 1 s.
//
// All connections are closed when it returns, which takes up to a second more for a
// peer that does not read. It does not wait for handlers that ignore their context.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.mu.Lock()
	bound := s.endpoints
	s.endpoints = nil
	s.mu.Unlock()
	for _, endpoint := range bound {
		s.sock.Unbind(endpoint)
	}
	err := s.svc.Pool.Wait(ctx)
	if err == nil {
		s.partFrom(ctx)
	}
	s.stopOnce.Do(func() {
		s.ticker.Close()
		go func() {
			s.sock.Close()
			close(s.stopped)
		}()
	})
	<-s.stopped
	return err
}

// Close ends the server at once: calls in progress are cancelled and get no
// answer. Shutdown is the polite form.
func (s *Server) Close() error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ended); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Stats are counts of a server.
type Stats struct {
	Conns   int    // present connections
	Calls   int    // open calls
	Dropped uint64 // events that were malformed or belonged to no call
	Held    int    // bytes that count towards ServerOptions.MaxHeld; 0 if that is off
}

// Stats returns the present counts.
func (s *Server) Stats() Stats {
	return Stats{
		Conns: s.sock.Stats().Peers, Calls: s.svc.Pool.Open(),
		Dropped: s.svc.Dropped.Load(), Held: s.held.Used(),
	}
}
