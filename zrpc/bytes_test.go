package zrpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// content is n bytes that tell one call from another.
func content(n, seed int) []byte {
	return bytes.Repeat([]byte(fmt.Sprintf("%06d,", seed)), n/7+1)[:n]
}

// byteMethods take and return bytes in every way that there is.
func byteMethods(s *zrpc.Server) {
	var kept atomic.Pointer[zrpc.Bytes]
	for name, fn := range map[string]any{
		"echo":  func(b *zrpc.Bytes) *zrpc.Bytes { return b },
		"plain": func(b []byte) []byte { return b },
		"ctx":   func(_ context.Context, b *zrpc.Bytes) (*zrpc.Bytes, error) { return b, nil },
		"into":  func(b *zrpc.Bytes) int { defer b.Release(); return len(b.Bytes()) },
		"named": func(_ string, b *zrpc.Bytes) (*zrpc.Bytes, error) { return b, nil },
		"three": func(_, _ int, b *zrpc.Bytes) *zrpc.Bytes { return b },       // by reflection
		"kind":  func(_, _ int, b []byte) []byte { return b },                 // and so this
		"mixed": func(a []byte, b *zrpc.Bytes) []byte { return a[:len(a)/2] }, // only one of them owns the request
		"keep": func(b *zrpc.Bytes) *zrpc.Bytes {
			kept.Store(b.Share())
			return b
		},
		"kept": func() *zrpc.Bytes { return kept.Load().Share() },
		// What is wrong with these is told to the caller, who gets no other bytes.
		"released": func(b *zrpc.Bytes) *zrpc.Bytes { b.Release(); return b },
		"spent":    func() *zrpc.Bytes { return kept.Load() },
		"fails":    func(b *zrpc.Bytes) (*zrpc.Bytes, error) { return b, errors.New("no") },
	} {
		if err := s.Handle(name, fn); err != nil {
			panic(err)
		}
	}
}

// TestBytes hands bytes of sizes around every threshold over, both ways, over
// connections that take a message whole and ones that do not, with interceptors,
// which see values in one piece, and without.
func TestBytes(t *testing.T) {
	pass := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) { return next(ctx, req) }
	}
	for _, tc := range []struct {
		name, endpoint string
		so             *zrpc.ServerOptions
		co             *zrpc.ClientOptions
	}{
		{"tcp", "tcp://127.0.0.1:*", nil, nil},
		{"inproc", "inproc://" + t.Name(), nil, nil},
		{"at server", "inproc://s" + t.Name(), &zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{pass}}, nil},
		{"at client", "inproc://c" + t.Name(), nil, &zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{pass}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newPair(t, tc.endpoint, byteMethods, tc.so, tc.co)
			ctx := t.Context()
			for range 40 { // what runs on goroutines of its own at first, runs on the reader's now
				for _, method := range []string{"echo", "plain", "ctx", "keep", "into"} {
					if _, err := zrpc.Call[any](ctx, c, method, zrpc.NewBytes([]byte("x"), nil)); err != nil {
						t.Fatal(method, err)
					}
				}
			}
			for round, n := range []int{0, 100, 16 << 10, 40_000, 64 << 10, 1 << 20} {
				want := content(n, round)
				arg := zrpc.NewBytes(want, nil)
				check := func(what string, got []byte, err error) {
					t.Helper()
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%s, %d bytes: %d came back, %v", what, n, len(got), err)
					}
				}
				for method, args := range map[string][]any{"echo": {arg}, "plain": {arg}, "named": {"x", arg}, "three": {1, 2, arg}, "ctx": {arg}, "keep": {arg}, "kept": nil} {
					b, err := zrpc.Call[*zrpc.Bytes](ctx, c, method, args...)
					if method != "kept" {
						check(method, b.Bytes(), err)
					}
					b.Release()
				}
				got, err := zrpc.Call[[]byte](ctx, c, "echo", want)
				check("as []byte", got, err)
				got, err = zrpc.Call[[]byte](ctx, c, "plain", want)
				check("copied", got, err)
				got, err = zrpc.Call[[]byte](ctx, c, "kind", 1, 2, want)
				check("copied by reflection", got, err)
				if n, err := zrpc.Call[int](ctx, c, "into", arg); err != nil || n != len(want) {
					t.Fatalf("into: %d, %v", n, err)
				}
				want = append(content(n, round), 'x', 'y')
				got, err = zrpc.Call[[]byte](ctx, c, "mixed", want, arg)
				want = want[:len(want)/2]
				check("mixed", got, err)
			}
		})
	}
}

