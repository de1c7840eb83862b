package stream

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/zrpc-go/zrpc/event"
)

// TestClientCloseWhileLeading closes a channel whose reader is the one who reads
// the connection: nothing else would get it out of that read.
func TestClientCloseWhileLeading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		// One finished call: nobody reads from now on, so the next one leads.
		done := call(m, t.Context(), "f", encodeArray(t))
		server.answer(server.want("the request", "f"), "OK", []any{1})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.want("the request", "s")
		next := make(chan error, 1)
		go func() {
			_, err := ch.Next(context.Background())
			next <- err
		}()
		synctest.Wait()
		began := time.Now()
		ch.Close()
		ch.Close() // more than once
		select {
		case err := <-next:
			if !errors.Is(err, ErrClosed) {
				t.Errorf("Next on a closed channel: %v, want ErrClosed", err)
			}
		case <-time.After(time.Hour):
			t.Errorf("Next hangs after Close")
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("Close took effect after %v", d)
		}
		done = call(m, t.Context(), "g", encodeArray(t))
		server.answer(server.want("the connection is read on", "g"), "OK", []any{1})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestClientLongLeadCostsNothing has one caller read the connection for hours.
func TestClientLongLeadCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		for range 2 {
			done := call(m, t.Context(), "f", encodeArray(t))
			server.answer(server.want("the request", "f"), "OK", []any{1})
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		done := call(m, t.Context(), "long", encodeArray(t))
		req := server.want("the request", "long")
		time.Sleep(time.Minute)
		synctest.Wait()
		m.mu.Lock()
		if m.lead.reader != caller || m.lead.armed {
			t.Errorf("reader %d, timer armed %v: want the caller to read and no timer to tick", m.lead.reader, m.lead.armed)
		}
		m.mu.Unlock()
		server.answer(req, "OK", []any{1})
		if err := <-done; err != nil {
			t.Error(err)
		}
		time.Sleep(5 * grace)
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.lead.reader != background {
			t.Errorf("reader %d, want the background after the grace time", m.lead.reader)
		}
	})
}

// gatheringConn tells how many senders each gathered write was to wait for.
type gatheringConn struct {
	testConn
	gathered chan int
}

func (c gatheringConn) Gather(n int) error {
	c.gathered <- n
	return c.testConn.Gather(n)
}

// TestClientGathers: callers that are woken together get one write together for
// their next calls, and a caller that is woken alone waits for nobody.
func TestClientGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := newConns(t, zmq4.Dealer)
		conn := gatheringConn{us, make(chan int, 10)}
		m := NewClientMux(conn, nil)
		ran := make(chan struct{})
		m.Start(func(error) { close(ran) })
		server := newScripted(t, peer)
		for _, calls := range []int{3, 1} {
			var done []<-chan error
			for range calls {
				done = append(done, call(m, t.Context(), "f", encodeArray(t)))
			}
			for range calls {
				r := server.want("a request", "f")
				b := event.AppendHead(nil, &event.Head{ID: []byte("answer"), ResponseTo: r.ID, Name: event.NameOK})
				if err := peer.Send(t.Context(), r.envelope, append(b, 0x91, 1), Later); err != nil {
					t.Fatal(err)
				}
			}
			if err := peer.Flush(); err != nil {
				t.Fatal(err)
			}
			for _, d := range done {
				if err := <-d; err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
		}
		if n := len(conn.gathered); n != 1 {
			t.Fatalf("%d writes were gathered, want one: for the calls that were answered together", n)
		}
		if n := <-conn.gathered; n != 3 {
			t.Errorf("a write waited for %d senders, want 3", n)
		}
		m.Close(nil)
		m.opt.Ticker.Close()
		peer.Close(nil)
		<-ran
		for range server.events {
		}
	})
}

// TestNoTimerForSlowCalls: when answers take longer than the grace time, a leader stops
// the timer instead of having it start a goroutine for each call, and the connection is
// read in the background all the same once nobody calls.
func TestNoTimerForSlowCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		for i := range 5 {
			done := call(m, t.Context(), "f", encodeArray(t))
			req := server.want("the request", "f")
			synctest.Wait()
			m.mu.Lock()
			if leads := m.lead.reader == caller; leads != (i > 0) || i > 2 && m.lead.armed {
				t.Errorf("call %d: reader %d, timer armed %v; want the caller from the second call on, and no timer once one was slow", i, m.lead.reader, m.lead.armed)
			}
			m.mu.Unlock()
			time.Sleep(2 * grace)
			server.answer(req, "OK", []any{1})
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * grace)
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.lead.reader != background || m.lead.armed {
			t.Errorf("reader %d, timer armed %v: want the background after the grace time", m.lead.reader, m.lead.armed)
		}
	})
}
