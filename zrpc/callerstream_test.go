package zrpc

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
)

// rawCaller is a caller that the test plays, event by event: streams of a
// caller's own are made by hand here.
type rawCaller struct {
	t *testing.T
	d *socket.Dealer
}

func newRawCaller(t *testing.T, endpoint string) *rawCaller {
	t.Helper()
	d := socket.NewDealer(socket.Options{})
	t.Cleanup(func() { d.Close() })
	if err := d.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	return &rawCaller{t, d}
}

// send sends an event; responseTo is the id of the channel, "" for a request.
func (r *rawCaller) send(id, responseTo, name string, args any) {
	r.t.Helper()
	h := event.Head{ID: []byte(id), Name: name}
	if responseTo != "" {
		h.ResponseTo = event.AppendBin(nil, []byte(responseTo))
	}
	b, err := event.AppendValue(event.AppendHead(nil, &h), args)
	if err == nil {
		err = r.d.Send(r.t.Context(), nil, b)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// want returns the args of the next event, which must have this name.
func (r *rawCaller) want(why, name string) any {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	frames, err := r.d.Recv(ctx)
	if err != nil {
		r.t.Fatalf("%s: %v", why, err)
	}
	var e event.Event
	if err := event.Parse(frames[len(frames)-1], &e); err != nil || string(e.Name) != name {
		r.t.Fatalf("%s: got %s %x (%v), want %s", why, e.Name, e.Args, err, name)
	}
	v, err := event.DecodeAny(e.Args)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// TestCallerStreams serves streams that come from the caller.
func TestCallerStreams(t *testing.T) {
	left := make(chan error, 1)
	s := NewServer(nil)
	s.Handle("sum", func(start int, in iter.Seq2[int, error]) (int, error) {
		for n, err := range in {
			if err != nil {
				return 0, err
			}
			start += n
		}
		return start, nil
	})
	s.Handle("double", func(in iter.Seq2[int, error]) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for n, err := range in {
				if !yield(2*n, err) {
					return
				}
			}
		}
	})
	s.Handle("leaves", func(in iter.Seq2[int, error]) iter.Seq[int] {
		go func() {
			var err error
			for _, err = range in {
			}
			left <- err
		}()
		return func(yield func(int) bool) { yield(1) }
	})
	s.Handle("bad", func(in iter.Seq2[int, error]) string { return "bad\xff" })
	endpoint, err := s.Bind("inproc://" + t.Name())
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(t.Context())
	defer s.Close()
	r := newRawCaller(t, endpoint)

	r.send("1", "", "sum", []any{100})
	r.send("2", "1", "STREAM", 1)
	r.want("the handler has taken the item that is free", "_zpc_more")
	r.send("3", "1", "STREAM", 2)
	r.send("4", "1", "STREAM_DONE", nil)
	if got := r.want("the sum", "OK").([]any)[0]; got != int64(103) {
		t.Errorf("sum: %v", got)
	}

	r.send("5", "", "sum", []any{0})
	r.send("6", "5", "ERR", []any{"ValueError", "no more", ""})
	if got := r.want("the caller's own error reaches the handler", "ERR").([]any)[1]; got != "no more" {
		t.Errorf("sum of an error: %v", got)
	}
	r.send("7", "", "sum", []any{0})
	r.send("8", "7", "STREAM", "x")
	if got := r.want("an item of another type", "ERR").([]any)[0]; got != "TypeError" {
		t.Errorf("sum of text: %v", got)
	}

	r.send("10", "", "double", []any{})
	r.send("11", "10", "STREAM", 21)
	if got := r.want("both ways", "STREAM"); got != int64(42) {
		t.Errorf("double: %v", got)
	}
	r.send("12", "10", "_zpc_more", []any{5})
	r.want("the handler asks on", "_zpc_more")
	r.send("13", "10", "STREAM_DONE", nil)
	r.want("the end of one is the end of the other", "STREAM_DONE")

	r.send("20", "", "leaves", []any{})
	r.want("an item", "STREAM")
	r.send("21", "20", "_zpc_more", []any{5})
	r.want("the end", "STREAM_DONE")
	select {
	case err := <-left:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a goroutine that was left behind: %v, want the end of the call", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a goroutine that was left behind waits for ever")
	}

	r.send("30", "", "bad", []any{})
	if got := r.want("text that is not UTF-8", "ERR").([]any)[0]; got != "UnicodeEncodeError" {
		t.Errorf("bad: %v", got)
	}
}
