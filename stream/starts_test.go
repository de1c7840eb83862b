package stream

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestStartsInTurn: while as many calls are started as the CPUs can come to, those
// of all connections wait, and as soon as one has come to run they go on.
func TestStartsInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big, ran := bigs()
		svc := gateServer(NewPool(0), big)
		svc.starts.unbegun.Store(maxUnbegun)
		var clients []*scripted
		for range 3 {
			_, c, hear, end := newDeaf(t, svc)
			defer end()
			for range 4 {
				c.request("big")
			}
			clients = append(clients, c)
			hear()
		}
		time.Sleep(time.Second)
		if n := ran.Load(); n != 0 {
			t.Errorf("%d calls ran, and there is no CPU for them", n)
		}
		svc.starts.begun()
		synctest.Wait()
		if n := int(ran.Load()); n != 4*len(clients) {
			t.Errorf("%d calls ran of 12", n)
		}
		if n := svc.starts.unbegun.Load(); n != maxUnbegun-1 {
			t.Errorf("%d are counted as not begun, want those of before", n)
		}
		if err := svc.Pool.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestStartsFull: who comes to run while as many others wait for a CPU as may leaves
// the turns to them. It may be that they wait for just this CPU.
func TestStartsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big, ran := bigs()
		svc := gateServer(NewPool(0), big)
		svc.starts.unbegun.Store(maxUnbegun)
		_, c, hear, end := newDeaf(t, svc)
		defer end()
		c.request("big")
		hear()
		synctest.Wait()
		svc.starts.unbegun.Add(1) // somebody took the place of the one that now begins
		svc.starts.begun()
		synctest.Wait()
		if n := ran.Load(); n != 0 {
			t.Errorf("%d calls ran, and there is no CPU for them", n)
		}
		svc.starts.begun()
		synctest.Wait()
		if n := ran.Load(); n != 1 {
			t.Errorf("%d calls ran, want the one that waits", n)
		}
	})
}
