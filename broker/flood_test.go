package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// Names that nobody has offered are the callers' to choose: they must not fill
// the memory, also when each call is taken back at once.
func TestUnknownNamesAreBounded(t *testing.T) {
	bubble(t, Options{Queue: 10}, func(t *testing.T, r *rig) {
		c := r.rawClient()
		for i := range 500 {
			c.send(fmt.Sprint(i), nil, fmt.Sprint("method", i), []any{})
			c.send("x", fmt.Sprint(i), event.NameCancel, []any{})
		}
		time.Sleep(beat / 16)
		r.mu.Lock()
		n := len(r.pool.routes)
		r.mu.Unlock()
		if n > 10 {
			t.Errorf("%d routes for names that nobody has offered, with a queue of 10", n)
		}
		refused := c.drain("ERR", beat/16)
		if refused == 0 {
			t.Error("nothing was refused")
		}
		time.Sleep(3 * beat)
		r.mu.Lock()
		n, unknown := len(r.pool.routes), r.pool.unknown
		r.mu.Unlock()
		if n != 0 || unknown != 0 {
			t.Errorf("%d routes are left, %d counted", n, unknown)
		}
	})
}
