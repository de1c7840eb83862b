package stream

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// echo answers its args.
func echo() *Method {
	return &Method{Name: "echo", Unary: func(c *Call, out []byte) ([]byte, error) {
		return append(out, c.Args...), nil
	}}
}

// block runs until its context ends, and tells what ended it.
func block(cause chan<- error) *Method {
	return &Method{Name: "block", Unary: func(c *Call, out []byte) ([]byte, error) {
		<-c.Done()
		cause <- c.Cause()
		return out, c.Err()
	}}
}

// count streams n integers.
func count(n int, sent *atomic.Int64) *Method {
	return &Method{Name: "count", Stream: func(c *Call) ([]byte, error) {
		for i := range n {
			if err := c.SendItem(event.AppendInt(nil, int64(i))); err != nil {
				return nil, err
			}
			sent.Add(1)
		}
		return nil, nil
	}}
}

func TestServerEchoesIDs(t *testing.T) {
	long := strings.Repeat("x", 100)
	synctest.Test(t, func(t *testing.T) {
		_, client, end := newServer(t, nil, nil, echo())
		defer end()
		for i, id := range []any{[]byte("0123456789abcdef0123456789abcdef"), "ade60b28-65bb-481a-85f0-000000000000", 5, -1, "", long, []byte(long), 1.5, true} {
			raw, err := event.AppendValue(nil, id)
			if err != nil {
				t.Fatal(err)
			}
			for range 50 { // on a goroutine first, inline later
				client.requestAs(raw, 3, "echo", i)
				r := client.want("every scalar id is answered", "OK")
				if string(r.ResponseTo) != string(raw) {
					t.Fatalf("response_to is %x, want %x: the id in its own type", r.ResponseTo, raw)
				}
				if string(r.envelope) != "\x01\x00" {
					t.Fatalf("envelope is %x, want the request's", r.envelope)
				}
			}
		}
	})
}

func TestServerEnvelopeIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, end := newServer(t, nil, nil, echo())
		defer end()
		for _, envelope := range []string{"", "\x01\x00", "\x01\x03abc", "\x01\x02aa\x01\x02bb\x01\x00"} {
			client.send([]byte(envelope), client.newID(), nil, 3, "echo", []any{})
			if r := client.want("any envelope is answered by itself", "OK"); string(r.envelope) != envelope {
				t.Errorf("envelope is %x, want %x", r.envelope, envelope)
			}
		}
	})
}

// feed is both steps of a Method.Open; it is told whether it is the second.
type feed func(run bool) error

func (f feed) first() error { return f(false) }
func (f feed) Run() error   { return f(true) }

func TestServerErrors(t *testing.T) {
	fails := &Method{Name: "fails", Unary: func(_ *Call, out []byte) ([]byte, error) {
		return append(out, "junk"...), &RemoteError{Name: "ValueError", Message: "it's\xff", Traceback: "tb"}
	}}
	panics := &Method{Name: "panics", Unary: func(*Call, []byte) ([]byte, error) { panic("ouch") }}
	exits := &Method{Name: "exits", Unary: func(*Call, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil }}
	streamPanics := &Method{Name: "stream_panics", Stream: func(*Call) ([]byte, error) { panic("ouch") }}
	streamExits := &Method{Name: "stream_exits", Stream: func(*Call) ([]byte, error) { runtime.Goexit(); return nil, nil }}
	opens := func(name string, run feed) *Method {
		return &Method{Name: name, Open: func(*Call) (Feed, error) {
			if run == nil {
				panic("ouch")
			}
			return run, run.first()
		}}
	}
	feedFails := opens("feed_fails", func(run bool) error { return fmt.Errorf("at its run: %v", run) })
	lateFails := opens("late_fails", func(run bool) error {
		if run {
			return fmt.Errorf("late")
		}
		return nil
	})
	latePanics := opens("late_panics", func(run bool) error {
		if run {
			panic("ouch")
		}
		return nil
	})
	lateExits := opens("late_exits", func(run bool) error {
		if run {
			runtime.Goexit()
		}
		return nil
	})
	synctest.Test(t, func(t *testing.T) {
		m, client, end := newServer(t, nil, nil, echo(), fails, panics, exits, streamPanics, streamExits,
			opens("open_panics", nil), feedFails, lateFails, latePanics, lateExits)
		defer end()
		for _, tc := range []struct {
			why     string
			version any
			method  string
			want    []any
		}{
			{"an error in its three parts, as valid UTF-8", 3, "fails", []any{"ValueError", "it's\uFFFD", "tb"}},
			{"protocol 2 likewise", 2, "fails", []any{"ValueError", "it's\uFFFD", "tb"}},
			{"protocol 1 has the repr alone", 1, "fails", []any{`ValueError("it's` + "\uFFFD" + `")`}},
			{"no version is protocol 1", nil, "fails", []any{`ValueError("it's` + "\uFFFD" + `")`}},
			{"an unknown method", 3, "nope", []any{"NameError", "nope", ""}},
			{"a panic", 3, "panics", []any{"Error", "panic: ouch", "trace"}},
			{"a handler that ends its goroutine", 3, "exits", []any{"Error", ErrExited.Error(), "trace"}},
			{"a stream that panics", 3, "stream_panics", []any{"Error", "panic: ouch", "trace"}},
			{"a stream that ends its goroutine", 3, "stream_exits", []any{"Error", ErrExited.Error(), "trace"}},
			{"a first step that panics", 3, "open_panics", []any{"Error", "panic: ouch", "trace"}},
			{"a first step that fails has no second", 3, "feed_fails", []any{"Error", "at its run: false", "trace"}},
			{"a second step that fails", 3, "late_fails", []any{"Error", "late", "trace"}},
			{"a second step that panics", 3, "late_panics", []any{"Error", "panic: ouch", "trace"}},
			{"a second step that ends its goroutine", 3, "late_exits", []any{"Error", ErrExited.Error(), "trace"}},
		} {
			client.requestAs(client.newID(), tc.version, tc.method)
			r := client.want(tc.why, "ERR")
			got, err := event.DecodeAny(r.Args)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("%s: %v, %v, want %v", tc.why, got, err, tc.want)
			}
		}
		client.request("echo")
		client.want("the server serves on", "OK")
		synctest.Wait()
		if n := m.svc.Pool.Open(); n != 0 {
			t.Errorf("%d calls are left", n)
		}
	})
}

