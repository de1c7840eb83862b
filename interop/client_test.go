package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// ourClient returns a client of ours that is closed when the test ends.
func ourClient(t *testing.T, endpoint string, o zrpc.ClientOptions) *zrpc.Client {
	t.Helper()
	c := zrpc.NewClient(&o)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing the client: %v", err)
		}
	})
	if err := c.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	return c
}

// serverSuite drives our client through what a real server does.
type serverSuite struct {
	c  *zrpc.Client
	of kind // whose server
}

// TestOurClient runs the suite against the real servers. Python's is the one
// that users of Python 3.11 have, without the two names that it misses.
func TestOurClient(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		server func(testing.TB) *peer.Process
		of     kind
	}{
		{"python", func(t testing.TB) *peer.Process { return peer.Python(t, "server.py", "--bind", anyPort) }, python},
		{"node", nodeServer, node},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := test.server(t)
			s := serverSuite{ourClient(t, server.Endpoint(), zrpc.ClientOptions{}), test.of}
			t.Run("call", s.call)
			t.Run("large", s.large)
			t.Run("streams", s.streams)
			t.Run("slow reader", s.slowReader)
			t.Run("early stop", s.earlyStop)
			t.Run("errors", s.errors)
			t.Run("stream errors", s.streamErrors)
			t.Run("concurrent", s.concurrent)
			t.Run("timeout", s.timeout)
			if test.of == python {
				t.Run("values", s.values)
				t.Run("kinds", s.kinds)
				t.Run("python errors", s.pythonErrors)
			}
		})
	}
}

func (s serverSuite) call(t *testing.T) {
	if got, err := zrpc.Call[string](t.Context(), s.c, "hello", "RPC"); err != nil || got != "Hello, RPC" {
		t.Errorf("hello: %q, %v", got, err)
	}
	if got, err := zrpc.Call[int](t.Context(), s.c, "add", 40, 2); err != nil || got != 42 {
		t.Errorf("add: %d, %v", got, err)
	}
	var stub struct {
		Hello func(ctx context.Context, name string) (string, error)
		Add   func(ctx context.Context, a, b int) (int, error)
	}
	if err := s.c.Stub(&stub); err != nil {
		t.Fatal(err)
	}
	if got, err := stub.Add(t.Context(), 1, 2); err != nil || got != 3 {
		t.Errorf("add by the stub: %d, %v", got, err)
	}
}

func (s serverSuite) large(t *testing.T) {
	want := repeated(4 << 20)
	got, err := zrpc.Call[[]byte](t.Context(), s.c, "big", len(want))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("4 MiB back: %d bytes, %v", len(got), err)
	}
	got, err = zrpc.Call[[]byte](t.Context(), s.c, "echo", want)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("4 MiB there and back: %d bytes, %v", len(got), err)
	}
	for _, n := range []int{100, 1 << 20, 4 << 20} {
		b, err := zrpc.Call[*zrpc.Bytes](t.Context(), s.c, "echo", zrpc.NewBytes(want[:n], nil))
		if err != nil || !bytes.Equal(b.Bytes(), want[:n]) {
			t.Fatalf("%d bytes handed over: %d bytes, %v", n, len(b.Bytes()), err)
		}
		b.Release()
	}
}

func (s serverSuite) streams(t *testing.T) {
	for _, count := range []int{0, 1, 2, 100, 101, 102, 103, 10000} {
		if s.of == node && count == 0 {
			continue // Node answers an empty stream with one nil
		}
		s.readRange(t, s.c, count, func() {})
	}
}

// readRange reads a stream of the integers below count, pausing at each.
func (s serverSuite) readRange(t *testing.T, c *zrpc.Client, count int, pause func()) {
	t.Helper()
	next := 0
	for n, err := range zrpc.Stream[int](t.Context(), c, "streaming_range", 0, count, 1) {
		if err != nil {
			t.Fatalf("stream of %d: after %d items: %v", count, next, err)
		}
		if n != next {
			t.Fatalf("stream of %d: item %d is %d: lost, doubled or out of order", count, next, n)
		}
		next++
		pause()
	}
	if next != count {
		t.Fatalf("stream of %d: ended after %d", count, next)
	}
}

func (s serverSuite) slowReader(t *testing.T) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for _, credit := range []int{100, 10, 1} {
		s.readRange(t, s.c.With(zrpc.CallOptions{Credit: credit}), 300, func() { <-tick.C })
	}
}

