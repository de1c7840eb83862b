package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
)

// TestClientCloseWhileLeading closes a channel whose reader is the one who reads
// the connection: nothing else would get it out of that read.
func TestClientCloseWhileLeading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		// One finished call: nobody reads from now on, so the next one leads.
		done := call(m, t.Context(), "f", encodeArray(t))
		server.answer(server.want("the request", "f"), "OK", []any{1})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.want("the request", "s")
		next := make(chan error, 1)
		go func() {
			_, err := ch.Next(context.Background())
			next <- err
		}()
		synctest.Wait()
		began := time.Now()
		ch.Close()
		ch.Close() // more than once
		select {
		case err := <-next:
			if !errors.Is(err, ErrClosed) {
				t.Errorf("Next on a closed channel: %v, want ErrClosed", err)
			}
		case <-time.After(time.Hour):
			t.Errorf("Next hangs after Close")
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("Close took effect after %v", d)
		}
		done = call(m, t.Context(), "g", encodeArray(t))
		server.answer(server.want("the connection is read on", "g"), "OK", []any{1})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestClientWindowOfItsOwn opens a channel with a window larger than the mux's:
// what it grants it must also take.
func TestClientWindowOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		const window = 5000
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, window)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "s")
		server.answer(req, "STREAM", 0)
		if _, err := ch.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := make(chan error, 1)
		go func() { _, err := ch.Next(t.Context()); next <- err }()
		server.want("the window is granted", "_zpc_more")
		for i := range window { // nobody takes them meanwhile
			server.answer(req, "STREAM", i)
		}
		synctest.Wait()
		for i := range window {
			if i > 0 {
				if _, err = ch.Next(t.Context()); err != nil {
					t.Fatalf("item %d of %d that were granted: %v", i, window, err)
				}
			} else if err := <-next; err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestClientOldPeerStream reads a stream of a peer of protocol 2, which takes
// its credit by heartbeat.
func TestClientOldPeerStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 10)
		if err != nil {
			t.Fatal(err)
		}
		req := server.want("the request", "s")
		go func() {
			for i := range 300 {
				server.send(req.envelope, server.newID(), req.ID, 2, "STREAM", i)
				if i%5 == 0 {
					synctestYield()
				}
				for len(server.events) > 0 {
					if r := <-server.events; string(r.Name) != "_zpc_hb" {
						t.Errorf("credit for protocol 2 is sent as %s", r.Name)
					}
				}
			}
			server.send(req.envelope, server.newID(), req.ID, 2, "STREAM_DONE", nil)
		}()
		for {
			if _, err = ch.Next(t.Context()); err != nil {
				break
			}
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, ErrOverflow) {
			t.Error(err)
		}
	})
}

func synctestYield() { time.Sleep(time.Millisecond) }

// TestClientSendFails makes a call on a connection whose end nobody has noticed
// yet: the write finds it.
func TestClientSendFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		done := call(m, t.Context(), "f", encodeArray(t))
		server.answer(server.want("the request", "f"), "OK", []any{1})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		server.conn.Close(nil) // while nobody reads
		err := <-call(m, t.Context(), "f", encodeArray(t))
		if !errors.Is(err, ErrLostRemote) {
			t.Errorf("%v, want ErrLostRemote: whether the request came through is not known", err)
		}
	})
}

// TestClientDoneContext makes a call whose context has ended already.
func TestClientDoneContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := <-call(m, ctx, "f", encodeArray(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		if _, err := m.Open(ctx, &Request{Method: "s", Args: encodeArray(t)}, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Open: %v, want context.Canceled", err)
		}
		server.wantNone("a request that nobody waits for is not made", time.Second)
		if n := m.Pending(); n != 0 {
			t.Errorf("%d channels are left", n)
		}
	})
}

// TestClientFirstAfterLoss loses the connection behind items that have come.
func TestClientFirstAfterLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server.answer(server.want("the request", "s"), "STREAM", 7)
		synctest.Wait()
		server.conn.Close(nil)
		synctest.Wait()
		if streaming, err := ch.First(t.Context()); err != nil || !streaming {
			t.Errorf("First: %v, %v, want a stream: its first item is here", streaming, err)
		}
		if raw, err := ch.Next(t.Context()); err != nil || string(raw) != "\x07" {
			t.Errorf("Next: %x, %v, want the item", raw, err)
		}
		if _, err := ch.Next(t.Context()); !errors.Is(err, ErrLostRemote) {
			t.Errorf("then %v, want ErrLostRemote", err)
		}
	})
}

