package stream

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

const bigAnswer = 256 << 10

// bigs returns a method that answers bigAnswer bytes, and how often it has run.
func bigs() (*Method, *atomic.Int32) {
	ran := new(atomic.Int32)
	return &Method{Name: "big", Unary: func(_ *Call, out []byte) ([]byte, error) {
		ran.Add(1)
		return event.AppendBin(out, make([]byte, bigAnswer)), nil
	}}, ran
}

// gateServer is a service of methods, for several connections.
func gateServer(pool *Pool, methods ...*Method) *Service {
	svc := &Service{Pool: pool, Watchdog: NewWatchdog()}
	svc.Lookup = func(name []byte) (*Method, error) {
		for _, m := range methods {
			if m.Name == string(name) {
				return m, nil
			}
		}
		return nil, errors.New("no such method")
	}
	svc.Describe = func(err error) *RemoteError { return &RemoteError{Name: "E", Message: err.Error()} }
	return svc
}

// newDeaf connects a peer that reads nothing until hear is called.
func newDeaf(t *testing.T, svc *Service) (m *ServerMux, deaf *scripted, hear func() *scripted, end func()) {
	us, peer := newConns(t, zmq4.Router)
	m = NewServerMux(us, svc, nil)
	ran := make(chan struct{})
	m.Start(func(error) { close(ran) })
	deaf = &scripted{t: t, conn: peer}
	return m, deaf, func() *scripted { return newScripted(t, peer) }, func() {
		m.Close(nil)
		m.opt.Ticker.Close()
		peer.Close(nil)
		<-ran
	}
}

// TestGateDeaf: a peer that asks for 50 MiB and reads nothing has a few calls run,
// which hold little; its neighbour notices nothing; and when it reads after all,
// everything is answered.
func TestGateDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 200
		big, ran := bigs()
		svc := gateServer(NewPool(0), big)
		m, deaf, hear, end := newDeaf(t, svc)
		defer end()
		for range calls {
			deaf.request("big")
		}
		time.Sleep(10 * time.Second) // the watchdog has looked a thousand times
		synctest.Wait()
		// What fills the queue, what waits behind it, and what was begun before the
		// queue was full.
		if n := ran.Load(); n > 4*(1<<20)/bigAnswer {
			t.Errorf("%d calls have run for a peer that reads nothing", n)
		}
		if n := svc.Pool.Open(); n < calls*3/4 {
			t.Errorf("%d calls are open: the others are not refused, they wait", n)
		}
		m.mu.Lock()
		held := m.held
		m.mu.Unlock()
		if held > 4<<20 {
			t.Errorf("its calls hold %d bytes", held)
		}

		before := ran.Load()
		_, _, good, endGood := newDeaf(t, svc)
		defer endGood()
		neighbour := good()
		began := time.Now()
		for range 20 {
			neighbour.request("big")
			neighbour.want("a neighbour's call", "OK")
		}
		if d := time.Since(began); d > 0 || ran.Load() != before+20 { // fake time: nothing was waited for
			t.Errorf("the neighbour waited for %v, and %d calls ran", d, ran.Load()-before)
		}

		late := hear()
		for range calls {
			for r := range late.events {
				if string(r.Name) == event.NameOK {
					break
				}
			}
		}
		synctest.Wait()
		if n := svc.Pool.Open(); n != 0 {
			t.Errorf("%d calls are open", n)
		}
	})
}

// TestGateDeafStreams: the same with streams, each of which has credit for all of
// its items.
func TestGateDeafStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, items = 50, 4
		var ran atomic.Int32
		item := event.AppendBin(nil, make([]byte, bigAnswer))
		stream := &Method{Name: "items", Stream: func(c *Call) ([]byte, error) {
			ran.Add(1)
			for range items {
				if err := c.SendItem(item); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}}
		svc := gateServer(NewPool(0), stream)
		_, deaf, hear, end := newDeaf(t, svc)
		defer end()
		for range calls {
			deaf.on(deaf.request("items"), event.NameMore, []any{items})
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := ran.Load(); n > 3*(1<<20)/bigAnswer {
			t.Errorf("%d streams have begun for a peer that reads nothing", n)
		}
		late, got := hear(), 0
		for done := 0; done < calls; {
			switch r := <-late.events; string(r.Name) {
			case event.NameStream:
				got++
			case event.NameDone:
				done++
			}
		}
		synctest.Wait()
		if got != calls*items || svc.Pool.Open() != 0 {
			t.Errorf("%d items came of %d, %d calls are open", got, calls*items, svc.Pool.Open())
		}
	})
}

// TestGateStalled: who never reads is disconnected at last, and nothing is left of
// what waited.
func TestGateStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big, ran := bigs()
		svc := gateServer(NewPool(0), big)
		m, deaf, _, end := newDeaf(t, svc)
		defer end()
		for range 100 {
			deaf.request("big")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := m.conn.(testConn).Err(); !errors.Is(err, zmtp.ErrStalled) {
			t.Errorf("it was disconnected for %v", err)
		}
		if n := svc.Pool.Open(); n != 0 || m.gate.parked.Load() != 0 {
			t.Errorf("%d calls are open, %d wait", n, m.gate.parked.Load())
		}
		if n := ran.Load(); n > 20 {
			t.Errorf("%d calls have run", n)
		}
	})
}

