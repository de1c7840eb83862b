package pubsub

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
)

// golden is one event as zerorpc-python's Publisher sent it: event("a", {"k": b"v"}).
var golden = unhex("9382aa6d6573736167655f6964c4203030303030303031633131653437633131653437633131653437633131653437" +
	"a17603a56576656e7492a16181a16bc40176")

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestParseGolden(t *testing.T) {
	e, err := read(golden)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	var m map[string][]byte
	if err := e.Decode(&text, &m); err != nil || text != "a" || string(m["k"]) != "v" {
		t.Errorf("decoded %q %q, %v", text, m, err)
	}
	if err := e.Decode(); err != nil {
		t.Errorf("arguments may be left alone: %v", err)
	}
	if v, ok := e.Header("v"); !ok || !bytes.Equal(v, []byte{3}) {
		t.Errorf("header v: %x %v", v, ok)
	}
	if _, ok := e.Header("absent"); ok {
		t.Error("a header key that nobody sent was found")
	}
	var n int
	for _, tc := range []struct {
		why  string
		ptrs []any
		want string
	}{
		{"wrong type", []any{&n}, "pubsub: event event: argument 1 is str, want int"},
		{"too few", []any{&text, &m, &n}, "pubsub: event event has 2 arguments, want 3"},
	} {
		if err := e.Decode(tc.ptrs...); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", tc.why, err, tc.want)
		}
	}
	e.Args = event.Raw{5}
	if err := e.Decode(&n); err == nil || !strings.Contains(err.Error(), "arguments of event event") {
		t.Errorf("arguments that are no list: %v", err)
	}
}

// No start of an event is taken for a whole one.
func TestParseTruncated(t *testing.T) {
	for n := range len(golden) {
		if _, err := read(golden[:n]); !errors.Is(err, event.ErrTruncated) {
			t.Errorf("the first %d bytes: %v, want ErrTruncated", n, err)
		}
	}
}

// Whatever comes is refused or can be used, without a panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(""), golden)
	f.Add([]byte("eu."), golden)
	f.Add([]byte("eu."), golden[:50])
	f.Fuzz(func(t *testing.T, topic, body []byte) {
		e, err := read(topic, body)
		if err != nil {
			return
		}
		if e.Topic != string(topic) {
			t.Fatalf("topic %q of %q", e.Topic, topic)
		}
		var a, b any
		_ = e.Decode(&a, &b)
		e.Header("trace_id")
	})
}
