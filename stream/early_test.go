package stream

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// What a server says right behind its handshake has been read when the connection
// begins, and nothing need follow it: a server that stops while somebody connects
// says that it leaves and no more. Its clients must not wait for more input first,
// nor take the end of the connection for a loss.
func TestByeBehindHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := socket.Pipe()
		greeting := make([]byte, 64)
		greeting[0], greeting[9], greeting[10], greeting[11] = 0xff, 0x7f, 3, 1
		copy(greeting[12:], "NULL")
		ready := "\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER\x06X-Test\x00\x00\x00\x011"
		said := append(append(greeting, 4, byte(len(ready))), ready...)
		var ids msgid.Maker
		ids.Init()
		id := ids.Encode(1)
		bye := append(event.AppendHead(nil, &event.Head{ID: id.Text(), Name: event.NameBye}), 0x90)
		said = zmtp.AppendFrame(append(said, delimiter...), false, bye)
		if _, err := b.Write(said); err != nil {
			t.Fatal(err)
		}
		c, err := zmtp.Handshake(a, &zmtp.Config{Type: zmq4.Dealer, Property: extended})
		if err != nil {
			t.Fatal(err)
		}
		m := NewClientMux(testConn{c}, nil)
		done := call(m, t.Context(), "f", encodeArray(t))
		ran := make(chan error, 1)
		m.Start(func(err error) { ran <- err })
		if err := <-done; !errors.Is(err, ErrUnsent) {
			t.Errorf("a call of a server that has left: %v, want one that says it did not run", err)
		}
		m.Close(nil)
		<-ran
		m.opt.Ticker.Close()
		b.Close()
	})
}

// asked is a connection that has something done when it is asked what the peer knows,
// which a call with a deadline does when it is registered and not yet encoded.
type asked struct {
	testConn
	hook func()
}

func (c *asked) Extended() bool {
	c.hook()
	return false
}

// A server can work out the id of the next call and answer before it was asked. That
// is its own affair: the answer must not lie in the memory in which the request is
// just being encoded.
func TestAnswerBeforeRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := newConns(t, zmq4.Dealer)
		conn := &asked{testConn: us, hook: func() {}}
		m := NewClientMux(conn, nil)
		m.Start(func(error) {})
		server := newScripted(t, peer)
		conn.hook = func() {
			id := m.ids.Encode(1 << msgid.SlotBits) // the first number of the first slot
			server.send(delimiter, server.newID(), id[:], 3, "OK", []any{"early"})
			synctest.Wait()
		}
		r, err := m.Call(t.Context(), &Request{Method: "f", Args: encodeArray(t, 1, 2, 3), Timeout: time.Minute})
		var text string
		if err == nil {
			err = event.Decode(r.Result, &text)
		}
		if err != nil || text != "early" {
			t.Errorf("the answer is %q, %v", text, err)
		}
		r.Release()
		server.want("the request is what it was meant to be", "f")
		m.Close(nil)
		m.opt.Ticker.Close()
		peer.Close(nil)
	})
}
