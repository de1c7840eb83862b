package stream

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
)

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
		m.Start(func(error) {})
		client := &scripted{t: t, conn: peer}
		long := client.request("block")
		for range 400 { // 6 MiB of answers
			client.request("big")
		}
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
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
		<-stopped
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
