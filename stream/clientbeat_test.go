package stream

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestClientHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		began := time.Now()
		done := call(m, t.Context(), "sleep", encodeArray(t, 12))
		req := server.want("the request", "sleep")
		for i := 1; i <= 2; i++ {
			hb := server.want("one heartbeat an interval while the call lasts", "_zpc_hb")
			since := hb.at.Sub(began)
			if d := time.Duration(i) * 5 * time.Second; since < d || since > d+5*time.Second/ticksPerBeat {
				t.Errorf("heartbeat %d after %v, want %v and at most a tick more", i, since, d)
			}
			if string(hb.Args) != "\x91\x00" || string(hb.ResponseTo) != string(req.ID) {
				t.Errorf("heartbeat is %x on %x, want [0] on %x", hb.Args, hb.ResponseTo, req.ID)
			}
			server.answer(req, "_zpc_hb", []any{0})
		}
		time.Sleep(2 * time.Second)
		server.answer(req, "OK", []any{nil})
		if err := <-done; err != nil {
			t.Errorf("a call of 12 s under heartbeats of 5 s: %v", err)
		}
		server.wantNone("no heartbeat after the answer", time.Minute)
	})
}

func TestClientLosesServer(t *testing.T) {
	for _, tc := range []struct {
		why      string
		opt      Options
		beats    int // heartbeats of the server before it falls silent
		min, max time.Duration
	}{
		{"silent from the start", Options{Heartbeat: time.Second}, 0, 2 * time.Second, 3 * time.Second},
		{"silent after two heartbeats", Options{Heartbeat: time.Second}, 2, 2 * time.Second, 3 * time.Second},
		{"passive, after one heartbeat", Options{Heartbeat: time.Second, Passive: true}, 1, 2 * time.Second, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, server, end := newClient(t, &tc.opt)
			defer end()
			done := call(m, t.Context(), "f", encodeArray(t))
			req := server.want("the request", "f")
			for range tc.beats {
				time.Sleep(time.Second)
				server.answer(req, "_zpc_hb", []any{0})
				synctest.Wait()
			}
			silent := time.Now()
			err := <-done
			if !errors.Is(err, ErrLostRemote) {
				t.Errorf("%s: %v, want ErrLostRemote", tc.why, err)
			}
			if d := time.Since(silent); d < tc.min || d > tc.max {
				t.Errorf("%s: lost after %v, want %v to %v", tc.why, d, tc.min, tc.max)
			}
			if m.Pending() != 0 {
				t.Errorf("%s: a channel is left", tc.why)
			}
		})
	}
}

func TestClientPassive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: time.Second, Passive: true})
		defer end()
		done := call(m, t.Context(), "f", encodeArray(t))
		req := server.want("the request", "f")
		server.wantNone("a passive client waits for the server's first heartbeat, however long", 10*time.Minute/11)
		server.answer(req, "_zpc_hb", []any{0})
		server.want("and beats from then on", "_zpc_hb")
		server.answer(req, "OK", []any{1})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestClientHeartbeatOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, &Options{Heartbeat: -1})
		defer end()
		done := call(m, t.Context(), "f", encodeArray(t))
		req := server.want("the request", "f")
		server.wantNone("heartbeats are off", time.Hour)
		server.answer(req, "OK", []any{1})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestClientAnswersFasterPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil) // 5 s
		defer end()
		done := call(m, t.Context(), "f", encodeArray(t))
		req := server.want("the request", "f")
		last := time.Now()
		for range 30 { // a server that beats each second, and judges by two of them
			time.Sleep(time.Second)
			server.answer(req, "_zpc_hb", []any{0})
			synctest.Wait()
			for more := true; more; {
				select {
				case r := <-server.events:
					last = r.at
				default:
					more = false
				}
			}
			if d := time.Since(last); d > 1500*time.Millisecond {
				t.Fatalf("the server heard nothing for %v, it gives up after 2s", d)
			}
		}
		server.answer(req, "OK", []any{1})
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
