package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
	"github.com/zrpc-go/zrpc/zrpc"
)

// Ids keep their msgpack type, and those of two clients may be equal.
func TestIDTypes(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w := r.rawWorker("s", "m")
		one, two := r.rawClient(), r.rawClient()
		for _, id := range []any{"text", []byte("bin"), 7, -1, "", strings.Repeat("long", 50), 1.5} {
			want, _ := event.AppendValue(nil, id)
			one.send(id, nil, "m", []any{"one"})
			first := w.want("one's call", "m")
			two.send(id, nil, "m", []any{"two"})
			second := w.want("two's call", "m")
			if string(first.ID) == string(second.ID) {
				t.Fatalf("two clients' calls %v have one id at the worker", id)
			}
			one.send("x", id, "_zpc_more", []any{5})
			if g := w.want("one's credit", "_zpc_more"); string(g.ResponseTo) != string(first.ID) {
				t.Errorf("credit of one's %v went to %x", id, g.ResponseTo)
			}
			w.answer(second, "OK", []any{"two"})
			w.answer(first, "OK", []any{"one"})
			for _, c := range []*raw{one, two} {
				if g := c.want("the answer", "OK"); string(g.ResponseTo) != string(want) {
					t.Errorf("id %v came back as %x, want %x", id, g.ResponseTo, want)
				}
			}
		}
		r.empty()
	})
}

func TestOddEvents(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		for _, body := range []string{"", "\xc1", "\x93\x80", "\x93\x81" + wireID + "\x90\xa1m\xc0", "\x93\x81" + wireID + "\xa1x\xa1m\xdd\xff\xff\xff\xff"} {
			c.conn().TrySend(delimiter, []byte(body), zmtp.Now)
		}
		r.wait("they are counted", func() bool { return r.Status().Malformed == 5 })
		c.send(nil, nil, "m", []any{})
		c.send("1", nil, event.NameBeat, []any{0})
		c.send("x", "nosuch", "STREAM", 1)
		r.wait("so are those that belong to nothing", func() bool { return r.Status().Stray == 3 })
		c.nothing("and not answered", beat/4)
		c.send("x", "nosuch", event.NameBeat, []any{0})
		c.wantErr("but a caller that waits for an answer is told", errLost)
		b, _ := event.AppendValue(nil, []any{map[string]any{"message_id": "1", "v": 3}, []any{}, []any{}})
		c.conn().TrySend(delimiter, b, zmtp.Now)
		c.wantErr("a name that is a list", errType)
		b, _ = event.AppendValue(nil, []any{map[string]any{"message_id": "1", "v": 3}, []byte("bin"), []any{}})
		c.conn().TrySend(delimiter, b, zmtp.Now)
		c.wantErr("a name of bytes", errName)
		b, _ = event.AppendValue(nil, []any{map[string]any{"message_id": "1", "v": 1}, "_zerorpc_help", []any{5}})
		c.conn().TrySend(delimiter, b, zmtp.Now)
		if g := c.want("an old peer's error", "ERR"); !strings.Contains(string(g.Args), "TypeError('") {
			t.Errorf("an error for protocol 1: %q", g.Args)
		}
		w.send("x", "nosuch", "OK", []any{1})
		w.conn().TrySend(delimiter, []byte{0xc1}, zmtp.Now)
		r.wait("a worker's are counted too", func() bool { s := r.Status(); return s.Late == 1 && s.Malformed == 6 })
	})
}

func TestBounds(t *testing.T) {
	bubble(t, Options{MaxClientChannels: 2, MaxChannels: 3}, func(t *testing.T, r *rig) {
		w := r.rawWorker("s", "m")
		one, two := r.rawClient(), r.rawClient()
		for i := range 3 {
			one.send(fmt.Sprint(i), nil, "m", []any{})
		}
		one.wantErr("two calls a client", errBusy)
		calls := []*got{w.want("a call", "m"), w.want("a call", "m")}
		two.send("a", nil, "m", []any{})
		calls = append(calls, w.want("a call", "m"))
		two.send("b", nil, "m", []any{})
		two.wantErr("three calls in all", errBusy)
		for _, g := range calls {
			w.answer(g, "OK", []any{1})
		}
		one.want("an answer", "OK")
		one.want("an answer", "OK")
		one.send("c", nil, "m", []any{})
		w.want("there is room again", "m")
	})
}