// TestGateIsNoPool: handlers that wait for one another all come to run, whatever
// they will answer, and soon.
func TestGateIsNoPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 100
		var waiting atomic.Int32
		all := make(chan struct{})
		wait := func() {
			if waiting.Add(1) == calls {
				close(all)
			}
			<-all
		}
		meet := &Method{Name: "meet", Unary: func(_ *Call, out []byte) ([]byte, error) {
			wait()
			return event.AppendBin(out, make([]byte, bigAnswer)), nil
		}}
		meet.size.Note(bigAnswer)
		join := &Method{Name: "join", Stream: func(*Call) ([]byte, error) {
			wait()
			return nil, nil
		}}
		join.size.Note(bigAnswer)
		_, client, end := newServer(t, nil, gateServer(NewPool(0)), meet, join)
		defer end()
		began := time.Now()
		for range calls / 2 {
			client.request("meet")
			client.request("join")
		}
		<-all
		if d := time.Since(began); d > 10*stuckTime {
			t.Errorf("the last one began after %v", d)
		}
		for n := 0; n < calls; n++ {
			if r := <-client.events; string(r.Name) != event.NameOK && string(r.Name) != event.NameDone {
				t.Errorf("got %s %q", r.Name, r.Args)
			}
		}
	})
}

// TestGateLanes: calls that answer little begin at once beside many that answer
// much and wait.
func TestGateLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big, _ := bigs()
		var ran atomic.Int32
		small := &Method{Name: "small", Unary: func(_ *Call, out []byte) ([]byte, error) {
			ran.Add(1)
			return event.AppendNil(out), nil
		}}
		small.size.Note(1)
		svc := gateServer(NewPool(0), big, small)
		m, deaf, _, end := newDeaf(t, svc)
		defer end()
		for range 100 {
			deaf.request("big")
		}
		time.Sleep(time.Second)
		if m.gate.parked.Load() == 0 {
			t.Error("nothing waits")
		}
		for range 10 {
			deaf.request("small")
		}
		synctest.Wait()
		if n := ran.Load(); n != 10 {
			t.Errorf("%d of 10 have run", n)
		}
	})
}

// TestGateCancelled: a call that is given up while it waits never runs.
func TestGateCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big, ran := bigs()
		svc := gateServer(NewPool(0), big)
		_, deaf, hear, end := newDeaf(t, svc)
		defer end()
		var ids [][]byte
		for range 100 {
			ids = append(ids, deaf.request("big"))
		}
		time.Sleep(time.Second)
		begun := int(ran.Load())
		for _, id := range ids[begun:] {
			deaf.on(id, event.NameCancel, []any{})
		}
		synctest.Wait()
		late := hear()
		for range begun {
			late.want("what had begun is answered", "OK")
		}
		synctest.Wait()
		if n := int(ran.Load()); n != begun || svc.Pool.Open() != 0 {
			t.Errorf("%d calls ran, %d were not given up; %d are open", n, begun, svc.Pool.Open())
		}
	})
}

// TestGatePoolCancelled: calls that are given up while they wait, and then find the
// pool full, take no part of the window with them.
func TestGatePoolCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, given = 12, 6
		var ran atomic.Int32
		turn := make(chan struct{})
		big := &Method{Name: "big", Unary: func(_ *Call, out []byte) ([]byte, error) {
			<-turn
			ran.Add(1)
			return event.AppendBin(out, make([]byte, bigAnswer)), nil
		}}
		svc := gateServer(NewPool(1), big)
		m, client, hear, end := newDeaf(t, svc)
		defer end()
		hear()
		var ids [][]byte
		for range calls {
			ids = append(ids, client.request("big"))
		}
		synctest.Wait()
		if n := m.gate.parked.Load(); n < given+1 {
			t.Fatalf("%d calls wait at the gate", n)
		}
		for _, id := range ids[calls-1-given : calls-1] {
			client.on(id, event.NameCancel, []any{})
		}
		synctest.Wait()
		for range calls - given {
			turn <- struct{}{}
			synctest.Wait()
		}
		if ran.Load() != calls-given || svc.Pool.Open() != 0 {
			t.Errorf("%d calls ran, %d are open", ran.Load(), svc.Pool.Open())
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.gate.lanes[1].window.Fits(1<<50, 0) {
			t.Error("part of the window is taken, and no call is open")
		}
	})
}

// TestGateOtherLane: handlers that wait for one another all come to run, although
// there is always one that answers little which waits for a CPU.
func TestGateOtherLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 50
		var waiting atomic.Int32
		all := make(chan struct{})
		meet := &Method{Name: "meet", Unary: func(_ *Call, out []byte) ([]byte, error) {
			if waiting.Add(1) == calls {
				close(all)
			}
			<-all
			return event.AppendNil(out), nil
		}}
		svc := gateServer(NewPool(0), meet)
		m, client, hear, end := newDeaf(t, svc)
		defer end()
		hear()
		m.gate.lanes[0].unbegun.Store(1)
		for range calls {
			client.request("meet")
		}
		select {
		case <-all:
		case <-time.After(10 * stuckTime):
			t.Errorf("%d of %d have begun", waiting.Load(), calls)
		}
	})
}

// TestGateWarm: a window that slow calls have opened far lets no peer have much made
// that it does not read.
func TestGateWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 600
		var waiting atomic.Int32
		all := make(chan struct{})
		meet := &Method{Name: "meet", Unary: func(_ *Call, out []byte) ([]byte, error) {
			if waiting.Add(1) == calls {
				close(all)
			}
			<-all
			return event.AppendNil(out), nil
		}}
		big, ran := bigs()
		_, deaf, _, end := newDeaf(t, gateServer(NewPool(0), meet, big))
		defer end()
		for range calls {
			deaf.request("meet")
		}
		<-all
		synctest.Wait()
		for range calls {
			deaf.request("big")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		// With those that were being made when so much waited.
		if n := ran.Load(); n > 3*maxUnsent/bigAnswer {
			t.Errorf("%d calls have run, of %d bytes each", n, bigAnswer)
		}
	})
}
