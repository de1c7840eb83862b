package stream

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
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