// A peer that does not read costs its own channels and nobody else's, also when its
// answers are much larger than any before, so that its calls were let through.
func TestFullQueue(t *testing.T) {
	bubble(t, Options{MaxQueued: 1 << 20}, func(t *testing.T, r *rig) {
		w := r.rawWorker("s", "m")
		bad, good := r.rawClient(), r.rawClient()
		call := func(i int) {
			good.send(fmt.Sprint(i), nil, "m", []any{})
			w.answer(w.want("a neighbour's call", "m"), "OK", []any{i})
			good.want("its answer", "OK")
		}
		call(0)
		bad.set(func() { bad.stop = true })
		blob := strings.Repeat("x", 100<<10)
		var calls []*got
		for i := range 50 {
			bad.send(fmt.Sprint(i), nil, "m", []any{})
			calls = append(calls, w.want("a call", "m"))
		}
		for i, c := range calls {
			if err := w.conn().WaitRoom(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.answer(c, "OK", []any{blob})
			call(i + 1)
		}
		if s := r.Status(); s.FullClient == 0 || s.FullClient == 50 {
			t.Errorf("of 50 answers %d were dropped, want those that do not fit", s.FullClient)
		}
		r.empty()
	})
}

func TestClientGone(t *testing.T) {
	for _, property := range []string{"", "1"} {
		t.Run("zrpc "+property, func(t *testing.T) {
			bubble(t, Options{WorkerCalls: 2}, func(t *testing.T, r *rig) {
				w, c := r.rawWorkerProperty(property, "s", "m"), r.rawClient()
				for i := range 3 {
					c.send(fmt.Sprint(i), nil, "m", []any{})
				}
				call := w.want("a call", "m")
				w.want("a call", "m")
				w.answer(call, event.NameBeat, []any{0})
				c.want("a heartbeat", event.NameBeat)
				c.sock.Close()
				if property != "" {
					w.want("a zrpc worker is told", event.NameCancel)
					w.want("a zrpc worker is told", event.NameCancel)
				}
				w.nothing("what waited is gone, nobody else is told", beat/4)
				begun := time.Now()
				r.empty()
				within(t, "forgetting calls without ends", begun, 5*beat)
				if s := r.Status(); s.Abandoned != 3 || s.Workers[0].Running != 0 {
					t.Errorf("abandoned %d, running %d", s.Abandoned, s.Workers[0].Running)
				}
			})
		})
	}
}

func TestCancel(t *testing.T) {
	bubble(t, Options{WorkerCalls: 1}, func(t *testing.T, r *rig) {
		w, c := r.rawWorkerProperty("1", "s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{})
		call := w.want("a call", "m")
		c.send("2", nil, "m", []any{})
		r.wait("another waits", func() bool { return r.Status().Queued == 1 })
		c.send("x", "2", event.NameCancel, []any{})
		r.wait("it does no more", func() bool { return r.Status().Queued == 0 })
		c.send("x", "1", event.NameCancel, []any{})
		if g := w.want("the worker is told", event.NameCancel); string(g.ResponseTo) != string(call.ID) {
			t.Errorf("the cancel is of %q", g.ResponseTo)
		}
		w.answer(call, "ERR", []any{"Canceled", "", ""})
		c.nothing("nobody waits for the answer", beat/4)
		r.empty()
	})
}

func TestIdle(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("quiet", nil, "m", []any{})
		w.want("a call without heartbeats", "m")
		c.send("slow", nil, "m", []any{})
		slow := w.want("one with rare heartbeats", "m")
		c.send("dead", nil, "m", []any{})
		dead := w.want("one whose heartbeats will end", "m")
		w.answer(dead, event.NameBeat, []any{0})
		for range 5 {
			w.answer(slow, event.NameBeat, []any{0})
			time.Sleep(2 * beat)
		}
		if s := r.Status(); s.Channels != 2 || s.Idle != 1 {
			t.Errorf("%d channels, %d idle; want 2 and 1", s.Channels, s.Idle)
		}
		time.Sleep(2 * beat)
		if s := r.Status(); s.Channels != 2 {
			t.Error("a channel was given up between two of its heartbeats")
		}
		time.Sleep(6 * beat)
		if s := r.Status(); s.Channels != 1 {
			t.Errorf("%d channels, want the one that never had heartbeats", s.Channels)
		}
		time.Sleep(silentIdle + beat)
		r.empty()
	})
}

func TestShutdown(t *testing.T) {
	bubble(t, Options{WorkerCalls: 1}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{})
		call := w.want("a call", "m")
		c.send("2", nil, "m", []any{})
		r.wait("another waits", func() bool { return r.Status().Queued == 1 })
		ended := make(chan error, 1)
		go func() { ended <- r.Shutdown(context.Background()) }()
		c.wantErr("what waits is refused", errStopping)
		c.send("3", nil, "m", []any{})
		c.wantErr("so is what comes", errStopping)
		w.answer(call, "OK", []any{1})
		c.want("what runs is answered", "OK")
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := r.Serve(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Serve after Shutdown: %v", err)
		}
	})
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		w, c := r.rawWorker("s", "m"), r.rawClient()
		c.send("1", nil, "m", []any{})
		w.want("a call", "m")
		ctx, cancel := context.WithTimeout(t.Context(), beat)
		defer cancel()
		if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown that cut a call off: %v", err)
		}
		c.wantErr("what still runs", errLost)
	})
}

