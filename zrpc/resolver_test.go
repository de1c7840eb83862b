package zrpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// told is a resolver that says what the test has it say.
type told chan answer

type answer struct {
	endpoints []string
	err       error
}

func (r told) Watch(ctx context.Context, update func([]string, error)) {
	for {
		select {
		case a := <-r:
			update(a.endpoints, a.err)
		case <-ctx.Done():
			return
		}
	}
}

// tell has the resolver name endpoints, and waits until the client has acted.
func (r told) tell(err error, endpoints ...string) {
	r <- answer{endpoints, err}
	synctest.Wait()
}

// follow reads a stream of "items" in the background.
func (f *fleet) follow(c *Client) (items <-chan int, end <-chan error) {
	i, e := make(chan int, 10_000), make(chan error, 1)
	go func() {
		for n, err := range Stream[int](context.Background(), c, "items") {
			if err != nil {
				e <- err
				return
			}
			i <- n
		}
		e <- nil
	}()
	<-f.streams
	return i, e
}

// conns counts the connections of each server.
func (f *fleet) conns() string {
	synctest.Wait()
	var n []int
	for _, s := range f.servers {
		n = append(n, s.Stats().Conns)
	}
	return fmt.Sprint(n)
}

// reached makes calls and says which servers they reached.
func (f *fleet) reached(c *Client) string {
	f.counts()
	if errs := f.work(c, 30); errs != nil {
		return errs[0].Error()
	}
	return fmt.Sprint(f.counts())
}

// TestResolverChanges moves a service from server to server under a stream.
func TestResolverChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3, nil)
		defer f.close()
		f.serve()
		r := make(told)
		c := NewClient(&ClientOptions{Resolver: r})
		defer c.Close()
		first := make(chan error, 1)
		go func() { first <- second(Call[int](t.Context(), c, "work")) }()
		r.tell(nil, f.names[0])
		if err := <-first; err != nil {
			t.Fatalf("a call that was made before the resolver knew: %v", err)
		}
		items, end := f.follow(c)

		r.tell(nil, f.names[1], f.names[2], f.names[1])
		if got := f.reached(c); got != "[0 15 15]" {
			t.Errorf("new calls reach %s, want the new servers alone", got)
		}
		<-time.After(time.Minute)
		if n := len(items); n < 59 || len(end) != 0 || f.conns() != "[1 1 1]" {
			t.Errorf("the stream at the old server: %d items, %d ends, connections %s", n, len(end), f.conns())
		}

		r.tell(nil, f.names[0], f.names[1])
		if got := f.reached(c); got != "[15 15 0]" {
			t.Errorf("named again while it drains, it gets calls by the connection it has: %s", got)
		}
		<-time.After(10 * time.Second)
		if got := f.conns(); got != "[1 1 0]" || len(end) != 0 {
			t.Errorf("connections %s, want none to the one that drained", got)
		}

		r.tell(nil, f.names[1])
		<-time.After(4*time.Minute + 50*time.Second)
		if got := f.conns(); got != "[1 1 0]" || len(end) != 0 {
			t.Errorf("before Drain is over: connections %s", got)
		}
		<-time.After(15 * time.Second)
		if got := f.conns(); got != "[0 1 0]" {
			t.Errorf("after it: connections %s", got)
		}
		if err := <-end; !errors.Is(err, ErrLostRemote) || !strings.Contains(err.Error(), "no longer names") {
			t.Errorf("the stream ended with %v", err)
		}
		r.tell(nil, f.names[0])
		if got := f.reached(c); got != "[30 0 0]" {
			t.Errorf("and back: %s", got)
		}
	})
}

// TestResolverDrainsWithoutEnd has Drain off, and the stream end by itself.
func TestResolverDrainsWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.serve()
		r := make(told)
		c := NewClient(&ClientOptions{Resolver: r, Drain: -1})
		defer c.Close()
		r.tell(nil, f.names[0])
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			var last error
			for _, last = range Stream[int](ctx, c, "items") {
			}
			ended <- last
		}()
		<-f.streams
		r.tell(nil, f.names[1])
		<-time.After(time.Hour)
		if got := f.conns(); got != "[1 1]" || len(ended) != 0 {
			t.Errorf("after an hour: connections %s", got)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
		<-time.After(3 * time.Second)
		if got := f.conns(); got != "[0 1]" {
			t.Errorf("connections %s, want the old one closed soon after its last call", got)
		}
	})
}

