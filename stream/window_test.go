package stream

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
)

// TestClientWindowOfItsOwn opens a channel with a window larger than the mux's:
// what it grants it must also take.
func TestClientWindowOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		const window = 5000
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, window)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "s")
		server.answer(req, "STREAM", 0)
		if _, err := ch.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := make(chan error, 1)
		go func() { _, err := ch.Next(t.Context()); next <- err }()
		server.want("the window is granted", "_zpc_more")
		for i := range window { // nobody takes them meanwhile
			server.answer(req, "STREAM", i)
		}
		synctest.Wait()
		for i := range window {
			if i > 0 {
				if _, err = ch.Next(t.Context()); err != nil {
					t.Fatalf("item %d of %d that were granted: %v", i, window, err)
				}
			} else if err := <-next; err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestWindowOfAnySize asks for windows that are no bound.
func TestWindowOfAnySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1, Window: math.MaxInt})
		defer end()
		for _, window := range []int{math.MaxInt, 0, -5} {
			ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, window)
			if err != nil {
				t.Fatal(err)
			}
			req := server.want("the request", "s")
			for i := range 50 {
				server.answer(req, "STREAM", i)
			}
			for range 50 {
				if _, err := ch.Next(t.Context()); err != nil {
					t.Fatalf("window %d: %v", window, err)
				}
			}
			server.want("the window is granted", "_zpc_more")
			ch.Close()
		}
	})
}

// TestClientItemsGrow has items grow after a full window was granted for a small
// one, and a slow reader: the sender keeps to its grants, so all must be taken.
func TestClientItemsGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "s")
		server.answer(req, "STREAM", 0)
		if _, err := ch.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := make(chan error, 1)
		go func() { _, err := ch.Next(t.Context()); next <- err }()
		server.want("a full window", "_zpc_more")
		const chunks = 40
		chunk := make([]byte, 1<<20)
		for range chunks {
			server.answer(req, "STREAM", chunk)
		}
		server.answer(req, "STREAM_DONE", nil)
		synctest.Wait()
		n := 1
		for err = <-next; err == nil; n++ {
			_, err = ch.Next(t.Context())
		}
		if n != chunks+1 || !errors.Is(err, io.EOF) {
			t.Errorf("%d items, then %v; want %d and the end", n-1, err, chunks)
		}
	})
}

// TestClientOldPeerStream reads a stream of a peer of protocol 2, which takes
// its credit by heartbeat.
func TestClientOldPeerStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 10)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "s")
		go func() {
			for sent, credit := 0, int64(1); ; {
				for ; credit > 0 && sent < 300; credit-- {
					server.send(req.envelope, server.newID(), req.ID, 2, "STREAM", sent)
					sent++
				}
				if sent == 300 {
					server.send(req.envelope, server.newID(), req.ID, 2, "STREAM_DONE", nil)
					return
				}
				more := <-server.events
				_, i, _ := event.ArrayLen(more.Args)
				n, err := event.Int(more.Args[i:])
				if string(more.Name) != "_zpc_hb" || err != nil || n == 0 {
					t.Errorf("credit for protocol 2 is %s %x, want a heartbeat with a number", more.Name, more.Args)
					return
				}
				credit += n
			}
		}()
		n := 0
		for ; err == nil; n++ {
			_, err = ch.Next(t.Context())
		}
		if n != 301 || !errors.Is(err, io.EOF) {
			t.Errorf("%d items, then %v; want 300 and the end", n-1, err)
		}
	})
}

// TestGrantSurvivesCancel ends the context of a Next that waits for room to send
// its grant: the next Next must grant, or the stream would stand still for ever.
func TestGrantSurvivesCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := newConns(t, zmq4.Dealer)
		m := NewClientMux(us, &Options{Heartbeat: -1})
		m.Start(func(error) {})
		defer func() { m.Close(nil); peer.Close(nil) }()
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server := &scripted{t: t, conn: peer}
		item := func() { server.send(delimiter, server.newID(), ch.id, 3, "STREAM", 1) }
		item()
		if _, err := ch.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		junk := make([]byte, 64<<10)
		for us.TrySend(delimiter, junk, Async) { // the peer does not read
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := ch.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Next without room to send: %v", err)
		}
		next := make(chan error, 1)
		go func() { _, err := ch.Next(t.Context()); next <- err }()
		for {
			msg, ok, err := peer.Next()
			if err == nil && !ok {
				err = peer.Fill()
			}
			if err != nil {
				t.Fatal(err)
			}
			var e event.Event
			if ok && len(msg.Body) < len(junk) && event.Parse(msg.Body, &e) == nil && string(e.Name) == event.NameMore {
				break
			}
		}
		item()
		if err := <-next; err != nil {
			t.Error(err)
		}
	})
}

// TestServerClientStreamBytes floods calls that do not read with items.
func TestServerClientStreamBytes(t *testing.T) {
	cause := make(chan error, 1000)
	deaf := &Method{Name: "deaf", Stream: func(c *Call) ([]byte, error) {
		<-c.Done()
		cause <- c.Cause()
		return nil, nil
	}}
	reads := &Method{Name: "reads", Stream: func(c *Call) ([]byte, error) {
		for n := 0; ; n++ {
			if _, err := c.NextItem(c); err != nil {
				return event.AppendInt(nil, int64(n)), nil
			}
		}
	}}
	// No heartbeats: on a busy machine the flood takes longer than silence may.
	m, client, end := newServer(t, &Options{Heartbeat: -1}, nil, deaf, reads)
	defer end()
	item := strings.Repeat("x", 1<<20)
	for range 5 { // 150 MiB in all
		id := client.request("deaf")
		for range 30 {
			client.on(id, "STREAM", item)
		}
	}
	id := client.request("reads")
	for range 3 {
		client.on(id, "STREAM", 1)
	}
	client.on(id, "STREAM_DONE", nil)
	for {
		r := <-client.events
		if string(r.ResponseTo) == string(id) && string(r.Name) == "OK" {
			break
		}
	}
	m.mu.Lock()
	held := 0
	m.open.eachLocked(func(c *Call) { held += len(c.flow.in.q) })
	m.mu.Unlock()
	if held > maxPeerBytes {
		t.Errorf("one connection holds %d MiB of items", held>>20)
	}
	if err := <-cause; !errors.Is(err, ErrOverflow) {
		t.Errorf("%v, want ErrOverflow", err)
	}
}
