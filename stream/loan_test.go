package stream

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// lender is a method that runs on the reading goroutine and hands each run's
// context to use.
func lender(use func(ctx context.Context, c *Call)) *Method {
	m := &Method{Name: "lends", Borrows: true, Unary: func(c *Call, out []byte) ([]byte, error) {
		use(c.Lend(), c)
		return append(out, c.Args...), nil
	}}
	m.cheap.proven.Store(true)
	return m
}

// TestLoanEnds: a context that outlives its call finds it ended, and sees nothing
// of the calls that the same Call serves later.
func TestLoanEnds(t *testing.T) {
	for _, tc := range []struct {
		why   string
		use   func(ctx context.Context)
		again bool // the Call serves the next request too
	}{
		{"untouched", func(context.Context) {}, true},
		{"asked whether it has ended", func(ctx context.Context) { ctx.Err(); ctx.Deadline(); ctx.Value("key") }, true},
		{"asked for the connection", func(ctx context.Context) { ConnFromContext(ctx) }, true},
		{"watched", func(ctx context.Context) { ctx.Done() }, false},
		{"derived from", func(ctx context.Context) { _, cancel := context.WithCancel(ctx); cancel() }, false},
		{"with the call taken out", func(ctx context.Context) { FromContext(ctx) }, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var ctxs []context.Context
			var calls []*Call
			m, client, end := newServer(t, nil, nil, lender(func(ctx context.Context, c *Call) {
				if ctx.Err() != nil {
					t.Errorf("%s: a running call's context has ended: %v", tc.why, ctx.Err())
				}
				tc.use(ctx)
				ctxs, calls = append(ctxs, ctx), append(calls, c)
			}))
			defer end()
			for range 2 {
				client.request("lends")
				client.want(tc.why, "OK")
			}
			if again := calls[0] == calls[1]; again != tc.again {
				t.Errorf("%s: the Call was used again: %t, want %t", tc.why, again, tc.again)
			}
			for i, ctx := range ctxs {
				done := ctx.Done()
				select {
				case <-done:
				default:
					t.Errorf("%s: the context of ended call %d is not done", tc.why, i)
				}
				if ctx.Err() != context.Canceled || ctx.Done() != done {
					t.Errorf("%s: the context of ended call %d says %v", tc.why, i, ctx.Err())
				}
				if conn, ok := ConnFromContext(ctx); !ok || conn != m.conn {
					t.Errorf("%s: the connection is not found any more", tc.why)
				}
				ran := make(chan struct{})
				context.AfterFunc(ctx, func() { close(ran) })
				<-ran
			}
			if c, ok := FromContext(ctxs[0]); tc.again && ok {
				t.Errorf("%s: an ended call's context leads to %p", tc.why, c)
			}
		})
	}
}

// TestLoanKeepsDeadline: a context's deadline stays what it was.
func TestLoanKeepsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		_, client, end := newServer(t, nil, nil, lender(func(lent context.Context, c *Call) {
			lent.(*loan).until = time.Now().Add(time.Minute)
			ctx = lent
		}))
		defer end()
		client.request("lends")
		client.want("the call", "OK")
		if until, ok := ctx.Deadline(); !ok || time.Until(until) != time.Minute {
			t.Errorf("deadline in %v, %t", time.Until(until), ok)
		}
	})
}

// TestLoanLosesReader: a handler that turns slow has a call like any other, which
// its caller's end ends.
func TestLoanLosesReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		_, client, end := newServer(t, nil, nil, lender(func(ctx context.Context, _ *Call) {
			<-ctx.Done()
			ended <- ctx.Err()
		}), echo())
		defer end()
		client.request("lends")
		client.request("echo")
		client.want("the reader was taken from the one that waits", "OK")
		client.conn.Close(nil)
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestLoanKeptByGoroutines has handlers leave goroutines behind that use their
// contexts while the Call serves others, on the reading goroutine and, where a
// pool bounds what runs at once, on others.
func TestLoanKeptByGoroutines(t *testing.T) {
	for _, pool := range []int{0, 4} {
		var wg sync.WaitGroup
		lends := lender(func(ctx context.Context, _ *Call) {
			wg.Go(func() {
				for ctx.Err() == nil {
					ctx.Value("key")
				}
				// Of a call that lost the reader the Call is found, but ended.
				if c, ok := FromContext(ctx); ok && c.Err() == nil {
					t.Error("an ended call's context leads to a running call")
				}
				<-ctx.Done()
			})
		})
		_, client, end := newServer(t, nil, &Service{Pool: NewPool(pool)}, lends)
		sent := map[string]string{}
		for i := range 1000 {
			sent[string(client.request("lends", i))] = string(encodeArray(t, i))
		}
		for range 1000 {
			r := client.want("every call", "OK")
			if want, got := "\x91"+sent[string(r.ResponseTo)], string(r.Args); got != want {
				t.Fatalf("an answer is %x, want %x", got, want)
			}
		}
		wg.Wait()
		end()
	}
}
