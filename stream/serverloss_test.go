package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestServerLosesClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 1)
		var sent atomic.Int64
		m, client, end := newServer(t, &Options{Heartbeat: time.Second}, nil, block(cause), count(10, &sent))
		defer end()
		began := time.Now()
		client.request("block")
		stream := client.request("count")
		client.want("one item is free", "STREAM")
		if err := <-cause; !errors.Is(err, ErrLostRemote) {
			t.Errorf("handler's context ended with %v, want ErrLostRemote", err)
		}
		if d := time.Since(began); d < 2*time.Second || d > 3*time.Second {
			t.Errorf("lost after %v, want at most 3 heartbeats", d)
		}
		synctest.Wait()
		if n := m.svc.Pool.Open(); n != 0 || m.calls.Len() != 0 {
			t.Errorf("%d calls and %d channels are left", n, m.calls.Len())
		}
		client.on(stream, "_zpc_more", []any{5})
		for len(client.events) > 0 {
			if r := <-client.events; string(r.Name) != "_zpc_hb" {
				t.Errorf("a lost caller got %s", r.Name)
			}
		}
	})
}

func TestServerConnectionLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 3)
		derived := &Method{Name: "derived", Unary: func(c *Call, out []byte) ([]byte, error) {
			ctx, cancel := context.WithCancel(c)
			defer cancel()
			<-ctx.Done()
			cause <- ErrLostRemote
			return out, ctx.Err()
		}}
		m, client, end := newServer(t, nil, nil, block(cause), derived)
		defer end()
		client.request("block")
		client.request("block")
		client.request("derived")
		synctest.Wait()
		began := time.Now()
		client.conn.Close(nil)
		for range 3 {
			if err := <-cause; !errors.Is(err, ErrLostRemote) {
				t.Errorf("%v, want ErrLostRemote", err)
			}
		}
		synctest.Wait()
		if time.Since(began) > 0 || m.svc.Pool.Open() != 0 {
			t.Errorf("after %v %d calls are left", time.Since(began), m.svc.Pool.Open())
		}
	})
}

func TestServerHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 2)
		_, client, end := newServer(t, nil, nil, block(cause))
		defer end()
		began := time.Now()
		id := client.request("block")
		for i := 1; i <= 20; i++ { // 100 s
			hb := client.want("one heartbeat an interval", "_zpc_hb")
			d := hb.at.Sub(began)
			if want := time.Duration(i) * 5 * time.Second; d < want || d > want+5*time.Second/ticksPerBeat {
				t.Errorf("heartbeat %d after %v, want %v", i, d, want)
			}
			client.on(id, "_zpc_hb", []any{0})
		}
		if len(cause) > 0 {
			t.Errorf("lost: %v", <-cause)
		}
	})
}

func TestServerOldClientIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 2)
		_, client, end := newServer(t, nil, nil, block(cause))
		defer end()
		client.requestAs(client.newID(), 1, "block")
		client.wantNone("protocol 1 knows no heartbeats", 50*time.Second)
		if len(cause) > 0 {
			t.Errorf("lost: %v", <-cause)
		}
	})
}
