package stream

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// TestReplyKeep keeps a large result beyond Release: it lies in a buffer of its
// own, which is not used again.
func TestReplyKeep(t *testing.T) {
	m, server, end := newClient(t, nil)
	defer end()
	get := func(fill byte, size int) Reply {
		t.Helper()
		got := make(chan Reply, 1)
		go func() {
			r, err := m.Call(t.Context(), &Request{Method: "f", Args: encodeArray(t)})
			if err != nil {
				t.Error(err)
			}
			got <- r
		}()
		server.answer(server.want("the request", "f"), "OK", []any{strings.Repeat(string(rune(fill)), size)})
		return <-got
	}
	small := get('a', 10)
	if small.Owned() {
		t.Error("a small result is owned")
	}
	small.Release()
	kept := get('b', 1<<20)
	if !kept.Owned() {
		t.Fatal("a large result is not owned")
	}
	result := kept.Result
	kept.Keep()
	kept.Release()
	kept.Release() // no harm
	for range 4 {
		r := get('c', 1<<20)
		r.Release()
	}
	var s string
	if err := event.Decode(result, &s); err != nil || s != strings.Repeat("b", 1<<20) {
		t.Errorf("a kept result was overwritten: %v", err)
	}
}

// TestNextItemContext bounds the wait for an item, and for the credit to send
// one, by a context that is not the call's.
func TestNextItemContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := make(chan error, 2)
		reads := &Method{Name: "reads", Stream: func(c *Call) ([]byte, error) {
			if got, ok := FromContext(context.WithValue(c, callKey{}, c)); !ok || got != c || c.Name() != "reads" || c.Conn() == nil {
				t.Error("a context made from the call's does not lead to the call")
			}
			ctx, cancel := context.WithTimeout(c, time.Second)
			defer cancel()
			_, err := c.NextItem(ctx)
			errs <- err
			raw, err := c.NextItem(context.WithoutCancel(c)) // as long as it takes
			errs <- err
			return raw, err
		}}
		_, client, end := newServer(t, nil, nil, reads)
		defer end()
		id := client.request("reads")
		began := time.Now()
		if err := <-errs; !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v, want the deadline", err, time.Since(began))
		}
		synctest.Wait()
		for len(client.events) > 0 {
			<-client.events // the grant
		}
		client.on(id, "STREAM", 7)
		if err := <-errs; err != nil {
			t.Errorf("the item after that: %v", err)
		}
		if r := client.want("the item", "OK"); string(r.Args) != "\x91\x07" {
			t.Errorf("%x", r.Args)
		}
	})
}

// TestPoolWait waits for calls to end.
func TestPoolWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		slow := &Method{Name: "slow", Unary: func(c *Call, out []byte) ([]byte, error) {
			<-gate
			return event.AppendNil(out), nil
		}}
		m, client, end := newServer(t, &Options{Heartbeat: -1}, nil, slow)
		defer end()
		pool := m.svc.Pool
		if err := pool.Wait(t.Context()); err != nil {
			t.Errorf("nothing is open: %v", err)
		}
		client.request("slow")
		client.request("slow")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := pool.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("two calls are open: %v", err)
		}
		waited := make(chan error, 2)
		for range 2 {
			go func() { waited <- pool.Wait(t.Context()) }()
		}
		gate <- struct{}{}
		synctest.Wait()
		if len(waited) > 0 {
			t.Error("one call is open, and Wait returned")
		}
		gate <- struct{}{}
		for range 2 {
			if err := <-waited; err != nil {
				t.Error(err)
			}
		}
		client.want("an answer", "OK")
		client.want("an answer", "OK")
	})
}

// TestLateAndForeignEvents sends the client events that belong to none of its
// channels.
func TestLateAndForeignEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		done := call(m, t.Context(), "f", encodeArray(t))
		req := server.want("the request", "f")
		mine, _ := event.Text(req.ID)
		changed := func(at int, c byte) []byte {
			id := []byte(string(mine))
			id[at] = c
			return event.AppendBin(nil, id)
		}
		foreign := [][]byte{
			{5}, {0xa0}, event.AppendString(nil, "short"), server.newID(),
			changed(0, '!'), changed(31, 'f'), changed(16, 'f'), changed(16, 'g'), changed(31, 'F'),
		}
		for _, id := range foreign {
			server.send(delimiter, server.newID(), id, 3, "OK", []any{"not yours"})
		}
		server.send(delimiter, server.newID(), nil, 3, "OK", []any{"nobody's"})
		server.conn.Send(t.Context(), delimiter, []byte("junk"), Now)
		server.answer(req, "_zpc_more", []any{5}) // means nothing to a unary call
		server.send(delimiter, server.newID(), event.AppendString(nil, string(mine)), 3, "OK", []any{1})
		if err := <-done; err != nil {
			t.Errorf("the answer, its id as a str as Node has it: %v", err)
		}
		if n, want := m.Dropped(), uint64(len(foreign)+2); n != want {
			t.Errorf("%d events dropped, want %d", n, want)
		}
	})
}

func TestCreditNumbers(t *testing.T) {
	for _, tc := range []struct {
		value any
		want  int64
		ok    bool
	}{
		{3, 3, true}, {-5, -5, true}, {uint64(1) << 63, maxCredit, true},
		{1.9, 1, true}, {-1.9, -1, true}, {1e300, maxCredit, true}, {-1e300, -maxCredit, true},
		{math.Inf(1), 0, false}, {math.NaN(), 0, false},
		{true, 1, true}, {false, 0, true},
		{"12", 12, true}, {" 7 ", 7, true}, {[]byte("4"), 4, true}, {"", 0, false}, {"x", 0, false},
		{strings.Repeat("1", 33), 0, false}, {"99999999999999999999", math.MaxInt64, true},
		{nil, 0, false}, {[]any{1}, 0, false}, {map[string]any{}, 0, false},
	} {
		raw, err := event.AppendValue(nil, tc.value)
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := creditNumber(raw); ok != tc.ok || ok && n != tc.want {
			t.Errorf("creditNumber(%v) = %d, %v, want %d, %v", tc.value, n, ok, tc.want, tc.ok)
		}
	}
	if n := addCredit(5, -1<<62); n != 0 {
		t.Errorf("a grant below nothing leaves %d", n)
	}
	if n := addCredit(maxCredit, 1<<62); n != maxCredit {
		t.Errorf("a huge grant leaves %d", n)
	}
}