func (s serverSuite) earlyStop(t *testing.T) {
	for range 20 { // what is under way differs each time
		seen := 0
		for _, err := range zrpc.Stream[int](t.Context(), s.c, "streaming_range", 0, 10000, 1) {
			if err != nil {
				t.Fatalf("early stop: %v", err)
			}
			if seen++; seen == 3 {
				break
			}
		}
	}
	if got, err := zrpc.Call[string](t.Context(), s.c, "hello", "again"); err != nil || got != "Hello, again" {
		t.Errorf("the call after: %q, %v", got, err)
	}
}

func (s serverSuite) errors(t *testing.T) {
	_, err := zrpc.Call[any](t.Context(), s.c, "fail", "CustomError", "hé")
	s.isRemote(t, err, "CustomError", "hé", "CustomError: hé")
}

// isRemote checks what the other side said of an error.
func (s serverSuite) isRemote(t *testing.T, err error, name, message, traceback string) {
	t.Helper()
	var remote *zrpc.RemoteError
	if !errors.As(err, &remote) {
		t.Errorf("got %v, want a RemoteError %s", err, name)
		return
	}
	if remote.Name != name || remote.Message != message || !strings.Contains(remote.Traceback, traceback) {
		t.Errorf("got %q %q %q, want %q %q and a traceback with %q", remote.Name, remote.Message, remote.Traceback, name, message, traceback)
	}
}

func (s serverSuite) streamErrors(t *testing.T) {
	for _, count := range []int{0, 1, 3, 150} {
		items := 0
		var last error
		for _, err := range zrpc.Stream[int](t.Context(), s.c, "fail_stream", count) {
			if last = err; err == nil {
				items++
			}
		}
		if items != count {
			t.Errorf("failing after %d: %d items", count, items)
		}
		name := "ValueError"
		if s.of == node {
			name = "Error"
		}
		s.isRemote(t, last, name, fmt.Sprintf("after %d", count), "after")
	}
}

func (s serverSuite) concurrent(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if got, err := zrpc.Call[int](t.Context(), s.c, "echo", i); err != nil || got != i {
				t.Errorf("call %d of 200 at once: %d, %v", i, got, err)
			}
		})
	}
	wg.Wait()
}

func (s serverSuite) timeout(t *testing.T) {
	begun := time.Now()
	_, err := zrpc.Call[any](t.Context(), s.c.With(zrpc.CallOptions{Timeout: 300 * time.Millisecond}), "sleep", 5)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call over its timeout: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err = zrpc.Call[any](ctx, s.c, "sleep", 5); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call over its context's deadline: %v", err)
	}
	if took := time.Since(begun); took > 4*time.Second { // far from the answer's 5 s
		t.Errorf("two timeouts of 0.3 s took %v", took)
	}
	if got, err := zrpc.Call[string](t.Context(), s.c, "hello", "again"); err != nil || got != "Hello, again" {
		t.Errorf("the call after: %q, %v", got, err)
	}
}

