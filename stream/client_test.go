package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// call makes a unary call in the background.
func call(m *ClientMux, ctx context.Context, method string, args []byte) <-chan error {
	done := make(chan error, 1)
	go func() {
		r, err := m.Call(ctx, &Request{Method: method, Args: args})
		r.Release()
		done <- err
	}()
	return done
}

func TestClientUnary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		for i := range 3 { // in the background first, then by the caller itself
			result := make(chan string, 1)
			go func() {
				r, err := m.Call(t.Context(), &Request{Method: "hello", Args: encodeArray(t, i)})
				if err != nil {
					t.Error(err)
				}
				var s string
				if err := event.Decode(r.Result, &s); err != nil {
					t.Error(err)
				}
				r.Release()
				result <- s
			}()
			req := server.want("a call is one request", "hello")
			if string(req.envelope) != "\x01\x00" {
				t.Errorf("envelope is %x, want the empty delimiter frame", req.envelope)
			}
			if req.ResponseTo != nil || req.Version != 3 {
				t.Errorf("request has response_to %x and v %d, want none and 3", req.ResponseTo, req.Version)
			}
			server.answer(req, "OK", []any{fmt.Sprint("answer ", i)})
			if got := <-result; got != fmt.Sprint("answer ", i) {
				t.Errorf("call %d returned %q", i, got)
			}
		}
		server.wantNone("a unary call sends nothing but its request", time.Hour)
		if n := m.Pending(); n != 0 {
			t.Errorf("%d channels are left", n)
		}
	})
}

func TestClientAnswers(t *testing.T) {
	cases := []struct {
		why, name string
		args      any
		want      string // of the error
	}{
		{"a peer of protocol 3", "ERR", []any{"ValueError", "boom", "Traceback …"}, "ValueError: boom"},
		{"a peer of protocol 1", "ERR", []any{"ValueError('x')"}, "RemoteError: ValueError('x')"},
		{"a message that is no text", "ERR", []any{"E", 5, nil}, "E: 5"},
		{"an ERR that says nothing", "ERR", []any{}, "unexpected event"},
		{"a stream in answer to a call for one result", "STREAM", 1, "call it as a stream"},
		{"an empty stream likewise", "STREAM_DONE", nil, "call it as a stream"},
		{"an event that zerorpc does not know", "WHAT", []any{}, "unexpected event"},
		{"an OK without a result", "OK", []any{}, "unexpected event"},
		{"an OK that is no array", "OK", 5, "unexpected event"},
	}
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		for _, tc := range cases {
			done := call(m, t.Context(), "f", encodeArray(t))
			server.answer(server.want(tc.why, "f"), tc.name, tc.args)
			if err := <-done; err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v, want %q", tc.why, err, tc.want)
			}
		}
	})
}

// TestClientCredit checks the grants of a client that reads 300 items against
// those recorded from zerorpc-python (PROTOCOL.md section 3).
func TestClientCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "range", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "range")
		server.wantNone("no credit before the first item: Python would lose it", time.Second)
		read := make(chan error, 1)
		go func() {
			for want := range int64(300) {
				raw, err := ch.Next(t.Context())
				if err != nil {
					read <- err
					return
				}
				if n, err := event.Int(raw); err != nil || n != want {
					read <- fmt.Errorf("item %d is %d, %v", want, n, err)
					return
				}
			}
			read <- nil
		}()
		type grant struct{ sent, n int }
		var grants []grant
		for credit, sent := 1, 0; sent < 300; {
			for ; credit > 0 && sent < 300; credit-- {
				server.answer(req, "STREAM", sent)
				sent++
			}
			if sent < 300 {
				more := server.want("credit is used up", "_zpc_more")
				_, i, _ := event.ArrayLen(more.Args)
				n, err := event.Int(more.Args[i:])
				if err != nil {
					t.Fatal(err)
				}
				grants = append(grants, grant{sent, int(n)})
				credit += int(n)
			}
		}
		if err := <-read; err != nil {
			t.Error(err)
		}
		want := []grant{{1, 100}, {101, 51}, {152, 51}, {203, 51}, {254, 51}}
		if fmt.Sprint(grants) != fmt.Sprint(want) {
			t.Errorf("grants (sent so far, n) are %v, Python's %v", grants, want)
		}
	})
}

