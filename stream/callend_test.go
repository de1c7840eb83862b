package stream

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// TestServerSameIDTwice makes two calls under one id. The second replaces the
// first where events are routed, but both have to end.
func TestServerSameIDTwice(t *testing.T) {
	for _, tc := range []struct {
		why  string
		lose func(client *scripted)
	}{
		{"the connection ends", func(client *scripted) { client.conn.Close(nil) }},
		{"heartbeats do not come", func(*scripted) { time.Sleep(time.Minute) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			cause := make(chan error, 2)
			var sent atomic.Int64
			m, client, end := newServer(t, nil, nil, block(cause), count(10, &sent))
			defer end()
			id, stream := client.newID(), client.newID()
			for range 2 {
				client.requestAs(id, 3, "block")
				client.requestAs(stream, 3, "count")
			}
			synctest.Wait()
			tc.lose(client)
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := len(cause); n != 2 {
				t.Errorf("%s: %d of 2 handlers were told", tc.why, n)
			}
			if n := m.svc.Pool.Open(); n != 0 {
				t.Errorf("%s: %d calls are left", tc.why, n)
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.ticking {
				t.Errorf("%s: the ticker still looks", tc.why)
			}
		})
	}
}

// TestServerForgetsQueuedCalls loses a connection whose calls wait for their
// turn: they must not go on counting as open calls.
func TestServerForgetsQueuedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(1)
		gate := make(chan struct{})
		stuck := &Method{Name: "stuck", Unary: func(c *Call, out []byte) ([]byte, error) {
			<-gate
			return event.AppendNil(out), nil
		}}
		_, a, endA := newServer(t, nil, &Service{Pool: pool}, stuck)
		defer endA()
		_, b, endB := newServer(t, nil, &Service{Pool: pool}, stuck)
		defer endB()
		a.request("stuck")
		synctest.Wait()
		for range 100 {
			b.request("stuck")
		}
		a.request("stuck")
		synctest.Wait()
		if n := pool.Open(); n != 102 {
			t.Errorf("%d calls are open, want 102", n)
		}
		b.conn.Close(nil)
		synctest.Wait()
		if n := pool.Open(); n != 2 {
			t.Errorf("%d calls are open after the connection of 100 has ended, want 2", n)
		}
		close(gate)
		a.want("the others go on", "OK")
		a.want("the others go on", "OK")
		synctest.Wait()
		if n := pool.Open(); n != 0 {
			t.Errorf("%d calls are left", n)
		}
	})
}

// TestServerReaderLeftBehind leaves a goroutine that reads the caller's stream
// when the handler returns: it has to end with the call.
func TestServerReaderLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		leaves := &Method{Name: "leaves", Stream: func(c *Call) ([]byte, error) {
			go func() {
				_, err := c.NextItem(c)
				ended <- err
			}()
			synctest.Wait()
			return event.AppendNil(nil), nil
		}}
		_, client, end := newServer(t, nil, nil, leaves)
		client.request("leaves")
		client.want("the answer", "OK")
		select {
		case err := <-ended:
			if err == nil {
				t.Error("NextItem returned an item that never came")
			}
		case <-time.After(time.Minute):
			t.Error("NextItem hangs after its call has ended")
			end()
			return
		}
		end()
	})
}

// TestCallAfterFuncIsForgotten derives contexts from a call that lasts.
func TestCallAfterFuncIsForgotten(t *testing.T) {
	c := new(Call)
	var ran atomic.Int32
	first := c.AfterFunc(func() { ran.Add(1) })
	for range 1000 {
		ctx, cancel := context.WithTimeout(c, time.Hour)
		_ = ctx
		cancel()
	}
	if n := len(c.after); n > 1 {
		t.Errorf("%d registrations are kept after 1,000 contexts that have ended", n)
	}
	last := make(chan struct{})
	c.AfterFunc(func() { close(last) })
	if !first() || first() {
		t.Error("stop reports true the first time, then false")
	}
	c.cancel(context.Canceled)
	<-last
	if ran.Load() != 0 {
		t.Error("a stopped function ran")
	}
	after := make(chan struct{})
	if stop := c.AfterFunc(func() { close(after) }); stop() {
		t.Error("stop reports true though the call had ended")
	}
	<-after
}

// TestPoolRefusalIsCounted checks that a request that the service refuses
// cannot slip past one who waits for the pool to be empty: it counts as open
// before the service is asked.
func TestPoolRefusalIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open int
		m, client, end := newServer(t, nil, nil, echo())
		defer end()
		inner := m.svc.Lookup
		m.svc.Lookup = func(name []byte) (*Method, error) {
			open = m.svc.Pool.Open()
			return inner(name)
		}
		client.request("echo")
		client.want("served", "OK")
		if open != 1 {
			t.Errorf("%d calls were open when the service was asked, want 1", open)
		}
		client.request("nope")
		client.want("refused", "ERR")
		synctest.Wait()
		if n := m.svc.Pool.Open(); n != 0 {
			t.Errorf("%d calls are left", n)
		}
	})
}