// TestResolverKeepsWhatItHas tells the client nonsense.
func TestResolverKeepsWhatItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.serve()
		r := make(told)
		var log logged
		c := NewClient(&ClientOptions{Resolver: r, Heartbeat: time.Second, Logger: textLogger(&log)})
		defer c.Close()
		for _, tc := range []struct {
			why       string
			err       error
			endpoints []string
			log       string
		}{
			{"an error", errors.New("the registry is away"), nil, "the registry is away"},
			{"an error with endpoints", errors.New("half an answer"), f.names[1:], "half an answer"},
			{"none", nil, nil, "the resolver names no endpoint"},
			{"what is no endpoint", nil, []string{"bogus://x", "", "tcp://nowhere"}, "bogus://x"},
		} {
			r.tell(tc.err, tc.endpoints...)
			_, err := Call[int](t.Context(), c, "work")
			if !errors.Is(err, ErrUnavailable) || !strings.Contains(log.String(), tc.log) {
				t.Errorf("%s, at first: %v; log:\n%s", tc.why, err, &log)
			}
			if tc.err != nil && !strings.Contains(err.Error(), tc.log) {
				t.Errorf("%s: the call does not tell why: %v", tc.why, err)
			}
		}
		r.tell(nil, f.names[0])
		for _, bad := range [][]string{nil, {}, {"bogus://x", ""}} {
			r.tell(nil, bad...)
			r.tell(errors.New("away again"))
			if got := f.reached(c); got != "[30 0]" {
				t.Errorf("told %q: %s", bad, got)
			}
		}
		r.tell(nil, "bogus://x", f.names[1])
		if got := f.reached(c); got != "[0 30]" {
			t.Errorf("a bad endpoint beside a good one: %s", got)
		}
	})
}

// TestResolverNamesTooMany bounds what a resolver makes a client do.
func TestResolverNamesTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []string
		for i := range maxNamed + 10 {
			all = append(all, fmt.Sprintf("inproc://%s/%d", t.Name(), i))
		}
		var log logged
		c := NewClient(&ClientOptions{Resolver: StaticResolver(all), Logger: textLogger(&log)})
		synctest.Wait()
		c.core.named.mu.Lock()
		n := len(c.core.named.here)
		c.core.named.mu.Unlock()
		if n != maxNamed || !strings.Contains(log.String(), "1034 endpoints") {
			t.Errorf("connects to %d; log:\n%s", n, &log)
		}
		c.Close()
		c.core.named.update(all, nil) // a resolver that does not heed its context
	})
}

// TestResolverAndConnect names one endpoint both by hand and by the resolver: it
// stays.
func TestResolverAndConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3, nil)
		defer f.close()
		f.serve()
		r := make(told)
		c := NewClient(&ClientOptions{Resolver: r})
		defer c.Close()
		connect := func(i int) {
			t.Helper()
			if err := c.Connect(f.names[i]); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		connect(0)
		r.tell(nil, f.names[0], f.names[1])
		if got := f.conns(); got != "[1 1 0]" {
			t.Errorf("what Connect has, the resolver does not connect to again: %s", got)
		}
		connect(1)
		r.tell(nil, f.names[2])
		<-time.After(time.Minute)
		if got := f.conns(); got != "[1 2 1]" {
			t.Errorf("what Connect has, the resolver does not end: %s", got)
		}
		items, end := f.follow(c)
		for <-items != 2 { // until one is at the third
			items, end = f.follow(c)
		}
		r.tell(nil, f.names[0]) // the third drains
		connect(2)
		<-time.After(10 * time.Minute)
		if got := f.conns(); got != "[1 2 2]" || len(end) > 0 {
			t.Errorf("Connect takes back what drains: %s", got)
		}
		if err := c.Connect("bogus://x"); err == nil {
			t.Error("a bad endpoint is no error")
		}
	})
}

func TestStaticResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.serve()
		c := NewClient(&ClientOptions{Resolver: StaticResolver(f.names)})
		defer c.Close()
		synctest.Wait()
		if got := f.reached(c); got != "[15 15]" {
			t.Errorf("calls reach %s", got)
		}
	})
}
