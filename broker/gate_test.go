package broker

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

const blobSize = 256 << 10

// calm has heartbeats that no test of minutes sees.
var calm = Options{Heartbeat: time.Hour}

// answerAll has w answer every call of "m" with blobSize bytes, and others with
// little, until the test ends. Calls are counted by the first argument.
func answerAll(t *testing.T, w *raw) (calls func(who string) int) {
	blob := strings.Repeat("x", blobSize)
	var mu sync.Mutex
	n := map[string]int{}
	ctx := t.Context()
	go func() {
		for {
			select {
			case g := <-w.got:
				var args []string
				_ = event.Decode(g.Args, &args) // what is none fails the test by its count
				mu.Lock()
				n[strings.Join(args, "")]++
				mu.Unlock()
				if w.conn().WaitRoom(ctx) != nil {
					return
				}
				if string(g.Name) == "m" {
					w.answer(g, "OK", []any{blob})
				} else {
					w.answer(g, "OK", []any{1})
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return func(who string) int {
		mu.Lock()
		defer mu.Unlock()
		return n[who]
	}
}

// TestDeafClient: of a client that asks for much and reads nothing a few calls get
// to the worker; what it made the broker hold is little; its neighbour on the same
// worker loses nothing; and in the end it is disconnected and all is forgotten.
func TestDeafClient(t *testing.T) {
	bubble(t, calm, func(t *testing.T, r *rig) {
		const asked = 200
		calls := answerAll(t, r.rawWorker("s", "m", "small"))
		deaf, good := r.rawClient(), r.client()
		deaf.set(func() { deaf.stop = true })
		for i := range asked {
			deaf.send(fmt.Sprint(i), nil, "m", []any{"deaf"})
			for _, method := range []string{"m", "small"} {
				if _, err := good.Invoke(t.Context(), method, "good"); err != nil {
					t.Fatalf("a neighbour's call of %s: %v", method, err)
				}
			}
		}
		time.Sleep(10 * time.Second)
		if n := calls("deaf"); n > 3*(1<<20)/blobSize {
			t.Errorf("%d calls of a client that reads nothing got to the worker", n)
		}
		if n := calls("good"); n != 2*asked {
			t.Errorf("%d calls of its neighbour, of %d", n, 2*asked)
		}
		s := r.Status()
		if s.Held+calls("deaf") != asked || s.FullClient != 0 || len(s.Errors) != 0 {
			t.Errorf("%d of %d calls wait, %d queues were full, errors %v", s.Held, asked, s.FullClient, s.Errors)
		}
		queued := 0
		for _, c := range r.Broker.front.Peers() {
			_, n := c.Queued()
			queued += n
		}
		if queued > 3<<20 {
			t.Errorf("%d bytes wait for it", queued)
		}
		time.Sleep(time.Minute)
		if s := r.Status(); s.Clients != 1 || s.Held != 0 || s.Channels != 0 {
			t.Errorf("%d clients, %d calls wait, %d are open: it should have been disconnected", s.Clients, s.Held, s.Channels)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.gated) != 0 || r.heldSize != 0 {
			t.Errorf("%d clients have a gate, for %d bytes", len(r.gated), r.heldSize)
		}
	})
}

// TestBurst: a client that reads gets all of what it asks for at once, although it
// is more than may be queued for it.
func TestBurst(t *testing.T) {
	o := calm
	o.MaxQueued = 4 << 20
	bubble(t, o, func(t *testing.T, r *rig) {
		calls := answerAll(t, r.rawWorker("s", "m"))
		c := r.client()
		var all sync.WaitGroup
		for range 64 { // 16 MiB
			all.Go(func() {
				if got, err := zrpc.Call[string](t.Context(), c, "m", "it"); err != nil || len(got) != blobSize {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			})
		}
		all.Wait()
		if n := calls("it"); n != 64 {
			t.Errorf("%d calls got to the worker", n)
		}
		r.empty()
	})
}

// TestGateIsNoQueue: calls that wait for one another at the worker all get there,
// whatever they will answer; none of them takes a place in the queue.
func TestGateIsNoQueue(t *testing.T) {
	o := calm
	o.Queue = -1
	bubble(t, o, func(t *testing.T, r *rig) {
		const n = 100
		w, c := r.rawWorker("s", "m"), r.rawClient()
		begun := time.Now()
		var calls []*got
		for i := range n {
			c.send(fmt.Sprint(i), nil, "m", []any{})
		}
		for range n {
			calls = append(calls, w.want("a call that will answer nobody knows how much", "m"))
		}
		within(t, "letting all through", begun, 10*gateLook)
		for _, g := range calls {
			w.answer(g, "OK", []any{1})
			c.want("its answer", "OK")
		}
		r.empty()
	})
}

// TestGateLooks: however often calls begin to wait and go on again, the gates are
// looked at as often as they are to be, or the window of a client would grow with its
// calls, and the broker would come to nothing else.
func TestGateLooks(t *testing.T) {
	bubble(t, calm, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		blob, asked := strings.Repeat("x", blobSize), 0
		ask := func(n int) {
			for range n {
				asked++
				c.send(fmt.Sprint(asked), nil, "m", []any{})
			}
			synctest.Wait()
		}
		for range 50 {
			ask(5)
			if r.Status().Held == 0 {
				t.Fatal("no call waits")
			}
			for range 5 {
				w.answer(w.want("a call", "m"), "OK", []any{blob})
				c.want("its answer", "OK")
			}
			synctest.Wait()
		}
		ask(100)
		begun := len(w.got)
		time.Sleep(gateLook)
		synctest.Wait()
		if n := len(w.got); n > 2*begun+1 {
			t.Errorf("%d calls were let through at first, and %d after one look", begun, n)
		}
	})
}

// TestGateBesideStream: a client whose stream comes faster than it reads, and waits in
// our queue for as long as it lasts, makes other calls meanwhile, as many at a time as
// another client.
func TestGateBesideStream(t *testing.T) {
	bubble(t, calm, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "items", "m", "small", "slow"), r.rawClient()
		c.send("known", nil, "small", []any{})
		w.answer(w.want("what it answers", "small"), "OK", []any{1})
		c.want("its answer", "OK")
		c.set(func() { c.pause = 5 * time.Millisecond }) // 13 MB/s
		c.send("stream", nil, "items", []any{})
		items := w.want("the stream", "items")
		ctx, item := t.Context(), strings.Repeat("x", 64<<10)
		results := map[string]any{"small": 1, "m": strings.Repeat("x", blobSize)}
		go func() {
			for ctx.Err() == nil {
				for _, p := range r.Broker.front.Peers() {
					if _, n := p.Queued(); n < 6<<20 {
						w.answer(items, "STREAM", item)
					}
				}
				<-time.After(time.Millisecond)
			}
		}()
		answer := func(id string) {
			t.Helper()
			for begun := time.Now(); ; {
				if g := <-c.got; string(g.Name) == "OK" {
					return
				}
				if time.Since(begun) > 10*time.Second {
					t.Fatalf("no answer to %s", id)
				}
			}
		}
		time.Sleep(time.Second)
		for i := range 10 {
			for _, method := range []string{"small", "m"} {
				id := fmt.Sprint(method, i)
				c.send(id, nil, method, []any{})
				select {
				case g := <-w.got:
					w.answer(g, "OK", []any{results[method]})
				case <-time.After(10 * time.Second):
					t.Fatalf("%s waits for ever", id)
				}
				answer(id)
			}
		}
		const slow = 20
		for i := range slow {
			c.send(fmt.Sprint("slow", i), nil, "slow", []any{})
		}
		r.wait("those that are slow wait for one another", func() bool { return len(w.got) == slow })
	})
}

// TestHeldCalls: what waits at a gate can be taken back, runs into its deadline, has
// a bound, and ends with the broker; each has a name.
func TestHeldCalls(t *testing.T) {
	bubble(t, Options{Heartbeat: 10 * time.Second}, func(t *testing.T, r *rig) {
		calls := answerAll(t, r.rawWorker("s", "m", "small"))
		deaf := r.rawClient()
		deaf.send("known", nil, "small", []any{"known"}) // what it answers
		deaf.want("its answer", "OK")
		deaf.set(func() { deaf.stop = true })
		for i := range 50 {
			deaf.send(fmt.Sprint(i), nil, "m", []any{"deaf"})
		}
		time.Sleep(time.Second)
		held := r.Status().Held
		if held == 0 {
			t.Fatal("no call waits")
		}
		deaf.send("x", "49", event.NameCancel, []any{})
		r.wait("one is taken back", func() bool { return r.Status().Held == held-1 })
		before := calls("deaf")
		deaf.send("late", nil, "m", []any{"deaf"}, event.KeyDeadline, 500)
		r.wait("one more waits", func() bool { return r.Status().Held == held })
		time.Sleep(3 * time.Second)
		if n := r.Status().Errors[errTimeout]; n != 1 {
			t.Errorf("%d deadlines passed, want one", n)
		}
		deaf.send("little", nil, "small", []any{"deaf"})
		r.wait("what answers little gets through", func() bool { return calls("deaf") > before })
		large := strings.Repeat("x", 1<<20)
		for i := range 20 {
			deaf.send(fmt.Sprint("large", i), nil, "m", []any{large})
			if err := deaf.conn().WaitRoom(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		r.wait("what is too much to keep is refused", func() bool { return r.Status().Errors[errBusy] == 20-holdOne>>20+1 })
		held = r.Status().Held
		cut, cancel := context.WithCancel(t.Context())
		cancel()
		_ = r.Shutdown(cut) // its error is that of the context
		if n := r.Status().Errors[errStopping]; n != uint64(held) {
			t.Errorf("%d of %d calls that waited were refused at the broker's end", n, held)
		}
		if n := calls("deaf"); n > 3*(1<<20)/blobSize {
			t.Errorf("%d calls got to the worker", n)
		}
		r.empty()
	})
}

// TestOverflowCancels: a stream that was ended because its caller does not read does
// not go on at the worker, and what it sends meanwhile costs nobody anything.
func TestOverflowCancels(t *testing.T) {
	o := calm
	o.MaxQueued = 1 << 20
	bubble(t, o, func(t *testing.T, r *rig) {
		w, deaf := r.rawWorkerProperty("1", "s", "m"), r.rawClient()
		deaf.set(func() { deaf.stop = true })
		deaf.send("1", nil, "m", []any{})
		call := w.want("the call", "m")
		for range 20 {
			if err := w.conn().WaitRoom(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.answer(call, "STREAM", strings.Repeat("x", blobSize))
		}
		w.want("the worker is told", event.NameCancel)
		r.wait("what it had sent is dropped", func() bool { return r.Status().Late > 0 })
		if s := r.Status(); s.FullClient != 1 || s.Channels != 0 {
			t.Errorf("%d queues were full, %d calls are open", s.FullClient, s.Channels)
		}
	})
}