// TestGrantSurvivesCancel ends the context of a Next that waits for room to send
// its grant: the next Next must grant, or the stream would stand still for ever.
func TestGrantSurvivesCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, peer := newConns(t, zmq4.Dealer)
		m := NewClientMux(us, &Options{Heartbeat: -1})
		go m.Run()
		defer func() { m.Close(nil); peer.Close(nil) }()
		ch, err := m.Open(t.Context(), &Request{Method: "s", Args: encodeArray(t)}, 0)
		if err != nil {
			t.Fatal(err)
		}
		server := &scripted{t: t, conn: peer}
		item := func() { server.send(delimiter, server.newID(), ch.id, 3, "STREAM", 1) }
		item()
		if _, err := ch.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		junk := make([]byte, 64<<10)
		for us.TrySend(delimiter, junk, Async) { // the peer does not read
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := ch.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Next without room to send: %v", err)
		}
		next := make(chan error, 1)
		go func() { _, err := ch.Next(t.Context()); next <- err }()
		for {
			msg, ok, err := peer.Next()
			if err == nil && !ok {
				err = peer.Fill()
			}
			if err != nil {
				t.Fatal(err)
			}
			var e event.Event
			if ok && len(msg.Body) < len(junk) && event.Parse(msg.Body, &e) == nil && string(e.Name) == nameMore {
				break
			}
		}
		item()
		if err := <-next; err != nil {
			t.Error(err)
		}
	})
}

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
		if n := m.calls.len(); n != 0 || m.svc.Pool.Open() != 0 || m.live.Load() != 0 {
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

// TestServerDescribePanics answers an error whose text cannot be had, such as a
// nil pointer of a type that is an error.
func TestServerDescribePanics(t *testing.T) {
	fails := &Method{Name: "fails", Unary: func(_ *Call, out []byte) ([]byte, error) { return out, (*RemoteError)(nil) }}
	streams := &Method{Name: "streams", Stream: func(*Call) ([]byte, error) { return nil, (*RemoteError)(nil) }}
	synctest.Test(t, func(t *testing.T) {
		m, client, end := newServer(t, nil, nil, fails, streams)
		defer end()
		m.svc.Describe = func(err error) *RemoteError { return &RemoteError{Name: "E", Message: err.Error()} }
		for _, method := range []string{"fails", "streams"} {
			client.request(method)
			r := client.want("an error that panics is answered all the same", "ERR")
			if !strings.Contains(string(r.Args), "panic") {
				t.Errorf("%s: ERR %q, want it to tell of the panic", method, r.Args)
			}
		}
	})
}

// TestServerClientStreamBytes floods calls that do not read with items.
func TestServerClientStreamBytes(t *testing.T) {
	cause := make(chan error, 1000)
	deaf := &Method{Name: "deaf", Stream: func(c *Call) ([]byte, error) {
		<-c.Done()
		cause <- c.Cause()
		return nil, nil
	}}
	reads := &Method{Name: "reads", Stream: func(c *Call) ([]byte, error) {
		for n := 0; ; n++ {
			if _, err := c.NextItem(c); err != nil {
				return event.AppendInt(nil, int64(n)), nil
			}
		}
	}}
	m, client, end := newServer(t, nil, nil, deaf, reads)
	defer end()
	item := strings.Repeat("x", 1<<20)
	for range 20 { // 600 MiB in all
		id := client.request("deaf")
		for range 30 {
			client.on(id, "STREAM", item)
		}
	}
	id := client.request("reads")
	for range 3 {
		client.on(id, "STREAM", 1)
	}
	client.on(id, "STREAM_DONE", nil)
	for {
		r := <-client.events
		if string(r.ResponseTo) == string(id) && string(r.Name) == "OK" {
			break
		}
	}
	m.mu.Lock()
	held := 0
	m.calls.all(func(c *Call) bool {
		held += len(c.flow.in.q)
		return true
	})
	m.mu.Unlock()
	if held > maxPeerBytes {
		t.Errorf("one connection holds %d MiB of items", held>>20)
	}
	if err := <-cause; !errors.Is(err, ErrOverflow) {
		t.Errorf("%v, want ErrOverflow", err)
	}
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

// TestServerSlowLink has a caller on a slow link: answers fill the queue to it,
// the reader waits for room, and heartbeats wait unread meanwhile. That is not
// the caller's silence.
func TestServerSlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := make(chan error, 1)
		big := &Method{Name: "big", Unary: func(c *Call, out []byte) ([]byte, error) {
			return event.AppendBin(out, make([]byte, 15<<10)), nil
		}}
		big.cheap.proven.Store(true)
		us, peer := newConns(t, zmq4.Router)
		svc := &Service{Pool: NewPool(0), Watchdog: NewWatchdog()}
		methods := map[string]*Method{"big": big, "block": block(cause)}
		svc.Lookup = func(name []byte) (*Method, error) { return methods[string(name)], nil }
		svc.Describe = func(err error) *RemoteError { return &RemoteError{Name: "E", Message: err.Error()} }
		m := NewServerMux(us, svc, nil)
		go m.Run()
		client := &scripted{t: t, conn: peer}
		long := client.request("block")
		for range 400 { // 6 MiB of answers
			client.request("big")
		}
		stop := make(chan struct{})
		go func() {
			for {
				select {
				case <-time.After(5 * time.Second):
					client.send(delimiter, event.AppendBin(nil, []byte("hb")), long, 3, "_zpc_hb", []any{0})
				case <-stop:
					return
				}
			}
		}()
		began := time.Now()
		for n := 0; n < 400; { // some 40 KiB/s, so a full queue takes half a minute
			msg, ok, err := peer.Next()
			if err == nil && !ok {
				err = peer.Fill()
			}
			if err != nil {
				t.Fatal(err)
			}
			if ok && len(msg.Body) > 10<<10 {
				n++
				time.Sleep(400 * time.Millisecond)
			}
		}
		if len(cause) > 0 {
			t.Errorf("the long call was ended within %v: %v", time.Since(began), <-cause)
		}
		close(stop)
		m.Close(nil)
		peer.Close(nil)
		synctest.Wait()
	})
}

