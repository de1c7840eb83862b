package zrpc

import (
	"errors"
	"iter"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// TestCheckText looks for a string that is not UTF-8 among values of every form.
func TestCheckText(t *testing.T) {
	bad := "bad\xff"
	for _, tc := range []struct {
		why   string
		value any
		good  bool
	}{
		{"no text", nil, true},
		{"scalars", []any{true, false, 1, -1, 200, 70_000, 1 << 40, uint64(math.MaxUint64), -200, -70_000, -1 << 40, 1.5, 'x'}, true},
		{"good text", []any{"", "hé", strings.Repeat("é", 20), strings.Repeat("é", 1000), strings.Repeat("é", 70_000)}, true},
		{"bytes are not text", []any{[]byte(bad), []byte(strings.Repeat(bad, 100)), []byte(strings.Repeat(bad, 30_000))}, true},
		{"nor are ext values", []any{event.Ext{Type: 5, Data: []byte(bad)}, event.Ext{Type: 5, Data: []byte("\xff")},
			event.Ext{Type: 5, Data: []byte(strings.Repeat("\xff", 16))}, event.Ext{Type: 5, Data: []byte(strings.Repeat(bad, 100))}, time.Unix(1, 5)}, true},
		{"a surrogate", "\xed\xa0\x80", false},
		{"text", bad, false},
		{"longer text", strings.Repeat("x", 100) + bad, false},
		{"long text", strings.Repeat("x", 1000) + bad, false},
		{"very long text", strings.Repeat("x", 70_000) + bad, false},
		{"text behind scalars", []any{1, -200, 1.5, float32(1), []byte(bad), event.Ext{Type: 1, Data: []byte(bad)}, time.Unix(1, 0), bad}, false},
		{"text in a list", []any{[]any{[]string{"a", bad}}}, false},
		{"text in a long list", []any{make([]int, 70_000), make([]int, 100), bad}, false},
		{"a key", map[string]any{bad: 1}, false},
		{"a value", map[string]any{"a": map[string]string{"b": bad}}, false},
		{"a value of many", func() any {
			m := map[int]string{}
			for i := range 70_000 {
				m[i] = "x"
			}
			m[5] = bad
			return []any{map[string]int{"a": 1}, m}
		}(), false},
	} {
		b, err := event.AppendValue(nil, tc.value)
		if err != nil {
			t.Fatal(err)
		}
		err = checkText(b, "it")
		var te *textError
		if (err == nil) != tc.good || !tc.good && !errors.As(err, &te) {
			t.Errorf("%s: %v", tc.why, err)
		}
		for cut := range min(len(b), 300) { // never beyond the end, whatever is there
			checkText(b[:cut], "it")
		}
	}
}

// TestTextNotUTF8 has handlers and callers send strings that are not UTF-8. A
// Python peer would drop the event and let its caller wait.
func TestTextNotUTF8(t *testing.T) {
	c := pair(t, nil, func(s *Server) {
		s.Handle("bad", func() string { return "bad\xff" })
		s.Handle("inside", func() map[string]any { return map[string]any{"a": []any{"bad\xff"}} })
		s.Handle("bytes", func() []byte { return []byte("bad\xff") })
		s.Handle("stream", func() iter.Seq[string] {
			return func(yield func(string) bool) { _ = yield("good") && yield("bad\xff") && yield("never") }
		})
		s.Handle("collect", func(in iter.Seq2[string, error]) string { return "bad\xff" })
		s.Handle("echo", func(v any) any { return v })
	})
	var remote *RemoteError
	for _, method := range []string{"bad", "inside", "collect"} {
		for range 40 { // on a goroutine of its own, then by the reader
			_, err := Call[any](t.Context(), c, method)
			if !errors.As(err, &remote) || remote.Name != "UnicodeEncodeError" ||
				remote.Message != "the result holds a string that is not valid UTF-8; use []byte for bytes" {
				t.Fatalf("%s: %v, want UnicodeEncodeError", method, err)
			}
		}
	}
	if b, err := Call[[]byte](t.Context(), c, "bytes"); err != nil || string(b) != "bad\xff" {
		t.Errorf("bytes are bytes: %q, %v", b, err)
	}
	n := 0
	var err error
	for s, e := range Stream[string](t.Context(), c, "stream") {
		if err = e; e == nil && s == "good" {
			n++
		}
	}
	if n != 1 || !errors.As(err, &remote) || remote.Name != "UnicodeEncodeError" {
		t.Errorf("a stream: %d items, then %v", n, err)
	}
	for _, arg := range []any{"bad\xff", []string{"bad\xff"}} {
		_, err := Call[any](t.Context(), c, "echo", 1, arg)
		if err == nil || !strings.Contains(err.Error(), "calling echo: argument 2: it holds a string that is not valid UTF-8") || errors.As(err, &remote) {
			t.Errorf("an argument: %v, want an error of this side", err)
		}
	}
	if _, err := Call[any](t.Context(), c, "ech\xff"); err == nil || !strings.Contains(err.Error(), "the name holds") {
		t.Errorf("a name: %v", err)
	}
}

// pair returns a client of a server with what handle gives it, by inproc.
func pair(t *testing.T, opt *ServerOptions, handle func(*Server)) *Client {
	t.Helper()
	s := NewServer(opt)
	handle(s)
	endpoint, err := s.Bind("inproc://" + t.Name())
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(t.Context())
	c, err := Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return c
}