func TestMetrics(t *testing.T) {
	r := start(t, Options{})
	r.worker("de\"mo", demo())
	c := r.client()
	for range 3 {
		if _, err := zrpc.Call[int](t.Context(), c, "add", 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = zrpc.Call[int](t.Context(), c, "fail", "x")
	var b strings.Builder
	if err := r.WriteMetrics(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"zrpc_broker_calls_total 4\n",
		"zrpc_broker_workers 1\n",
		`service="de\"mo"`,
		`zrpc_broker_method_errors_total{method="fail"} 1` + "\n",
		`zrpc_broker_call_duration_seconds_bucket{method="add",le="+Inf"} 3` + "\n",
		`zrpc_broker_call_duration_seconds_count{method="add"} 3` + "\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the metrics lack %s:\n%s", want, b.String())
		}
	}
	if err := r.WriteMetrics(failing{}); err == nil {
		t.Error("a failed write went unnoticed")
	}
	s, err := zrpc.Call[Status](t.Context(), c, "_broker_status")
	if err != nil || s.Calls != 4 || len(s.Workers) != 1 || len(s.Methods) != 5 {
		t.Errorf("_broker_status: %+v, %v", s, err)
	}
	for _, part := range []string{"workers", "services", "methods"} {
		if l, err := zrpc.Call[[]any](t.Context(), c, "_broker_"+part); err != nil || len(l) == 0 {
			t.Errorf("_broker_%s: %v, %v", part, l, err)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Clients and workers connected to two brokers go on when one ends.
func TestTwoBrokers(t *testing.T) {
	one, two := start(t, Options{}), start(t, Options{})
	srv := one.worker("demo", demo())
	if err := srv.Connect(two.back); err != nil {
		t.Fatal(err)
	}
	two.wait("the worker joins the second", func() bool { return two.joined() == 1 })
	c := one.client()
	if err := c.Connect(two.front); err != nil {
		t.Fatal(err)
	}
	two.wait("the client is there", func() bool { return one.Status().Clients == 1 && two.Status().Clients == 1 })
	for i := range 10 {
		if got, err := zrpc.Call[int](t.Context(), c, "add", i, 1); got != i+1 || err != nil {
			t.Errorf("with both: %v, %v", got, err)
		}
	}
	if one.Status().Calls != 5 || two.Status().Calls != 5 {
		t.Errorf("the brokers had %d and %d of ten calls", one.Status().Calls, two.Status().Calls)
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	// A client finds out that a connection has ended within milliseconds; a
	// call made before that says so.
	row := 0
	two.wait("all calls go to the other", func() bool {
		got, err := zrpc.Call[int](t.Context(), c, "add", row, 1)
		switch {
		case err == nil && got == row+1:
			row++
		case errors.Is(err, zrpc.ErrLostRemote):
			row = 0
		default:
			t.Fatalf("with one: %v, %v", got, err)
		}
		return row == 20
	})
}

// Endpoints may be connected instead of bound, at both sides.
func TestConnect(t *testing.T) {
	r := start(t, Options{})
	srv := zrpc.NewServer(nil)
	if err := srv.Handle("one", func() int { return 1 }); err != nil {
		t.Fatal(err)
	}
	at, err := srv.Bind(fmt.Sprintf("inproc://broker-worker-%d", names.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background()) }()
	t.Cleanup(func() { srv.Close(); <-served })
	c := zrpc.NewClient(nil)
	t.Cleanup(func() { c.Close() })
	front, err := c.Bind(fmt.Sprintf("inproc://broker-client-%d", names.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.ConnectBackend(at), r.ConnectFrontend(front)); err != nil {
		t.Fatal(err)
	}
	if got, err := zrpc.Call[int](t.Context(), c, "one"); got != 1 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := r.BindFrontend("nonsense"); err == nil {
		t.Error("a bad endpoint was taken")
	}
}

// "As long as it takes" is often written as the longest time there is, which must not
// become none at all.
func TestLongestTicks(t *testing.T) {
	o := Options{Heartbeat: 8 * time.Second} // a tick is a second
	for d, want := range map[time.Duration]uint32{
		0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, math.MaxInt64: 1 << 30,
	} {
		if got := o.ticks(d); got != want {
			t.Errorf("%v is %d ticks, want %d", d, got, want)
		}
	}
}
