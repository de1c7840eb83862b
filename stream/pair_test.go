package stream

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zeromq/zmq4"
)

// TestUnequalHeartbeats joins a real client and a real server whose intervals
// differ by far, either way, for a long call: each must keep the other alive.
func TestUnequalHeartbeats(t *testing.T) {
	for _, tc := range []struct{ client, server time.Duration }{
		{200 * time.Millisecond, 5 * time.Second},
		{5 * time.Second, 200 * time.Millisecond},
		{time.Second, 30 * time.Second},
		{time.Second, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			us, peer := newConns(t, zmq4.Dealer)
			sleep := &Method{Name: "sleep", Unary: func(c *Call, out []byte) ([]byte, error) {
				select {
				case <-time.After(10 * time.Minute):
					return append(out, 1), nil
				case <-c.Done():
					return out, c.Cause()
				}
			}}
			svc := &Service{
				Lookup:   func([]byte) (*Method, error) { return sleep, nil },
				Describe: func(err error) *RemoteError { return &RemoteError{Name: "Error", Message: err.Error()} },
				Pool:     NewPool(0), Watchdog: NewWatchdog(),
			}
			m := NewClientMux(us, &Options{Heartbeat: tc.client})
			s := NewServerMux(peer, svc, &Options{Heartbeat: tc.server})
			done := make(chan struct{}, 2)
			m.Start(func(error) { done <- struct{}{} })
			s.Start(func(error) { done <- struct{}{} })
			if err := <-call(m, t.Context(), "sleep", encodeArray(t)); err != nil {
				t.Errorf("client beats each %v, server each %v: %v", tc.client, tc.server, err)
			}
			m.Close(nil)
			s.Close(nil)
			m.opt.Ticker.Close()
			s.opt.Ticker.Close()
			<-done
			<-done
		})
	}
}
