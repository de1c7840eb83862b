package zrpc_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/zrpc"
)

// streaming is a stub of shapes, a method of each shape that streams from the caller.
type streaming struct {
	Sum     func(ctx context.Context, first int, more iter.Seq2[int, error]) (int, error)
	SumOnly func(more iter.Seq2[any, error]) error                      `zrpc:"sum"`
	SumText func(first int, more iter.Seq2[int, error]) (string, error) `zrpc:"sum"`
	Open    func(ctx context.Context) (*zrpc.Duplex[int, int], error)   `zrpc:"double"`
	Double  func(ctx context.Context, in iter.Seq2[int, error]) iter.Seq2[int, error]
	Chans   func(in iter.Seq2[chan int, error]) iter.Seq2[int, error] `zrpc:"double"`
	Quiet   func(in iter.Seq2[int, error]) iter.Seq2[int, error]
	Missing func(in iter.Seq2[int, error]) iter.Seq2[int, error]
	NoOpen  func(arg any) (*zrpc.Duplex[int, int], error)
}

func streamingStub(t *testing.T) streaming {
	t.Helper()
	var svc streaming
	c := newPair(t, "tcp://127.0.0.1:*", func(s *zrpc.Server) {
		shapes(s)
		s.Handle("quiet", func(in iter.Seq2[int, error]) iter.Seq[int] { // takes an error for the end
			return func(yield func(int) bool) {
				for n, err := range in {
					if err != nil || !yield(n) {
						return
					}
				}
			}
		})
	}, nil, nil)
	if err := c.Stub(&svc); err != nil {
		t.Fatal(err)
	}
	return svc
}

func TestStubUpload(t *testing.T) {
	svc := streamingStub(t)
	if n, err := svc.Sum(t.Context(), 7, zrpc.Values(count(1000))); err != nil || n != 7+499_500 {
		t.Errorf("Sum = %d, %v", n, err)
	}
	if n, err := svc.Sum(t.Context(), 7, nil); err != nil || n != 7 {
		t.Errorf("a nil stream is one without items: %d, %v", n, err)
	}
	if err := svc.SumOnly(zrpc.Values(slices.Values([]any{1, nil}))); err == nil || !strings.Contains(err.Error(), "argument") {
		t.Errorf("without its argument: %v", err)
	}
	if _, err := svc.SumText(0, zrpc.Values(count(3))); err == nil || !strings.Contains(err.Error(), "result of sum: is int, want str") {
		t.Errorf("a result of another type: %v", err)
	}
	broken := errors.New("disk on fire")
	if _, err := svc.Sum(t.Context(), 0, func(yield func(int, error) bool) { yield(0, broken) }); !errors.Is(err, broken) {
		t.Errorf("items that fail: %v", err)
	}
}

func TestStubDuplex(t *testing.T) {
	svc := streamingStub(t)
	d, err := svc.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 150 { // more than a window, in step
		if err := d.Send(i); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Recv(); err != nil || got != 2*i {
			t.Fatalf("double %d = %d, %v", i, got, err)
		}
	}
	if err := d.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Recv(); err != io.EOF {
		t.Errorf("after the end: %v, want io.EOF", err)
	}
	if d, err := svc.NoOpen(make(chan int)); err == nil || d != nil {
		t.Errorf("an argument that cannot be sent: %v, %v", d, err)
	}
}

func TestStubBothWays(t *testing.T) {
	svc := streamingStub(t)
	next := 0
	for got, err := range svc.Double(t.Context(), zrpc.Values(count(5_000))) {
		if err != nil || got != 2*next {
			t.Fatalf("item %d = %d, %v", next, got, err)
		}
		next++
	}
	if next != 5_000 {
		t.Errorf("%d of 5000 items came back", next)
	}

	// In step: the caller's iterator waits for what the loop makes of each answer.
	seeds := make(chan int, 1)
	seeds <- 1
	from := func(yield func(int, error) bool) {
		for n := range seeds {
			if !yield(n, nil) {
				return
			}
		}
	}
	last := 0
	for got, err := range svc.Double(t.Context(), from) {
		if err != nil {
			t.Fatal(err)
		}
		if last = got; got == 1<<10 {
			break // while the iterator waits on seeds: the loop must end all the same
		}
		seeds <- got
	}
	close(seeds)
	if last != 1<<10 {
		t.Errorf("doubling 1 in step came to %d", last)
	}

	broken := errors.New("disk on fire")
	failing := func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, broken) }
	var err error
	for _, e := range svc.Double(t.Context(), failing) {
		err = e
	}
	if !errors.Is(err, broken) {
		t.Errorf("items that fail: %v, want the caller's own error", err)
	}
	err = nil
	for _, e := range svc.Quiet(failing) {
		err = e
	}
	if !errors.Is(err, broken) {
		t.Errorf("items that fail, to a handler that does not mind: %v, want the caller's own error", err)
	}
	if got := collect(svc.Chans(zrpc.Values(slices.Values([]chan int{nil})))); !strings.Contains(got, "can not serialize 'chan int'") {
		t.Errorf("an item that cannot be sent: %s", got)
	}
	if got := collect(svc.Missing(zrpc.Values(count(1)))); !strings.Contains(got, "no method") {
		t.Errorf("an unknown method: %s", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := collect(svc.Double(ended, zrpc.Values(count(1)))); !strings.Contains(got, "canceled") {
		t.Errorf("a context that has ended: %s", got)
	}
}
