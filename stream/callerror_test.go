package stream

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// TestClientSendFails makes a call on a connection whose end nobody has noticed
// yet: the write finds it.
func TestClientSendFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		done := call(m, t.Context(), "f", encodeArray(t))
		server.answer(server.want("the request", "f"), "OK", []any{1})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		server.conn.Close(nil) // while nobody reads
		err := <-call(m, t.Context(), "f", encodeArray(t))
		if !errors.Is(err, ErrLostRemote) {
			t.Errorf("%v, want ErrLostRemote: whether the request came through is not known", err)
		}
	})
}

// TestClientDoneContext makes a call whose context has ended already.
func TestClientDoneContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := <-call(m, ctx, "f", encodeArray(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		if _, err := m.Open(ctx, &Request{Method: "s", Args: encodeArray(t)}, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Open: %v, want context.Canceled", err)
		}
		server.wantNone("a request that nobody waits for is not made", time.Second)
		if n := m.Pending(); n != 0 {
			t.Errorf("%d channels are left", n)
		}
	})
}

// TestClientFirstAfterLoss loses the connection behind items that have come.
func TestClientFirstAfterLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.answer(server.want("the request", "s"), "STREAM", 7)
		synctest.Wait()
		server.conn.Close(nil)
		synctest.Wait()
		if streaming, err := ch.First(t.Context()); err != nil || !streaming {
			t.Errorf("First: %v, %v, want a stream: its first item is here", streaming, err)
		}
		if raw, err := ch.Next(t.Context()); err != nil || string(raw) != "\x07" {
			t.Errorf("Next: %x, %v, want the item", raw, err)
		}
		if _, err := ch.Next(t.Context()); !errors.Is(err, ErrLostRemote) {
			t.Errorf("then %v, want ErrLostRemote", err)
		}
	})
}

// TestClientStreamOutlivesConnection ends the connection right behind a whole
// stream, as a server does that is stopped: a slow reader still gets all of it.
func TestClientStreamOutlivesConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
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
		for i := range 90 { // enough that the reader would grant again
			server.answer(req, "STREAM", i)
		}
		server.answer(req, "STREAM_DONE", nil)
		synctest.Wait()
		server.conn.Close(nil)
		synctest.Wait()
		n := 1
		for err = <-next; err == nil; n++ {
			_, err = ch.Next(t.Context())
		}
		if n != 91 || !errors.Is(err, io.EOF) {
			t.Errorf("%d items, then %v; want 90 and the end", n-1, err)
		}
	})
}

func TestRemoteErrorOfManyParts(t *testing.T) {
	const n = 1 << 20
	args := event.AppendArrayHeader(nil, n)
	args = append(args, make([]byte, n)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := remoteError(args)
	runtime.ReadMemStats(&after)
	if err.Error() != "0: 0" {
		t.Errorf("%q", err.Error())
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 64<<10 {
		t.Errorf("reading 3 of a million parts took %d bytes", grew)
	}
}

// TestServerDescribePanics answers an error whose text cannot be had, such as a
// nil pointer of a type that is an error.
func TestServerDescribePanics(t *testing.T) {
	fails := &Method{Name: "fails", Unary: func(_ *Call, out []byte) ([]byte, error) { return out, (*RemoteError)(nil) }}
	streams := &Method{Name: "streams", Stream: func(*Call) ([]byte, error) { return nil, (*RemoteError)(nil) }}
	synctest.Test(t, func(t *testing.T) {
		m, client, end := newServer(t, nil, nil, fails, streams)
		defer end()
		m.svc.Describe = func(err error) *RemoteError { return &RemoteError{Name: "E", Message: err.Error()} }
		for _, method := range []string{"fails", "streams"} {
			client.request(method)
			r := client.want("an error that panics is answered all the same", "ERR")
			if !strings.Contains(string(r.Args), "panic") {
				t.Errorf("%s: ERR %q, want it to tell of the panic", method, r.Args)
			}
		}
	})
}

// TestCutStreamIsNoEnd has the peer hang up in good order in the middle of a
// stream, as a dying process does: what came is not all there was.
func TestCutStreamIsNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		for _, leads := range []bool{false, true} { // the background notices, or the reader itself
			if leads {
				m, server, end = newClient(t, nil)
				defer end()
				done := call(m, t.Context(), "f", encodeArray(t))
				server.answer(server.want("the request", "f"), "OK", []any{1})
				<-done
			}
			ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
			if err != nil {
				t.Fatal(err)
			}
			server.answer(server.want("the request", "s"), "STREAM", 1)
			if _, err := ch.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			next := make(chan error, 1)
			go func() { _, err := ch.Next(t.Context()); next <- err }()
			synctest.Wait()
			server.conn.Close(nil)
			if err := <-next; !errors.Is(err, ErrLostRemote) || errors.Is(err, io.EOF) {
				t.Errorf("leads %v: %v, want ErrLostRemote and nothing like io.EOF", leads, err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		reads := &Method{Name: "reads", Stream: func(c *Call) ([]byte, error) {
			for {
				if _, err := c.NextItem(c); err != nil {
					ended <- err
					return nil, err
				}
			}
		}}
		_, client, end := newServer(t, nil, nil, reads)
		defer end()
		id := client.request("reads")
		client.on(id, "STREAM", 1)
		client.want("the handler asks for more", "_zpc_more")
		client.conn.Close(nil)
		if err := <-ended; !errors.Is(err, ErrLostRemote) || errors.Is(err, io.EOF) {
			t.Errorf("the handler got %v, want ErrLostRemote and nothing like io.EOF", err)
		}
	})
}
