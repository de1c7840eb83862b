package zrpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// refusers is a fleet of which all servers but the last say that they stop, with
// methods that read the caller's stream.
func refusers(t *testing.T, n int) *fleet {
	f := newFleet(t, n, nil)
	for i, s := range f.servers {
		s.Handle("gather", func(first []byte, in iter.Seq2[int, error]) (sum int, err error) {
			f.calls[i].Add(1)
			sum = len(first)
			for v, err := range in {
				if err != nil {
					return 0, err
				}
				sum += v
			}
			return sum, nil
		})
		s.Handle("double", func(in iter.Seq2[int, error]) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				f.calls[i].Add(1)
				for v, err := range in {
					if !yield(2*v, err) || err != nil {
						return
					}
				}
			}
		})
	}
	f.serve()
	synctest.Wait()
	for _, s := range f.servers[:n-1] {
		s.stopping.Store(true)
	}
	return f
}

// again waits until the servers that stop are asked again.
func again() { <-time.After(6 * time.Second) }

// upTo yields n numbers from 1.
func upTo(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i+1, nil) {
				return
			}
		}
	}
}

// TestUploadsMove: an upload that servers refuse because they stop runs once at the
// one that does not, with all its items in their order and its arguments.
func TestUploadsMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := refusers(t, 4)
		defer f.close()
		sent := 0
		c := f.client(&ClientOptions{Interceptors: []Interceptor{func(next Handler) Handler {
			return func(ctx context.Context, req *Request) (any, error) {
				req.OnItem(func(out bool, _ event.Raw) {
					if out {
						sent++
					}
				})
				return next(ctx, req)
			}
		}}})
		defer c.Close()
		for _, n := range []int{0, 1, 2, 3, 250} {
			for _, args := range []int{10, 1 << 20} {
				for range 4 { // wherever it begins
					got, err := Upload[int](t.Context(), c, "gather", upTo(n), bytes.Repeat([]byte("x"), args))
					if want := args + n*(n+1)/2; err != nil || got != want {
						t.Errorf("%d items: %d, %v, want %d", n, got, err, want)
					}
					again()
				}
			}
		}
		if sent != 8*(1+2+3+250) {
			t.Errorf("the interceptor saw %d items, want each once", sent)
		}
		broken := errors.New("broken")
		_, err := Upload[int](t.Context(), c, "gather", func(yield func(int, error) bool) { yield(0, broken) }, []byte{})
		if !errors.Is(err, broken) {
			t.Errorf("a stream that begins with its error: %v", err)
		}
		if n := f.counts(); n[0]+n[1]+n[2] > 0 || n[3] < 40 {
			t.Errorf("the servers ran %v calls", n)
		}
		f.servers[3].stopping.Store(true)
		again()
		if _, err := Upload[int](t.Context(), c, "gather", upTo(3), []byte{}); verdictOf(err) != stopping {
			t.Errorf("none is left: %v, want ServerStopping", err)
		}
	})
}

// TestDuplexMoves: the same with somebody reading while another one sends, and with
// one who only sends or only reads at first.
func TestDuplexMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := refusers(t, 3)
		defer f.close()
		c := f.client(nil)
		defer c.Close()
		for _, readsFirst := range []bool{false, true} {
			for range 20 {
				d, err := Open[int, int](t.Context(), c, "double")
				if err != nil {
					t.Fatal(err)
				}
				send := func() {
					for n := range 50 {
						if err := d.Send(n); err != nil {
							t.Errorf("Send: %v", err)
						}
					}
					if err := d.CloseSend(); err != nil {
						t.Errorf("CloseSend: %v", err)
					}
				}
				if readsFirst {
					go func() { <-time.After(time.Second); send() }()
				} else {
					go send()
				}
				next := 0
				for v, err := range d.All() {
					if err != nil || v != 2*next {
						t.Fatalf("item %d: %d, %v", next, v, err)
					}
					next++
				}
				if next != 50 {
					t.Errorf("%d items came back", next)
				}
				again()
			}
		}
	})
}

// TestSlowDirectionFollows: one direction has moved the call and settled it at its
// new place before the other has looked at the refusal, which is then no matter any
// more.
func TestSlowDirectionFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := refusers(t, 3)
		defer f.close()
		c := f.client(nil)
		defer c.Close()
		for range 3 { // one of these at least begins at a server that refuses
			d, err := Open[int, int](t.Context(), c, "double")
			if err != nil {
				t.Fatal(err)
			}
			first := d.r.at.Load()
			for n := range 3 { // the second Send waits for credit: it runs
				if err := d.Send(n); err != nil {
					t.Fatal(err)
				}
				if v, err := d.Recv(); v != 2*n || err != nil {
					t.Fatalf("item %d: %d, %v", n, v, err)
				}
			}
			now := d.r.at.Load()
			if moved := d.r.moved(first, errStopping); moved != (first != now) || d.r.at.Load() != now {
				t.Errorf("the slow direction is told %v, the call has moved: %v", moved, first != now)
			}
			d.Close()
			again()
		}
		if n := f.counts(); n[0]+n[1] > 0 {
			t.Errorf("the servers ran %v calls", n)
		}
	})
}

// TestMovedCallEnds: a call that moves is closed by its caller and by its context
// like any other.
func TestMovedCallEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := refusers(t, 2)
		defer f.close()
		var ended atomic.Int32
		f.servers[1].Handle("wait", func(ctx context.Context, in iter.Seq2[int, error]) error {
			<-ctx.Done()
			ended.Add(1)
			return nil
		})
		c := f.client(nil)
		defer c.Close()
		for i, end := range []func(d *Duplex[int, int], cancel func()){
			func(d *Duplex[int, int], _ func()) { d.Close() },
			func(_ *Duplex[int, int], cancel func()) { cancel() },
		} {
			for range 2 { // wherever it begins
				ctx, cancel := context.WithCancel(t.Context())
				d, err := Open[int, int](ctx, c, "wait")
				if err != nil {
					t.Fatal(err)
				}
				read := make(chan error)
				go func() { read <- second(d.Recv()) }()
				synctest.Wait()
				end(d, cancel)
				if err := <-read; !errors.Is(err, ErrClosed) && !errors.Is(err, context.Canceled) {
					t.Errorf("end %d: %v", i, err)
				}
				synctest.Wait()
				cancel()
				again()
			}
		}
		if n := ended.Load(); n != 4 {
			t.Errorf("%d handlers ended, want 4", n)
		}
	})
}

// TestAnsweredCallStays: a refusal in the middle, which is somebody else's, or an
// early answer is no reason to go elsewhere.
func TestAnsweredCallStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		for i, s := range f.servers {
			s.Handle("some", func(in iter.Seq2[int, error]) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					f.calls[i].Add(1)
					yield(i, nil)
					yield(0, errStopping) // as of a server that it has called
				}
			})
			s.Handle("early", func(in iter.Seq2[int, error]) int { f.calls[i].Add(1); return i })
		}
		f.serve()
		c := f.client(nil)
		defer c.Close()
		d, err := Open[int, int](t.Context(), c, "some")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Recv(); err != nil {
			t.Error(err)
		}
		if _, err := d.Recv(); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("the error of the handler: %v", err)
		}
		if _, err := Upload[int](t.Context(), c, "early", upTo(1000)); err != nil {
			t.Error(err)
		}
		if n := f.counts(); n[0]+n[1] != 2 {
			t.Errorf("2 calls ran %v times", n)
		}
	})
}
