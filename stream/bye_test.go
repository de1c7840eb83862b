package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// TestServerLeaves: what a server has read is answered before it says that it
// leaves, what comes afterwards is not.
func TestServerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		echo := &Method{Name: "echo", Unary: func(c *Call, out []byte) ([]byte, error) { return append(out, c.Args[1:]...), nil }}
		m, client, end := newServer(t, nil, nil, echo)
		defer end()
		for range 3 {
			client.request("echo", 1)
			client.request("nope")
		}
		synctest.Wait()
		m.Leave(t.Context())
		answers := map[string]int{} // in whatever order
		for range 6 {
			answers[string((<-client.events).Name)]++
		}
		if answers["OK"] != 3 || answers["ERR"] != 3 {
			t.Errorf("what was read is answered by %v", answers)
		}
		if r := client.want("all is answered", event.NameBye); r.ResponseTo != nil || len(r.ID) == 0 {
			t.Errorf("it leaves on the channel %x", r.ResponseTo)
		}
		client.request("echo", 2)
		client.wantNone("the server reads no more", time.Minute)
		m.Leave(t.Context()) // as often as one likes
		client.conn.Close(nil)
		synctest.Wait()
		if m.mu.Lock(); m.err == nil {
			t.Error("the connection has not ended")
		}
		m.mu.Unlock()
	})
}

// TestServerLeavesInVain: a peer that is gone, or an end of the time, keeps nobody.
func TestServerLeavesInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, client, end := newServer(t, nil, nil)
		defer end()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m.Leave(ctx)
		client.conn.Close(nil)
		synctest.Wait()
		if m.mu.Lock(); m.err == nil {
			t.Error("the connection has not ended")
		}
		m.mu.Unlock()
		m.Leave(t.Context())
	})
}

// TestClientIsLeft: calls that a leaving server has not answered did not run, and
// new ones do not leave; the end of a stream that has begun is another matter.
func TestClientIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil, extended)
		defer end()
		begun, err := m.Open(t.Context(), &Request{Method: "begun", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.answer(server.want("the stream", "begun"), "STREAM", 1)
		if _, err := begun.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		waits, err := m.Open(t.Context(), &Request{Method: "waits", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.want("another", "waits")
		sends, err := m.Open(t.Context(), &Request{Method: "sends", Args: encodeArray(t), Sends: true}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.want("a third", "sends")
		done := call(m, t.Context(), "f", encodeArray(t))
		server.send(delimiter, server.newID(), nil, 3, event.NameBye, []any{})
		if err := <-done; !errors.Is(err, ErrUnsent) || errors.Is(err, ErrLostRemote) {
			t.Errorf("a call: %v, want ErrUnsent", err)
		}
		if _, err := waits.First(t.Context()); !errors.Is(err, ErrUnsent) {
			t.Errorf("a stream that has not begun: %v, want ErrUnsent", err)
		}
		if err := sends.Send(t.Context(), []byte{1}); !errors.Is(err, ErrUnsent) {
			t.Errorf("one of the caller's: %v, want ErrUnsent", err)
		}
		if _, err := begun.Next(t.Context()); !errors.Is(err, ErrLostRemote) || errors.Is(err, ErrUnsent) {
			t.Errorf("a stream that has begun: %v, want ErrLostRemote", err)
		}
		if err := <-call(m, t.Context(), "f", encodeArray(t)); !errors.Is(err, ErrUnsent) {
			t.Errorf("a new call: %v, want ErrUnsent", err)
		}
		if m.Pending() != 0 {
			t.Errorf("%d calls are pending", m.Pending())
		}
	})
}

// slowConn is a connection whose senders come back from their write so late that
// the other end has done all it does, and with the end that they find then.
type slowConn struct {
	testConn
	meanwhile func()
}

func (c slowConn) Send(ctx context.Context, envelope, body []byte, f Flush) error {
	if err := c.testConn.Send(ctx, envelope, body, f); err != nil {
		return err
	}
	c.meanwhile()
	return errLeft
}

// TestAnswerBeforeBye: a call that was answered before the server left has run, also
// if its sender has not come back from its write until then.
func TestAnswerBeforeBye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answered := range []bool{true, false} {
			us, peer := newConns(t, zmq4.Dealer, extended)
			server := newScripted(t, peer)
			m := NewClientMux(slowConn{us, func() {
				if r := server.want("the request", "f"); answered {
					server.answer(r, "OK", []any{1})
				}
				server.send(delimiter, server.newID(), nil, 3, event.NameBye, []any{})
				time.Sleep(time.Second)
			}}, nil)
			ran := make(chan struct{})
			m.Start(func(error) { close(ran) })
			reply, err := m.Call(t.Context(), &Request{Method: "f", Args: encodeArray(t)})
			if answered && (err != nil || len(reply.Result) != 1) || !answered && !errors.Is(err, ErrUnsent) {
				t.Errorf("answered %v: %x, %v", answered, reply.Result, err)
			}
			reply.Release()
			<-ran
			m.opt.Ticker.Close()
			peer.Close(nil)
			for range server.events {
			}
		}
	})
}