// TestBytesMisuse: released bytes are an error wherever they are sent, and the calls
// after that are none the wiser.
func TestBytesMisuse(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", byteMethods, nil, nil)
	ctx := t.Context()
	big := content(100_000, 1)
	b, err := zrpc.Call[*zrpc.Bytes](ctx, c, "keep", zrpc.NewBytes(big, nil))
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	b.Release()
	if _, err := zrpc.Call[any](ctx, c, "echo", b); !errors.Is(err, event.ErrReleased) {
		t.Errorf("a released argument: %v", err)
	}
	for range 40 {
		if _, err := zrpc.Call[any](ctx, c, "released", big); err == nil || !strings.Contains(err.Error(), "released before it was sent") {
			t.Fatalf("a released result: %v", err)
		}
		if _, err := zrpc.Call[any](ctx, c, "fails", big); err == nil || !strings.HasSuffix(err.Error(), "no") {
			t.Fatalf("an error beside the result: %v", err)
		}
		if b, err := zrpc.Call[*zrpc.Bytes](ctx, c, "echo", big); err != nil || !bytes.Equal(b.Bytes(), big) {
			t.Fatalf("the call after that: %v", err)
		} // and b is not released
	}
	if _, err := zrpc.Call[any](ctx, c, "spent"); err != nil {
		t.Errorf("a result that was kept is sent once: %v", err)
	}
	if _, err := zrpc.Call[any](ctx, c, "spent"); err == nil {
		t.Error("and again, though it was handed over")
	}
}

// TestBytesRelease: memory of the caller's comes back to him once, whether the call
// was made or not; until then it must not change.
func TestBytesRelease(t *testing.T) {
	c := newPair(t, "tcp://127.0.0.1:*", byteMethods, nil, nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx    context.Context
		method string
		args   []any
	}{
		{t.Context(), "echo", nil}, {t.Context(), "no such method", nil},
		{cancelled, "echo", nil}, {t.Context(), "echo", []any{func() {}}},
	} {
		back := make(chan struct{}, 2)
		b := zrpc.NewBytes(content(100_000, 2), func() { back <- struct{}{} })
		zrpc.Call[any](test.ctx, c, test.method, append(test.args, b)...)
		if len(back) > 0 {
			t.Errorf("%s: given back before its owner released it", test.method)
		}
		b.Release()
		<-back // when the write, which may still be under way, is over
	}
}

// TestBytesFailOver shares one argument among calls that go to a stopping server first
// and to another one then, some of which are given up: nobody reads anything else.
func TestBytesFailOver(t *testing.T) {
	c := zrpc.NewClient(nil)
	defer c.Close()
	for i := range 2 {
		s := zrpc.NewServer(nil)
		byteMethods(s)
		actual, err := s.Bind("tcp://127.0.0.1:*")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		go s.Serve(context.Background())
		if err := c.Connect(actual); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if _, err := zrpc.Call[any](t.Context(), c, "_zerorpc_ping"); err != nil {
				t.Fatal(err)
			}
			go func() { s.Shutdown(t.Context()) }()
		}
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				want := content(60_000+20_000*(i%3), g*100+i)
				arg := zrpc.NewBytes(want, nil)
				ctx, cancel := context.WithCancel(t.Context())
				if i%5 == 0 {
					go cancel()
				}
				b, err := zrpc.Call[*zrpc.Bytes](ctx, c, "echo", arg)
				if err == nil && !bytes.Equal(b.Bytes(), want) {
					t.Error("another call's bytes came back")
				}
				b.Release()
				arg.Release()
				cancel()
			}
		})
	}
	wg.Wait()
}
