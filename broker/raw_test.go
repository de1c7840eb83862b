package broker

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// beat is the heartbeat of these tests; it passes in no time.
const beat = time.Second

// bubble runs a test with fake time and a broker.
func bubble(t *testing.T, o Options, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if o.Heartbeat == 0 {
			o.Heartbeat = beat
		}
		f(t, start(t, o))
	})
}

// raw is a peer of the broker that the test plays itself.
type raw struct {
	t    testing.TB
	sock *socket.Socket
	peer chan *socket.Peer // the present connection
	got  chan *got         // what came and was not answered by itself
	seq  int

	mu      sync.Mutex // guards the fields below
	methods []string   // a worker: what it says that it has
	service string
	mute    bool          // a worker: pings are not answered
	refuse  bool          // a worker: pings are refused, as during Shutdown
	stop    bool          // nothing is read any more
	pause   time.Duration // between messages
}

// got is an event that a raw peer received.
type got struct {
	event.Event
	envelope []byte
}

// newRaw connects a peer of a type.
func newRaw(t testing.TB, typ zmq4.SocketType, endpoint, property string, p *raw) *raw {
	t.Helper()
	p.t, p.peer, p.got = t, make(chan *socket.Peer, 1), make(chan *got, 10_000)
	o := socket.Options{Type: typ, Serve: p.serve, Linger: -1}
	if property != "" {
		o.Conn.Property = zmtp.Property{Name: "X-Zrpc", Value: property}
	}
	p.sock = socket.New(o)
	if err := p.sock.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.sock.Close() })
	return p
}

func (p *raw) serve(c *socket.Peer) {
	p.peer <- c
	defer func() { <-p.peer }()
	for {
		m, ok, err := c.Next()
		if err == nil && !ok {
			p.mu.Lock()
			stop := p.stop
			p.mu.Unlock()
			if stop {
				<-c.Done()
				return
			}
			err = c.Fill()
		}
		if err != nil {
			return
		}
		if ok && !m.Command {
			p.take(c, &m)
			p.mu.Lock()
			pause := p.pause
			p.mu.Unlock()
			if pause > 0 {
				<-time.After(pause)
			}
		}
	}
}