func TestClientStreamEnds(t *testing.T) {
	for _, tc := range []struct {
		why, name string
		args      any
		want      error
	}{
		{"Python ends with nil", "STREAM_DONE", nil, io.EOF},
		{"Node ends with []", "STREAM_DONE", []any{}, io.EOF},
		{"a plain result is a stream of one", "OK", []any{7}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, server, end := newClient(t, nil)
			defer end()
			ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
			if err != nil {
				t.Fatal(err)
			}
			server.answer(server.want("the request", "s"), tc.name, tc.args)
			raw, err := ch.Next(t.Context())
			if !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", tc.why, err, tc.want)
			}
			if tc.want == nil && string(raw) != "\x07" {
				t.Errorf("%s: item %x", tc.why, raw)
			}
			if _, err := ch.Next(t.Context()); !errors.Is(err, io.EOF) {
				t.Errorf("%s: then %v, want io.EOF", tc.why, err)
			}
			if m.Pending() != 0 {
				t.Errorf("%s: a channel is left", tc.why)
			}
		})
	}
}

func TestClientOverflowEndsOnlyThatChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "flood", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "flood")
		done := call(m, t.Context(), "other", encodeArray(t))
		other := server.want("a second request", "other")
		for i := range 1000 { // one was granted
			server.answer(req, "STREAM", i)
		}
		server.answer(other, "OK", []any{1})
		if err := <-done; err != nil {
			t.Errorf("the other call: %v", err)
		}
		n := 0
		for err == nil {
			_, err = ch.Next(t.Context())
			n++
		}
		if !errors.Is(err, ErrOverflow) {
			t.Errorf("the flooded stream ended after %d items with %v, want ErrOverflow", n, err)
		}
	})
}

func TestClientCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		for round := range 3 { // parked behind the background, then leading
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			began := time.Now()
			err := <-call(m, ctx, "f", encodeArray(t))
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("round %d: %v after %v, want the deadline after 1s", round, err, time.Since(began))
			}
			late := server.want("the request", "f")
			done := call(m, t.Context(), "g", encodeArray(t))
			server.answer(late, "OK", []any{"too late"})
			server.answer(server.want("the next request", "g"), "OK", []any{1})
			if err := <-done; err != nil {
				t.Errorf("round %d: the next call: %v", round, err)
			}
		}
		if m.Dropped() != 3 || m.Pending() != 0 {
			t.Errorf("%d late answers dropped and %d channels left, want 3 and 0", m.Dropped(), m.Pending())
		}
	})
}

func TestClientConnectionLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		var calls []<-chan error
		for range 10 {
			calls = append(calls, call(m, t.Context(), "f", encodeArray(t)))
			server.want("the request", "f")
		}
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		server.conn.Close(nil)
		for _, done := range calls {
			if err := <-done; !errors.Is(err, ErrLostRemote) {
				t.Errorf("%v, want ErrLostRemote", err)
			}
		}
		if _, err := ch.Next(t.Context()); !errors.Is(err, ErrLostRemote) {
			t.Errorf("stream: %v, want ErrLostRemote", err)
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("it took %v", d)
		}
		if err := <-call(m, t.Context(), "f", encodeArray(t)); !errors.Is(err, ErrUnsent) {
			t.Errorf("a later call: %v, want ErrUnsent, so that it can go elsewhere", err)
		}
	})
}

// TestClientIdleHandover loses the connection while nobody reads it.
func TestClientIdleHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		for range 3 {
			done := call(m, t.Context(), "f", encodeArray(t))
			server.answer(server.want("the request", "f"), "OK", []any{1})
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		m.mu.Lock()
		who := m.lead.reader
		m.mu.Unlock()
		if who != nobody {
			t.Errorf("reader is %d after calls one by one, want nobody", who)
		}
		server.conn.Close(nil)
		time.Sleep(2 * grace)
		synctest.Wait()
		if err := <-call(m, t.Context(), "f", encodeArray(t)); !errors.Is(err, ErrUnsent) {
			t.Errorf("%v, want ErrUnsent: the end of the connection is noticed unasked", err)
		}
	})
}

// TestClientMixed has callers lead and follow in every combination.
func TestClientMixed(t *testing.T) {
	m, server, end := newClient(t, nil)
	defer end()
	go func() {
		for r := range server.events {
			if string(r.Name) == "f" {
				server.answer(r, "OK", []any{event.Raw(r.Args)})
			}
		}
	}()
	for _, callers := range []int{1, 2, 1, 64, 1} {
		var wg sync.WaitGroup
		for g := range callers {
			wg.Go(func() {
				for i := range 300 {
					ctx := t.Context()
					if i%3 == 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, time.Minute)
						defer cancel()
					}
					args := encodeArray(t, g, i)
					r, err := m.Call(ctx, &Request{Method: "f", Args: args})
					if err != nil {
						t.Error(err)
						return
					}
					if string(r.Result) != string(args) {
						t.Errorf("answer %x to %x", r.Result, args)
					}
					r.Release()
				}
			})
		}
		wg.Wait()
	}
	if m.Pending() != 0 {
		t.Errorf("%d channels are left", m.Pending())
	}
}
