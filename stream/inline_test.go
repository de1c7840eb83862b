package stream

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestServerTakesReaderAtTheLastMoment has handlers return just when the
// watchdog takes the reader from them. A Call that is used again must not be one
// that lives on elsewhere.
func TestServerTakesReaderAtTheLastMoment(t *testing.T) {
	for _, borrows := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			slow := &Method{Name: "slow", Borrows: borrows, Unary: func(c *Call, out []byte) ([]byte, error) {
				time.Sleep(2 * stuckTime)
				return append(out, c.Args...), nil
			}}
			apart := &Method{Name: "apart", Borrows: borrows, Unary: slow.Unary} // on a goroutine of its own from the start
			quick := echo()
			quick.Borrows = borrows
			quick.cheap.proven.Store(true)
			m, client, end := newServer(t, nil, nil, slow, quick, apart)
			defer end()
			for i := range 300 {
				slow.cheap.proven.Store(true)
				sent := map[string]string{} // arguments by the call's id
				for j, name := range []string{"apart", "echo", "slow", "echo"} {
					id := client.request(name, 4*i+j)
					sent[string(id)] = string(encodeArray(t, 4*i+j))
				}
				for range 4 {
					r := client.want("all are answered", "OK")
					if want, got := "\x91"+sent[string(r.ResponseTo)], string(r.Args); got != want {
						t.Fatalf("round %d: an answer is %x, want %x", i, got, want)
					}
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