// TestServerInlineMishaps has a method that was proven cheap go wrong on the
// reading goroutine.
func TestServerInlineMishaps(t *testing.T) {
	for _, mishap := range []string{"panic", "exit", "block"} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			bad := &Method{Name: "bad", Unary: func(c *Call, out []byte) ([]byte, error) {
				switch mishap {
				case "panic":
					panic("ouch")
				case "exit":
					runtime.Goexit()
				case "block":
					<-release
				}
				return append(out, c.Args...), nil
			}}
			bad.cheap.proven.Store(true)
			good := echo()
			good.cheap.proven.Store(true)
			m, client, end := newServer(t, nil, nil, bad, good)
			defer end()
			first := client.request("bad", "kept")
			began := time.Now()
			for i := range 100 { // enough to reuse the read buffer
				client.request("echo", i, strings.Repeat("y", 1000))
			}
			if mishap != "block" {
				client.want("the caller is told", "ERR")
			}
			for range 100 {
				client.want("others are served while a handler is stuck", "OK")
			}
			if d := time.Since(began); d > 3*stuckTime {
				t.Errorf("%s: the others waited %v", mishap, d)
			}
			if mishap == "block" {
				if bad.cheap.proven.Load() {
					close(release)
				} else {
					t.Errorf("demoted before it returned")
					close(release)
				}
				r := client.want("the stuck call is answered when it returns", "OK")
				if string(r.ResponseTo) != string(first) || !strings.Contains(string(r.Args), "kept") {
					t.Errorf("answer %x on %x, want its own argument on %x", r.Args, r.ResponseTo, first)
				}
				if bad.cheap.proven.Load() {
					t.Error("the method is still taken for cheap")
				}
			}
			synctest.Wait()
			if n := m.svc.Pool.Open(); n != 0 {
				t.Errorf("%s: %d calls are left", mishap, n)
			}
		})
	}
}

func TestServerUnknownChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		_, client, end := newServer(t, nil, nil, count(0, &sent))
		defer end()
		for _, name := range []string{"_zpc_hb", "_zpc_more"} {
			client.on(client.newID(), name, []any{0})
			r := client.want("a restarted server says so at once", "ERR")
			const text = "no such call is running here; the server may have been restarted"
			var args []string
			if err := event.Decode(r.Args, &args); err != nil || !slices.Equal(args, []string{"LostRemote", text, "LostRemote: " + text}) {
				t.Errorf("ERR %q, %v; Python shows its users the last of the three alone", args, err)
			}
		}
		client.on(client.newID(), "STREAM", 1)
		client.wantNone("other events of no channel are dropped", time.Minute/2)
		id := client.request("count")
		client.want("an empty stream", "STREAM_DONE")
		client.on(id, "_zpc_more", []any{100})
		client.wantNone("credit that crossed with the end is no trouble", time.Minute/2)
	})
}

func TestServerDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, client, end := newServer(t, nil, nil, echo())
		defer end()
		id := client.newID()
		client.send(delimiter, nil, nil, 3, "echo", []any{})                          // no id
		client.send(delimiter, []byte{0xc0}, nil, 3, "echo", []any{})                 // nil id
		client.send(delimiter, []byte{0x90}, nil, 3, "echo", []any{})                 // list id
		client.send(delimiter, id, []byte{0x91, 1}, 3, "echo", []any{})               // list response_to
		client.send(delimiter, id, nil, 3, "_zpc_hb", []any{0})                       // a heartbeat of nothing
		client.send(delimiter, id, nil, "3", "echo", []any{})                         // v no number
		client.conn.Send(t.Context(), delimiter, nil, Now)                            // empty
		client.conn.Send(t.Context(), delimiter, []byte("\xc1"), Now)                 // no msgpack
		client.conn.Send(t.Context(), delimiter, []byte("GET / HTTP/1.1\r\n"), Now)   // no event
		client.conn.Send(t.Context(), delimiter, []byte{0xdd, 0xff, 0xff, 0xff}, Now) // a claim
		client.send(delimiter, id, nil, 3, "echo", []any{})
		client.want("junk is dropped, the rest served", "OK")
		if n := m.svc.Dropped.Load(); n != 10 {
			t.Errorf("%d events dropped, want 10", n)
		}
	})
}

func TestServerBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 20)
		svc := &Service{PeerCalls: 3}
		m, client, end := newServer(t, nil, svc, block(cause), echo())
		for range 3 {
			client.request("block")
		}
		same := client.newID()
		client.requestAs(same, 3, "block")
		client.requestAs(same, 3, "block")
		for range 2 {
			if r := client.want("too many calls of one connection", "ERR"); !strings.Contains(string(r.Args), "busy") {
				t.Errorf("ERR %q", r.Args)
			}
		}
		if m.svc.Pool.Open() != 3 {
			t.Errorf("%d calls are open", m.svc.Pool.Open())
		}
		end()
	})
}

func TestServerPoolTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(1)
		var order []string
		gate := make(chan struct{})
		slow := func(who string) *Method {
			return &Method{Name: "slow", Unary: func(c *Call, out []byte) ([]byte, error) {
				<-gate
				order = append(order, who) // one at a time: that is the point
				return event.AppendNil(out), nil
			}}
		}
		_, a, endA := newServer(t, nil, &Service{Pool: pool}, slow("a"))
		defer endA()
		_, b, endB := newServer(t, nil, &Service{Pool: pool}, slow("b"))
		defer endB()
		for range 10 {
			a.request("slow")
		}
		synctest.Wait()
		b.request("slow")
		b.request("slow")
		synctest.Wait()
		close(gate)
		for range 10 {
			a.want("every call is served", "OK")
		}
		b.want("every call is served", "OK")
		b.want("every call is served", "OK")
		if got := strings.Join(order, ""); got != "aababaaaaaaa" && got != "abab"+"aaaaaaaa" && !strings.HasPrefix(got, "aabab") {
			t.Errorf("order %s: b waits for more than one of a's", got)
		}
		if err := pool.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestServerLargeMessages(t *testing.T) {
	_, client, end := newServer(t, nil, nil, echo())
	defer end()
	for i := range 60 {
		size := []int{10, 16 << 10, 100 << 10, 1 << 20}[i%4]
		arg := strings.Repeat(string(rune('a'+i%26)), size)
		client.request("echo", arg)
		r := client.want("large results are written from where they are", "OK")
		var got [][]string
		if err := event.Decode(r.Args, &got); err != nil || got[0][0] != arg {
			t.Fatalf("message %d of %d bytes came back wrong: %v", i, size, err)
		}
	}
}

// TestServerLeavesNothing makes 10,000 calls of every ending.
func TestServerLeavesNothing(t *testing.T) {
	var sent atomic.Int64
	m, client, end := newServer(t, nil, nil, echo(), count(1, &sent))
	defer end()
	before := runtime.NumGoroutine()
	for i := range 10_000 {
		switch i % 3 {
		case 0:
			client.request("echo", i)
			client.want("answered", "OK")
		case 1:
			id := client.request("count")
			client.want("streamed", "STREAM")
			client.on(id, "_zpc_more", []any{1})
			client.want("ended", "STREAM_DONE")
		case 2:
			client.request("nope")
			client.want("refused", "ERR")
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for m.svc.Pool.Open() > 0 || runtime.NumGoroutine() > before+2 {
		if time.Now().After(deadline) {
			t.Fatalf("%d calls and %d goroutines are left, %d were there before", m.svc.Pool.Open(), runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
	if n := m.calls.Len(); n != 0 {
		t.Errorf("%d channels are left", n)
	}
}