// TestServerReadsOnAfterFailedWrite has a peer send requests and leave without
// waiting for answers.
func TestServerReadsOnAfterFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int32
		note := &Method{Name: "note", Unary: func(_ *Call, out []byte) ([]byte, error) {
			ran.Add(1)
			return event.AppendNil(out), nil
		}}
		note.cheap.proven.Store(true)
		_, client, end := newServer(t, nil, nil, note)
		defer end()
		pad := strings.Repeat("x", 1000)
		for range 50 {
			client.request("note", pad)
		}
		client.conn.CloseLinger(time.Second)
		synctest.Wait()
		time.Sleep(time.Minute)
		if n := ran.Load(); n != 50 {
			t.Errorf("%d of 50 requests were served", n)
		}
	})
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

// TestClientLongLeadCostsNothing has one caller read the connection for hours.
func TestClientLongLeadCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		for range 2 {
			done := call(m, t.Context(), "f", encodeArray(t))
			server.answer(server.want("the request", "f"), "OK", []any{1})
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		done := call(m, t.Context(), "long", encodeArray(t))
		req := server.want("the request", "long")
		time.Sleep(time.Minute)
		synctest.Wait()
		m.mu.Lock()
		if m.lead.reader != caller || m.lead.armed {
			t.Errorf("reader %d, timer armed %v: want the caller to read and no timer to tick", m.lead.reader, m.lead.armed)
		}
		m.mu.Unlock()
		server.answer(req, "OK", []any{1})
		if err := <-done; err != nil {
			t.Error(err)
		}
		time.Sleep(5 * grace)
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.lead.reader != background {
			t.Errorf("reader %d, want Run after the grace time", m.lead.reader)
		}
	})
}

func TestRemoteErrorOfManyParts(t *testing.T) {
	const n = 1 << 20
	args := event.AppendArrayHeader(nil, n)
	args = append(args, make([]byte, n)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := remoteError(args)
	runtime.ReadMemStats(&after)
	if err.Error() != "0: 0" {
		t.Errorf("%q", err.Error())
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 64<<10 {
		t.Errorf("reading 3 of a million parts took %d bytes", grew)
	}
}

var _ = fmt.Sprint
var _ sync.Mutex
