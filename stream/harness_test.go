package stream

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// testConn is a real wire connection over an in-memory pipe, as package zrpc
// adapts it.
type testConn struct{ *zmtp.Conn }

func (c testConn) Next() (Message, bool, error) {
	m, ok, err := c.Conn.Next()
	return Message(m), ok, err
}
func (c testConn) Fill() error {
	err := c.Conn.Fill()
	if errors.Is(err, zmtp.ErrInterrupted) {
		return ErrInterrupted
	}
	return err
}
func (c testConn) Send(ctx context.Context, envelope, body []byte, f Flush) error {
	return c.Conn.Send(ctx, envelope, body, zmtp.Flush(f))
}
func (c testConn) TrySend(envelope, body []byte, f Flush) bool {
	return c.Conn.TrySend(envelope, body, zmtp.Flush(f))
}
func (c testConn) SendLent(ctx context.Context, envelope, head, tail []byte, f Flush) error {
	return c.Conn.SendLent(ctx, envelope, head, tail, zmtp.Flush(f))
}

func (c testConn) SendOwned(ctx context.Context, envelope, head, tail []byte, release func(), f Flush) error {
	return c.Conn.SendOwned(ctx, envelope, head, tail, release, zmtp.Flush(f))
}
func (c testConn) Extended() bool     { return c.PeerProperty() != "" }
func (c testConn) Recycle(buf []byte) { zmtp.Recycle(buf) }
func (c testConn) Abandon(buf []byte) { zmtp.Abandon(buf) }

// newConns returns the two ends of a connection, ours a DEALER or a ROUTER. A
// property that both announce makes them extended.
func newConns(t *testing.T, ours zmq4.SocketType, property ...zmtp.Property) (us, peer testConn) {
	t.Helper()
	theirs := zmq4.Router
	if ours == zmq4.Router {
		theirs = zmq4.Dealer
	}
	a, b := socket.Pipe()
	shake := func(nc net.Conn, typ zmq4.SocketType) testConn {
		c, err := zmtp.Handshake(nc, &zmtp.Config{Type: typ, Server: typ == zmq4.Router, Property: append(property, zmtp.Property{})[0]})
		if err != nil {
			t.Error(err)
		}
		return testConn{c}
	}
	done := make(chan testConn)
	go func() { done <- shake(b, theirs) }()
	us = shake(a, ours)
	peer = <-done
	if t.Failed() {
		t.FailNow()
	}
	return us, peer
}

// scripted is the peer, played by the test: it reads and writes single events.
type scripted struct {
	t      *testing.T
	conn   testConn
	events chan received
	seq    int
}

// received is an event that the scripted peer got.
type received struct {
	event.Event
	envelope, body []byte
	at             time.Time
}

func newScripted(t *testing.T, conn testConn) *scripted {
	p := &scripted{t: t, conn: conn, events: make(chan received, 1<<17)}
	go func() {
		defer close(p.events)
		for {
			m, ok, err := conn.Next()
			if err == nil && !ok {
				if err = conn.Fill(); err == nil {
					continue
				}
			}
			if err != nil {
				return
			}
			r := received{envelope: bytes.Clone(m.Envelope), body: bytes.Clone(m.Body), at: time.Now()}
			if err := event.Parse(r.body, &r.Event); err != nil {
				t.Errorf("we sent what is no event: %x: %v", r.body, err)
				return
			}
			p.events <- r
		}
	}()
	return p
}

// want waits for the next event and fails unless it has this name. why is the
// fact that the event shows.
func (p *scripted) want(why, name string) received {
	p.t.Helper()
	select {
	case r, ok := <-p.events:
		if !ok {
			p.t.Fatalf("connection ended, want %s: %s", name, why)
		}
		if string(r.Name) != name {
			p.t.Fatalf("got %s %x, want %s: %s", r.Name, r.Args, name, why)
		}
		return r
	case <-time.After(time.Minute): // fake time, or a deadline for the lost
		p.t.Fatalf("got nothing, want %s: %s", name, why)
	}
	panic("not reached")
}

// wantNone fails if an event comes within d.
func (p *scripted) wantNone(why string, d time.Duration) {
	p.t.Helper()
	select {
	case r, ok := <-p.events:
		if ok {
			p.t.Fatalf("got %s %x, want nothing: %s", r.Name, r.Args, why)
		}
	case <-time.After(d):
	}
}

