package zrpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// keeper is a service whose handlers hold on to all that they are given, and look at
// it again when other calls have been served: it must still be what it was.
type keeper struct {
	mu    sync.Mutex
	kept  []func() error
	calls int
}

// keep has check called once some more calls have been served; now and then it keeps
// the caller for so long that its connection's reader is taken away.
func (k *keeper) keep(check func() error) error {
	k.mu.Lock()
	k.calls++
	slow := k.calls%64 == 0
	k.kept = append(k.kept, check)
	var old func() error
	if len(k.kept) > 20 {
		old, k.kept = k.kept[0], k.kept[1:]
	}
	k.mu.Unlock()
	if slow {
		<-time.After(25 * time.Millisecond)
	}
	if old == nil {
		return nil
	}
	return old()
}

func same(what string, b []byte) func() error {
	was := bytes.Clone(b)
	return func() error {
		if !bytes.Equal(b, was) {
			return fmt.Errorf("%s of %d bytes changed", what, len(b))
		}
		return nil
	}
}

func (k *keeper) methods(s *zrpc.Server) {
	for name, fn := range map[string]any{
		"plain": func(b []byte) ([]byte, error) { return b, k.keep(same("an argument", b)) },
		"raw":   func(b event.Raw) (event.Raw, error) { return b, k.keep(same("a raw argument", b)) },
		"bytes": func(b *zrpc.Bytes) (*zrpc.Bytes, error) {
			s := b.Share()
			check := same("a shared argument", s.Bytes())
			return b, k.keep(func() error { defer s.Release(); return check() })
		},
		"ctx": func(ctx context.Context, b *zrpc.Bytes) (*zrpc.Bytes, error) {
			if ctx.Err() != nil {
				return b, nil // given up
			}
			return b, k.keep(func() error {
				<-ctx.Done()
				if ctx.Err() == nil {
					return errors.New("a context is used again")
				}
				return nil
			})
		},
		"header": func(ctx context.Context, b []byte) ([]byte, error) {
			if err := zrpc.SetHeader(ctx, "size", len(b)); err != nil && ctx.Err() == nil {
				return nil, err
			}
			return b, nil
		},
		"exit": func(b []byte) []byte {
			if len(b) == 10 {
				runtime.Goexit()
			}
			return b
		},
		"split": func(b []byte, in iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
			return func(yield func([]byte, error) bool) {
				for item, err := range in {
					if !yield(item, err) || err != nil {
						return
					}
				}
				yield(b, nil)
			}
		},
	} {
		if err := s.Handle(name, fn); err != nil {
			panic(err)
		}
	}
}

// TestChurn makes calls of every kind and size at once over two connections, gives
// some up at any moment, and keeps what came: nothing of it is ever overwritten by
// another call, and nobody gets another's answer.
func TestChurn(t *testing.T) {
	var k keeper
	c := newPair(t, "tcp://127.0.0.1:*", k.methods, nil, &zrpc.ClientOptions{})
	sizes := []int{0, 10, 500, 15 << 10, 17 << 10, 70_000, 300_000}
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 7))
			var kept []func() error
			for i := range 150 {
				want := content(sizes[r.IntN(len(sizes))], g*1000+i)
				ctx, header := zrpc.WithAnswerHeader(t.Context())
				ctx, cancel := context.WithCancel(ctx)
				given := r.IntN(4) == 0
				if given {
					go cancel()
				}
				method := []string{"plain", "raw", "bytes", "ctx", "header", "exit", "split"}[r.IntN(7)]
				var got []byte
				var err error
				switch {
				case method == "split":
					got, err = split(ctx, c, want)
				case r.IntN(2) == 0:
					var b *zrpc.Bytes
					b, err = zrpc.Call[*zrpc.Bytes](ctx, c, method, zrpc.NewBytes(want, nil))
					got = bytes.Clone(b.Bytes())
					b.Release()
				default:
					got, err = zrpc.Call[[]byte](ctx, c, method, want)
				}
				cancel()
				switch {
				case method == "exit" && len(want) == 10 && err != nil, given && err != nil:
				case err != nil || !bytes.Equal(got, want):
					t.Errorf("%s of %d bytes: %d came back, %v", method, len(want), len(got), err)
				case method == "header":
					raw, _ := header.Value("size")
					if n, err := event.Int(raw); err != nil || int(n) != len(want) {
						t.Errorf("the header of the answer: %x, %v", raw, err)
					}
				}
				kept = append(kept, same("a result", got))
			}
			for _, check := range kept {
				if err := check(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// split sends b in two items and puts together what comes back, which ends with the
// argument.
func split(ctx context.Context, c *zrpc.Client, b []byte) ([]byte, error) {
	d, err := zrpc.Open[[]byte, []byte](ctx, c, "split", b)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	half := len(b) / 2
	for item := range slices.Values([][]byte{b[:half], b[half:]}) {
		if err := d.Send(item); err != nil {
			return nil, err
		}
	}
	if err := d.CloseSend(); err != nil {
		return nil, err
	}
	var items [][]byte
	for {
		item, err := d.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	if len(items) != 3 || !bytes.Equal(items[2], b) {
		return nil, fmt.Errorf("%d items came back", len(items))
	}
	return append(items[0], items[1]...), nil
}
