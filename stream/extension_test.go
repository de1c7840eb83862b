package stream

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

var extended = zmtp.Property{Name: "X-Test", Value: "1"}

func TestClientSendsCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil, extended)
		defer end()
		ctx, cancel := context.WithCancel(t.Context())
		done := call(m, ctx, "f", encodeArray(t))
		req := server.want("the request", "f")
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		if r := server.want("a cancelled call", "_zrpc_cancel"); string(r.ResponseTo) != string(req.ID) {
			t.Errorf("cancel is on %x, want %x", r.ResponseTo, req.ID)
		}
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.want("the request", "s")
		ch.Close()
		server.want("a stream given up", "_zrpc_cancel")
		ch.Close()
		done = call(m, t.Context(), "g", encodeArray(t))
		req = server.want("closing twice says it once", "g")
		server.answer(req, "STREAM", 1)
		if err := <-done; !errors.Is(err, ErrStreamed) {
			t.Errorf("%v, want ErrStreamed", err)
		}
		server.want("a stream nobody asked for", "_zrpc_cancel")
		ch, err = m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.answer(server.want("the request", "s"), "STREAM_DONE", nil)
		if _, err := ch.Next(t.Context()); err != io.EOF {
			t.Fatal(err)
		}
		ch.Close()
		server.wantNone("a stream that has ended is not cancelled", time.Second)
	})
}

func TestServerCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 1)
		m, client, end := newServer(t, nil, nil, block(cause))
		defer end()
		id := client.request("block")
		synctest.Wait()
		began := time.Now()
		client.on(id, "_zrpc_cancel", []any{})
		if err := <-cause; !errors.Is(err, ErrCancelled) || !errors.Is(err, context.Canceled) || errors.Is(err, ErrLostRemote) {
			t.Errorf("the handler's context ended with %v, want ErrCancelled", err)
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("it took %v", d)
		}
		client.on(id, "_zrpc_cancel", []any{})
		client.wantNone("nobody waits for an answer, or for heartbeats", 30*time.Second)
		synctest.Wait()
		if m.svc.Pool.Open() != 0 {
			t.Error("the call is left open")
		}
	})
}

func TestDeadlineTravels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil, extended)
		defer end()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		extra := event.AppendString(event.AppendString(nil, "key"), "value")
		go m.Call(ctx, &Request{Method: "f", Args: encodeArray(t), Extra: extra, NExtra: 1, Timeout: 1500 * time.Millisecond})
		req := server.want("the request", "f")
		raw, ok := req.Lookup("deadline")
		if n, err := event.Int(raw); !ok || err != nil || n != 1500 {
			t.Errorf("deadline is %x, %v, want 1500", raw, err)
		}
		if raw, ok := req.Lookup("key"); !ok || string(raw) != "\xa5value" {
			t.Errorf("the other header key is %q", raw)
		}
		cancel()
	})
}

func TestServerDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 10)
		deadline := make(chan time.Time, 10)
		stuck := &Method{Name: "stuck", Unary: func(c *Call, out []byte) ([]byte, error) {
			d, _ := c.Deadline()
			deadline <- d
			<-c.Done()
			cause <- c.Err()
			return out, c.Err()
		}}
		m, client, end := newServer(t, &Options{Heartbeat: -1}, nil, stuck)
		defer end()
		ask := func(ms any) {
			t.Helper()
			v, err := event.AppendValue(nil, ms)
			if err != nil {
				t.Fatal(err)
			}
			b := event.AppendHead(nil, &event.Head{ID: client.newID()[2:], Name: "stuck", NExtra: 1,
				Extra: append(event.AppendString(nil, "deadline"), v...)})
			if err := client.conn.Send(t.Context(), delimiter, append(b, 0x90), Now); err != nil {
				t.Fatal(err)
			}
		}
		for _, proven := range []bool{false, true} { // on a goroutine; then taken off the reader
			stuck.cheap.proven.Store(proven)
			began := time.Now()
			ask(1500)
			if d := <-deadline; d.Sub(began) != 1500*time.Millisecond {
				t.Errorf("the handler's deadline is %v away, want 1.5s", d.Sub(began))
			}
			if err := <-cause; err != context.DeadlineExceeded || time.Since(began) != 1500*time.Millisecond {
				t.Errorf("ended with %v after %v, want DeadlineExceeded after 1.5s", err, time.Since(began))
			}
			stuck.cheap.proven.Store(false)
		}
		for _, junk := range []any{"soon", -1, 1.5, nil, uint64(1) << 63} {
			ask(junk)
			if d := <-deadline; !d.IsZero() {
				t.Errorf("deadline %v is taken for %v", junk, d)
			}
		}
		synctest.Wait()
		if n := m.svc.Pool.Open(); n != 5 {
			t.Errorf("%d calls are open, want the 5 without a deadline", n)
		}
	})
}

func TestClientSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "up", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "up")
		sent := make(chan error, 10)
		go func() {
			for i := range int64(3) {
				sent <- ch.Send(t.Context(), event.AppendInt(nil, i))
			}
			sent <- ch.CloseSend(t.Context())
		}()
		server.want("one item is free", "STREAM")
		server.wantNone("the rest waits for credit", time.Minute/2)
		server.answer(req, "_zpc_more", []any{2})
		server.want("granted", "STREAM")
		server.want("granted", "STREAM")
		server.wantNone("the end costs a credit too", time.Minute/2)
		server.answer(req, "_zpc_more", []any{1})
		server.want("the end", "STREAM_DONE")
		for range 4 {
			if err := <-sent; err != nil {
				t.Error(err)
			}
		}
		server.answer(req, "OK", []any{42})
		if raw, err := ch.Next(t.Context()); err != nil || string(raw) != "\x2a" {
			t.Errorf("answer %x, %v", raw, err)
		}
	})
}

// TestClientSendEnds has the server answer while the caller still sends.
func TestClientSendEnds(t *testing.T) {
	for _, waiting := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			m, server, end := newClient(t, &Options{Heartbeat: -1})
			defer end()
			ch, err := m.Open(t.Context(), &Request{Method: "up", Args: encodeArray(t)}, 0)
			if err != nil {
				t.Fatal(err)
			}
			req := server.want("the request", "up")
			if !waiting {
				server.answer(req, "_zpc_more", []any{1000})
			}
			sent := make(chan error, 1)
			go func() {
				for {
					if err := ch.Send(t.Context(), []byte{1}); err != nil {
						sent <- err
						return
					}
					if !waiting {
						time.Sleep(time.Second)
					}
				}
			}()
			server.want("an item", "STREAM")
			synctest.Wait()
			server.answer(req, "ERR", []any{"ValueError", "enough", ""})
			if err := <-sent; err != io.EOF {
				t.Errorf("waiting %v: Send says %v, want io.EOF: the answer is in", waiting, err)
			}
			if _, err := ch.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "enough") {
				t.Errorf("Next says %v, want the server's error", err)
			}
		})
	}
}

// TestClientSendAndNext uses a channel from two goroutines, one of which leads.
func TestClientSendAndNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "both", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "both")
		began := time.Now()
		sent := make(chan error, 1)
		go func() {
			var err error
			for i := int64(0); i < 200 && err == nil; i++ {
				err = ch.Send(t.Context(), event.AppendInt(nil, i))
			}
			sent <- err
		}()
		got := make(chan error, 1)
		go func() {
			var err error
			for i := 0; i < 200 && err == nil; i++ {
				_, err = ch.Next(t.Context())
			}
			got <- err
		}()
		credit := 1
		for n := 0; n < 200; {
			r, ok := <-server.events
			if !ok {
				t.Fatal("connection ended")
			}
			switch string(r.Name) {
			case "STREAM":
				n++
				server.answer(req, "_zpc_more", []any{1})
				if credit > 0 {
					credit--
					server.answer(req, "STREAM", n)
				}
			case "_zpc_more":
				_, i, _ := event.ArrayLen(r.Args)
				more, _ := event.Int(r.Args[i:])
				credit += int(more)
			}
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		ch.Close()
		<-got
		if d := time.Since(began); d > time.Second {
			t.Errorf("it took %v of waiting for a reader", d)
		}
	})
}

// TestClientUnreadableAnswer has the server answer more than a client takes.
func TestClientUnreadableAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		done := call(m, t.Context(), "deep", encodeArray(t))
		req := server.want("the request", "deep")
		b := event.AppendHead(nil, &event.Head{ID: server.newID()[2:], ResponseTo: req.ID, Name: "OK"})
		b = append(b, strings.Repeat("\x91", 200)...)
		if err := server.conn.Send(t.Context(), req.envelope, append(b, 0xc0), Now); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := <-done; !errors.Is(err, ErrProtocol) || !errors.Is(err, event.ErrTooDeep) || time.Since(began) > 0 {
			t.Errorf("%v after %v, want at once that the answer is nested too deep", err, time.Since(began))
		}
	})
}
