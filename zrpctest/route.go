package zrpctest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

var errCut = errors.New("zrpctest: the connection was cut")

// route is one client's connection and the one to the server that was made for it.
type route struct {
	// set at creation
	p      *Proxy
	n      int // its number
	ctx    context.Context
	cancel context.CancelFunc
	client *socket.Peer

	mu     sync.Mutex   // guards the field below
	server *socket.Peer // nil until it is connected
}

// serve forwards for one client until either side is gone.
func (p *Proxy) serve(client *socket.Peer) {
	r := &route{p: p, client: client}
	r.ctx, r.cancel = context.WithCancel(p.ctx)
	defer r.cancel()
	p.mu.Lock()
	p.conns++
	r.n = p.conns
	p.routes[r] = struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.routes, r)
		p.mu.Unlock()
	}()

	up := make(chan *socket.Peer)
	// A connection to the server for each of a client, so that the server sees as
	// many peers as there are, and the end of each.
	back := socket.New(socket.Options{
		Type: zmq4.Dealer, Linger: time.Second,
		Conn: zmtp.Config{Property: property(client.PeerProperty())},
		Serve: func(server *socket.Peer) {
			select {
			case up <- server: // once: nobody listens to a second connection
				r.forward(server, client, false)
				// The server left: the client is told so, after the last answer.
				client.CloseLinger(time.Second)
			case <-r.ctx.Done():
			}
		},
		OnConnectError: func(string, error) { r.cut() },
	})
	// The server's connection goes with the client's, after what was sent.
	defer back.Close()
	defer r.cancel()
	if back.Connect(p.target) != nil {
		return
	}
	wait := time.NewTimer(connectWait)
	defer wait.Stop()
	select {
	case server := <-up:
		r.mu.Lock()
		r.server = server
		r.mu.Unlock()
		if r.ctx.Err() != nil { // cut just now
			server.Close(errCut)
		}
		r.forward(client, server, true)
	case <-wait.C:
	case <-r.ctx.Done():
	}
}

// cut ends both connections at once.
func (r *route) cut() {
	r.cancel()
	r.client.Close(errCut)
	r.mu.Lock()
	server := r.server
	r.mu.Unlock()
	if server != nil {
		server.Close(errCut)
	}
}

// parcel is one message on its way. What was read lies in the connection's buffer,
// which the next read overwrites, so it is copied.
type parcel struct {
	envelope, body []byte // its own copies
	copies         int
	due            time.Time
}

// forward reads one side and writes to the other until the first is at its end
// and what it sent has been forwarded, or the route is cut.
func (r *route) forward(from, to *socket.Peer, toServer bool) {
	// Two goroutines, so that a delay holds no event behind it any longer than the
	// event itself, and a peer is read on while its events wait.
	lane := make(chan parcel, laneDepth)
	var writer sync.WaitGroup
	writer.Go(func() { r.write(lane, to) })
	defer writer.Wait()
	defer close(lane)
	var d *dice
	var due time.Time // of the event before: none overtakes another
	changes := -1
	for n := 1; ; {
		m, ok, err := from.Next()
		if err == nil && !ok {
			if err = from.Fill(); err == nil {
				continue
			}
		}
		if err != nil {
			return
		}
		if m.Command {
			continue // none has a meaning between a client and a server
		}
		if now, f := r.p.current(); now != changes {
			d, changes = newDice(f, r.n, toServer), now
		}
		e := Event{ToServer: toServer, Name: name(m.Body), Conn: r.n, N: n, Body: m.Body}
		n++
		r.p.each.Lock()
		action, delay := d.throw(e)
		r.p.each.Unlock()
		copies := r.p.note(action)
		switch action {
		case Cut:
			r.cut()
			return
		case Stall: // before it is queued, or the writer would be ahead of it
			r.p.Stall()
		}
		if copies == 0 {
			continue
		}
		if t := time.Now().Add(delay); t.After(due) {
			due = t
		}
		select {
		case lane <- parcel{append([]byte{}, m.Envelope...), append([]byte{}, m.Body...), copies, due}:
		case <-r.ctx.Done():
			return
		}
	}
}

// write sends what has become due.
func (r *route) write(lane <-chan parcel, to *socket.Peer) {
	for m := range lane {
		if wait := time.Until(m.due); wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-r.ctx.Done():
				timer.Stop()
			}
		}
		if !r.p.flowing(r.ctx) {
			continue // to the end of the lane, which the reader closes
		}
		for range m.copies {
			if to.Send(r.ctx, m.envelope, m.body, zmtp.Now) != nil {
				break // its reader will notice
			}
		}
	}
}

// current returns the faults and how often they were changed.
func (p *Proxy) current() (changes int, f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes, p.faults
}

// note counts an event and says how often it is to be sent.
func (p *Proxy) note(a Action) (copies int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch a {
	case Drop, Cut:
		p.count.Dropped++
		return 0
	case Duplicate:
		p.count.Duplicated++
		p.count.Forwarded++
		return 2
	}
	p.count.Forwarded++
	return 1
}

// name reads the name of an event.
func name(body []byte) string {
	var e event.Event
	if event.Parse(body, &e) != nil {
		return ""
	}
	return string(e.Name)
}