func (p *raw) take(c *socket.Peer, m *zmtp.Message) {
	g := &got{envelope: bytes.Clone(m.Envelope)}
	if err := event.Parse(bytes.Clone(m.Body), &g.Event); err != nil {
		p.t.Errorf("the broker sent what is no event: %v", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case string(g.Name) == "_zerorpc_inspect" && p.methods != nil:
		methods := map[string]any{}
		for _, name := range p.methods {
			methods[name] = map[string]any{"args": []any{}, "doc": "The doc of " + name + "."}
		}
		p.reply(c, g, "OK", []any{map[string]any{"name": p.service, "methods": methods}})
	case string(g.Name) == "_zerorpc_ping" && p.refuse:
		p.reply(c, g, "ERR", []any{errStopping, "stopping", ""})
	case string(g.Name) == "_zerorpc_ping":
		if !p.mute {
			p.reply(c, g, "OK", []any{[]any{"pong", p.service}})
		}
	default:
		p.got <- g
	}
}

func (p *raw) reply(c *socket.Peer, to *got, name string, args any) {
	p.seq++
	b := event.AppendHead(nil, &event.Head{ID: fmt.Appendf(nil, "w%d", p.seq), ResponseTo: to.ID, Name: name})
	b, _ = event.AppendValue(b, args)
	c.TrySend(to.envelope, b, zmtp.Now)
}

// conn is the present connection.
func (p *raw) conn() *socket.Peer {
	c := <-p.peer
	p.peer <- c
	return c
}

// answer sends an event on the channel that to opened.
func (p *raw) answer(to *got, name string, args any) {
	c := p.conn()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reply(c, to, name, args)
}

// send sends an event with an encoded id and response_to; header pairs follow.
func (p *raw) send(id, responseTo any, name string, args any, header ...any) {
	p.t.Helper()
	h := map[string]any{"v": 3}
	for i := 0; i < len(header); i += 2 {
		h[header[i].(string)] = header[i+1]
	}
	if id != nil {
		h["message_id"] = id
	}
	if responseTo != nil {
		h["response_to"] = responseTo
	}
	b, err := event.AppendValue(nil, []any{h, name, args})
	if err != nil {
		p.t.Fatal(err)
	}
	if !p.conn().TrySend(delimiter, b, zmtp.Now) {
		p.t.Fatal("the broker takes no events")
	}
}

// want waits for the next event and checks its name.
func (p *raw) want(why, name string) *got {
	p.t.Helper()
	select {
	case g := <-p.got:
		if string(g.Name) != name {
			p.t.Fatalf("%s: got %s %x, want %s", why, g.Name, g.Args, name)
		}
		return g
	case <-time.After(time.Hour): // of fake time
		p.t.Fatalf("%s: nothing came, want %s", why, name)
		return nil
	}
}

// past is want that passes over heartbeats.
func (p *raw) past(why, name string) *got {
	p.t.Helper()
	for {
		select {
		case g := <-p.got:
			if string(g.Name) == name {
				return g
			}
			if string(g.Name) != event.NameBeat {
				p.t.Fatalf("%s: got %s %q, want %s", why, g.Name, g.Args, name)
			}
		case <-time.After(time.Hour):
			p.t.Fatalf("%s: nothing came, want %s", why, name)
		}
	}
}

// pastErr is wantErr that passes over heartbeats.
func (p *raw) pastErr(why, name string) {
	p.t.Helper()
	if g := p.past(why, "ERR"); errorName(g.Args) != name {
		p.t.Errorf("%s: got ERR %q, want %s", why, g.Args, name)
	}
}

// wantErr waits for an ERR of a name.
func (p *raw) wantErr(why, name string) *got {
	p.t.Helper()
	g := p.want(why, "ERR")
	if e := errorName(g.Args); e != name {
		p.t.Errorf("%s: got ERR %s %q, want %s", why, e, g.Args, name)
	}
	return g
}

// nothing checks that nothing comes for a while.
func (p *raw) nothing(why string, d time.Duration) {
	p.t.Helper()
	select {
	case g := <-p.got:
		p.t.Fatalf("%s: got %s %q, want nothing", why, g.Name, g.Args)
	case <-time.After(d):
	}
}

// drain takes everything of a name that has come or comes within d.
func (p *raw) drain(name string, d time.Duration) (n int) {
	p.t.Helper()
	for end := time.After(d); ; {
		select {
		case g := <-p.got:
			if string(g.Name) != name {
				p.t.Fatalf("got %s %q, want nothing but %s", g.Name, g.Args, name)
			}
			n++
		case <-end:
			return n
		}
	}
}

// rawClient connects a DEALER to the frontend.
func (r *rig) rawClient() *raw {
	r.t.Helper()
	return r.rawClientProperty("")
}

func (r *rig) rawClientProperty(property string) *raw {
	r.t.Helper()
	p := newRaw(r.t, zmq4.Dealer, r.front, property, &raw{})
	p.conn()
	return p
}

// rawWorker connects a ROUTER to the backend, and waits until it has joined.
func (r *rig) rawWorker(service string, methods ...string) *raw {
	r.t.Helper()
	return r.rawWorkerProperty("", service, methods...)
}

func (r *rig) rawWorkerProperty(property, service string, methods ...string) *raw {
	r.t.Helper()
	before := r.count.workers.Load()
	p := newRaw(r.t, zmq4.Router, r.back, property, &raw{service: service, methods: methods})
	r.wait("the worker joins", func() bool {
		for _, w := range r.Status().Workers {
			if w.ID > before && w.State == "joined" {
				return true
			}
		}
		return false
	})
	return p
}

// set changes how a raw peer behaves.
func (p *raw) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// rawWorkerComing connects a ROUTER that answers nothing but pings by itself.
func (r *rig) rawWorkerComing() *raw {
	r.t.Helper()
	p := newRaw(r.t, zmq4.Router, r.back, "", &raw{})
	p.conn()
	return p
}