// send sends an event; id and responseTo are encoded values, nil for none.
func (p *scripted) send(envelope, id, responseTo []byte, version any, name string, args any) {
	p.t.Helper()
	n := 0
	var pairs []byte
	add := func(key string, raw []byte) {
		pairs = append(event.AppendString(pairs, key), raw...)
		n++
	}
	if id != nil {
		add("message_id", id)
	}
	if version != nil {
		v, err := event.AppendValue(nil, version)
		if err != nil {
			p.t.Fatal(err)
		}
		add("v", v)
	}
	if responseTo != nil {
		add("response_to", responseTo)
	}
	b := event.AppendArrayHeader(nil, 3)
	b = append(event.AppendMapHeader(b, n), pairs...)
	b = event.AppendString(b, name)
	b, err := event.AppendValue(b, args)
	if err != nil {
		p.t.Fatal(err)
	}
	// The test may be over, and the connection closed, before Send has returned.
	if err := p.conn.Send(p.t.Context(), envelope, b, Now); err != nil && p.conn.Err() == nil {
		p.t.Fatal(err)
	}
}

// newID makes a message id as Python does.
func (p *scripted) newID() []byte {
	p.seq++
	id := []byte("0123456789abcdef0123456789abcd00")
	id[29], id[30], id[31] = 'a'+byte(p.seq/26/26%26), 'a'+byte(p.seq/26%26), 'a'+byte(p.seq%26)
	return event.AppendBin(nil, id)
}

// answer answers the request req.
func (p *scripted) answer(req received, name string, args any) {
	p.t.Helper()
	p.send(req.envelope, p.newID(), req.ID, 3, name, args)
}

// request makes a request and returns its id.
func (p *scripted) request(name string, args ...any) []byte {
	p.t.Helper()
	id := p.newID()
	p.requestAs(id, 3, name, args...)
	return id
}

func (p *scripted) requestAs(id []byte, version any, name string, args ...any) {
	p.t.Helper()
	if args == nil {
		args = []any{}
	}
	p.send(delimiter, id, nil, version, name, args)
}

// on sends an event on the channel that a request with this id has opened.
func (p *scripted) on(id []byte, name string, args any) {
	p.t.Helper()
	p.send(delimiter, p.newID(), id, 3, name, args)
}

// newClient returns a client mux and its scripted server. end closes both and
// waits for them, so that a forgotten goroutine fails a synctest bubble.
func newClient(t *testing.T, opt *Options, property ...zmtp.Property) (m *ClientMux, server *scripted, end func()) {
	us, peer := newConns(t, zmq4.Dealer, property...)
	m = NewClientMux(us, opt)
	ran := make(chan struct{})
	m.Start(func(error) { close(ran) })
	server = newScripted(t, peer)
	return m, server, func() {
		m.Close(nil)
		m.opt.Ticker.Close()
		peer.Close(nil)
		<-ran
		for range server.events {
		}
	}
}

// newServer returns a server mux for methods and its scripted client.
func newServer(t *testing.T, opt *Options, svc *Service, methods ...*Method) (m *ServerMux, client *scripted, end func()) {
	us, peer := newConns(t, zmq4.Router)
	if svc == nil {
		svc = new(Service)
	}
	if svc.Pool == nil {
		svc.Pool = NewPool(0)
	}
	svc.Watchdog = NewWatchdog()
	svc.Lookup = func(name []byte) (*Method, error) {
		for _, method := range methods {
			if method.Name == string(name) {
				return method, nil
			}
		}
		return nil, &RemoteError{Name: "NameError", Message: string(name)}
	}
	svc.Describe = func(err error) *RemoteError {
		var remote *RemoteError
		if errors.As(err, &remote) {
			return remote
		}
		return &RemoteError{Name: "Error", Message: err.Error(), Traceback: "trace"}
	}
	m = NewServerMux(us, svc, opt)
	ran := make(chan struct{})
	m.Start(func(error) { close(ran) })
	client = newScripted(t, peer)
	return m, client, func() {
		m.Close(nil)
		m.opt.Ticker.Close()
		peer.Close(nil)
		<-ran
		for range client.events {
		}
	}
}

// encodeArray encodes an argument list.
func encodeArray(t *testing.T, args ...any) []byte {
	t.Helper()
	b, err := event.AppendValue(nil, append([]any{}, args...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