// TestByeOfOthers: the event means nothing from a peer that is not zrpc, nor on a
// channel.
func TestByeOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		done := call(m, t.Context(), "f", encodeArray(t))
		req := server.want("the request", "f")
		server.send(delimiter, server.newID(), nil, 3, event.NameBye, []any{})
		server.answer(req, "OK", []any{1})
		if err := <-done; err != nil {
			t.Errorf("the call: %v", err)
		}
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.answer(server.want("the request", "s"), event.NameBye, []any{})
		if _, err := ch.Next(t.Context()); !errors.Is(err, ErrProtocol) || errors.Is(err, io.EOF) {
			t.Errorf("a bye on a channel: %v, want ErrProtocol", err)
		}
	})
}

// TestServerLeavesUnanswered: where a call ran and had no answer, because its caller
// seemed to be gone, nothing is said that would tell that caller it did not run.
func TestServerLeavesUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := make(chan error, 1)
		wait := &Method{Name: "wait", Unary: func(c *Call, out []byte) ([]byte, error) {
			<-c.Done()
			lost <- c.Cause()
			return out, nil
		}}
		svc := new(Service)
		m, client, end := newServer(t, nil, svc, wait)
		defer end()
		client.request("wait") // and then no heartbeat
		if err := <-lost; !errors.Is(err, ErrSilent) {
			t.Errorf("the handler's context ended for %v", err)
		}
		if err := svc.Pool.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		m.Leave(t.Context())
		for synctest.Wait(); len(client.events) > 0; {
			if r := <-client.events; string(r.Name) != event.NameBeat {
				t.Errorf("the caller was sent %s", r.Name)
			}
		}
	})
}

// TestItemUnsent: that an item did not leave says nothing of its call, which may run
// since long: whoever takes that for a call that did not would make it twice.
func TestItemUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, send := range []func(ch *Channel) error{
			func(ch *Channel) error { return ch.Send(t.Context(), []byte{1}) },
			func(ch *Channel) error { return ch.CloseSend(t.Context()) },
			func(ch *Channel) error { return ch.FailSend(t.Context(), &RemoteError{Name: "No"}) },
		} {
			us, peer := newConns(t, "DEALER", extended)
			conn := unsentConn{us}
			m := NewClientMux(conn, nil) // nobody reads, so it does not learn of the end
			server := newScripted(t, peer)
			ch, err := m.Open(t.Context(), &Request{Method: "sends", Args: encodeArray(t), Sends: true}, 0)
			if err != nil {
				t.Fatal(err)
			}
			server.want("the request", "sends")
			us.Close(nil)
			if err := send(ch); !errors.Is(err, ErrLostRemote) || errors.Is(err, ErrUnsent) {
				t.Errorf("an item on a connection that has ended: %v, want ErrLostRemote and not ErrUnsent", err)
			}
			m.Close(nil)
			m.opt.Ticker.Close()
			peer.Close(nil)
		}
	})
}

// unsentConn says of a message that it was not sent as package zrpc does.
type unsentConn struct{ testConn }

func (c unsentConn) Send(ctx context.Context, envelope, body []byte, f Flush) error {
	err := c.testConn.Send(ctx, envelope, body, f)
	if errors.Is(err, zmtp.ErrUnsent) {
		return fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	return err
}