// values lets Python send every value of its table, and sends each back to see
// that Python takes it for the same.
func (s serverSuite) values(t *testing.T) {
	names, err := zrpc.Call[[]string](t.Context(), s.c, "names")
	if err != nil || len(names) < 60 {
		t.Fatalf("names: %d, %v", len(names), err)
	}
	for _, name := range names {
		res, err := s.c.Invoke(t.Context(), "value", name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var decoded any
		if err := res.Decode(&decoded); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// Raw goes back byte by byte, decoded through Go's values.
		for how, arg := range map[string]any{"raw": res.Raw(), "decoded": decoded} {
			again, err := s.c.Invoke(t.Context(), "echo", arg)
			if err != nil {
				t.Errorf("%s sent back %s: %v", name, how, err)
				continue
			}
			var got any
			if err := again.Decode(&got); err != nil {
				t.Errorf("%s sent back %s: %v", name, how, err)
			}
			if f, ok := decoded.(float64); ok && math.IsNaN(f) {
				if g, ok := got.(float64); !ok || !math.IsNaN(g) {
					t.Errorf("%s sent back %s is %v", name, how, got)
				}
				continue
			}
			if !reflect.DeepEqual(got, decoded) {
				t.Errorf("%s sent back %s is %.100v, want %.100v", name, how, got, decoded)
			}
		}
	}
}

// kinds sends Go's values and asks Python what it saw.
func (s serverSuite) kinds(t *testing.T) {
	type point struct {
		X int    `msgpack:"x"`
		Y string `msgpack:"y"`
	}
	for _, test := range []struct {
		value any
		want  string // Python's spelling
	}{
		{nil, `null`}, {true, `true`}, {false, `false`},
		{0, `0`}, {-1, `-1`}, {uint64(math.MaxUint64), `{"int": "18446744073709551615"}`},
		{int64(math.MinInt64), `{"int": "-9223372036854775808"}`},
		{1.5, `{"float": "1.5"}`}, {1.0, `{"float": "1.0"}`}, {float32(0.5), `{"float": "0.5"}`},
		{math.Inf(-1), `{"float": "-inf"}`}, {math.NaN(), `{"float": "nan"}`},
		{"", `""`}, {"hé ☃ 😀", `"hé ☃ 😀"`},
		{[]byte{}, `{"bin": ""}`}, {[]byte{0, 255}, `{"bin": "00ff"}`}, // text and bytes stay apart
		{[]string{"a"}, `["a"]`}, {[]int{1, 2}, `[1, 2]`}, {[]any{1, "a", nil}, `[1, "a", null]`},
		{map[string]any{}, `{"map": []}`}, {map[string]int{"b": 2, "a": 1}, `{"map": [["a", 1], ["b", 2]]}`},
		{point{1, "y"}, `{"map": [["x", 1], ["y", "y"]]}`}, {&point{2, ""}, `{"map": [["x", 2], ["y", ""]]}`},
		{event.Ext{Type: 5, Data: []byte("abc")}, `{"ext": [5, "616263"]}`},
		{time.Unix(8589934592, 5), `{"time": [8589934592, 5]}`},
		{time.Unix(-1, 999999999), `{"time": [-1, 999999999]}`},
	} {
		got, err := zrpc.Call[string](t.Context(), s.c, "kind", test.value)
		if err != nil {
			t.Errorf("%T %v: %v", test.value, test.value, err)
			continue
		}
		same(t, fmt.Sprintf("%T %v", test.value, test.value), []byte(got), test.want)
	}
}

// pythonErrors are those of Python's server itself.
func (s serverSuite) pythonErrors(t *testing.T) {
	_, err := zrpc.Call[any](t.Context(), s.c, "fail", "KeyError", "k")
	s.isRemote(t, err, "KeyError", "'k'", "Traceback (most recent call last)")
	_, err = zrpc.Call[any](t.Context(), s.c, "unpackable")
	s.isRemote(t, err, "TypeError", "can not serialize 'set' object", "set")
	_, err = zrpc.Call[any](t.Context(), s.c, "no_such_method")
	s.isRemote(t, err, "NameError", "no_such_method", "NameError")
	if !errors.Is(err, zrpc.ErrNoMethod) {
		t.Errorf("unknown method: %v is no ErrNoMethod", err)
	}
	_, err = zrpc.Call[any](t.Context(), s.c, "add", 1)
	s.isRemote(t, err, "TypeError", "Peer.add() missing 1 required positional argument: 'b'", "TypeError")
	_, err = zrpc.Call[any](t.Context(), s.c, "not_iterable")
	s.isRemote(t, err, "TypeError", "'int' object is not iterable", "TypeError")
	_, err = zrpc.Call[int](t.Context(), s.c, "streaming_range", 0, 3, 1)
	if !errors.Is(err, zrpc.ErrStreamed) {
		t.Errorf("a stream called for one result: %v", err)
	}
	// Python 3.11 has no inspect.getargspec: inspection fails, the rest answers.
	_, err = zrpc.Call[any](t.Context(), s.c, "_zerorpc_inspect")
	s.isRemote(t, err, "AttributeError", "module 'inspect' has no attribute 'getargspec'", "AttributeError")
	names, err := zrpc.Call[[]string](t.Context(), s.c, "_zerorpc_list")
	if err != nil || !strings.Contains(strings.Join(names, " "), "hello") {
		t.Errorf("the list: %q, %v", names, err)
	}
	doc, err := zrpc.Call[string](t.Context(), s.c, "_zerorpc_help", "hello")
	if want := "Greets the caller.\n\nThe second paragraph is for help alone."; err != nil || doc != want {
		t.Errorf("help: %q, %v", doc, err)
	}
}

// TestOurBoundClient lets the real servers dial out to our client.
func TestOurBoundClient(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		start func(at string)
	}{
		{"python", func(at string) { peer.Python(t, "server.py", "--connect", at) }},
		{"node", func(at string) { peer.Node(t, "server.js", "--connect", at) }},
	} {
		c := zrpc.NewClient(nil)
		t.Cleanup(func() { c.Close() })
		at, err := c.Bind(anyPort)
		if err != nil {
			t.Fatal(err)
		}
		test.start(at)
		if got, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); err != nil || got != "Hello, RPC" {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
		serverSuite{c, python}.readRange(t, c, 250, func() {})
	}
}
