package stream

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestServerTakesReaderAtTheLastMoment has handlers return just when the
// watchdog takes the reader from them.
func TestServerTakesReaderAtTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &Method{Name: "slow", Unary: func(c *Call, out []byte) ([]byte, error) {
			time.Sleep(2 * stuckTime)
			return append(out, c.Args...), nil
		}}
		quick := echo()
		quick.cheap.proven.Store(true)
		m, client, end := newServer(t, nil, nil, slow, quick)
		defer end()
		for i := range 300 {
			slow.cheap.proven.Store(true)
			client.request("slow", i)
			client.request("echo", i)
			client.request("echo", i)
			for range 3 {
				client.want("all are answered", "OK")
			}
			time.Sleep(time.Second) // the watchdog goes to sleep
		}
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		if n := m.calls.Len(); n != 0 || m.svc.Pool.Open() != 0 || m.live.Load() != 0 {
			t.Errorf("%d channels and %d calls are left", n, m.svc.Pool.Open())
		}
	})
}

// TestServerExitsBesideInline ends handlers' goroutines while the reader runs
// other methods itself.
func TestServerExitsBesideInline(t *testing.T) {
	exits := &Method{Name: "exits", Unary: func(*Call, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil }}
	good := echo()
	good.cheap.proven.Store(true)
	m, client, end := newServer(t, nil, nil, exits, good)
	defer end()
	const n = 200
	for range n {
		client.request("exits")
		client.request("echo")
		client.request("echo")
	}
	got := map[string]int{}
	for range 3 * n {
		r := <-client.events
		got[string(r.Name)]++
	}
	if got["ERR"] != n || got["OK"] != 2*n {
		t.Errorf("answers: %v, want %d ERR and %d OK", got, n, 2*n)
	}
	if err := m.svc.Pool.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}
