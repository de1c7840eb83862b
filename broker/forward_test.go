package broker

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

func TestForward(t *testing.T) {
	r := start(t, Options{})
	r.worker("demo", demo())
	c := r.client()
	ctx := t.Context()
	if got, err := zrpc.Call[int](ctx, c, "add", 40, 2); got != 42 || err != nil {
		t.Errorf("a call: %v, %v", got, err)
	}
	_, err := zrpc.Call[any](ctx, c, "fail", "boom")
	if e, ok := errors.AsType[*zrpc.RemoteError](err); !ok || e.Name != "ValueError" || e.Message != "boom" {
		t.Errorf("an error: %v", err)
	}
	if _, err := zrpc.Call[any](ctx, c, "nosuch"); !errors.Is(err, zrpc.ErrNoMethod) {
		t.Errorf("an unknown method: %v", err)
	}
	for _, size := range []int{0, 1 << 10, 15 << 10, 20 << 10, 100 << 10, 4 << 20} {
		sent := bytes.Repeat([]byte("x"), size)
		if got, err := zrpc.Call[[]byte](ctx, c, "echo", sent); !bytes.Equal(got, sent) || err != nil {
			t.Errorf("an echo of %d bytes: %d bytes, %v", size, len(got), err)
		}
	}
	i := 0
	for n, err := range zrpc.Stream[int](ctx, c, "range", 10_000) {
		if n != i || err != nil {
			t.Fatalf("item %d of a stream: %d, %v", i, n, err)
		}
		i++
	}
	if i != 10_000 {
		t.Errorf("a stream of 10,000: %d items", i)
	}
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			if got, err := zrpc.Call[int](ctx, c, "add", n, 1); got != n+1 || err != nil {
				t.Errorf("one of many calls: %v, %v", got, err)
			}
		})
	}
	wg.Wait()
	r.empty()
}

// A caller that gives up is known to the worker at once, through the broker,
// and not after three heartbeats; so is a deadline.
func TestCancelThroughBroker(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, r *rig) {
		began, ended := make(chan struct{}, 1), make(chan time.Duration, 1)
		r.worker("demo", map[string]any{"wait": func(ctx context.Context) error {
			begun := time.Now()
			began <- struct{}{}
			<-ctx.Done()
			ended <- time.Since(begun)
			return ctx.Err()
		}})
		ctx, cancel := context.WithCancel(t.Context())
		called := make(chan error, 1)
		c := r.client()
		go func() {
			_, err := zrpc.Call[any](ctx, c, "wait")
			called <- err
		}()
		<-began
		cancel()
		if err := <-called; !errors.Is(err, context.Canceled) {
			t.Errorf("the call: %v", err)
		}
		if took := <-ended; took > 0 {
			t.Errorf("the handler learnt of it after %v", took)
		}
		r.empty()
	})
}
