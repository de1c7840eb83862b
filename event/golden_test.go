package event

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
)

// golden is one captured event of testdata/golden.txt.
type golden struct {
	name string
	body []byte
}

func readGolden(tb testing.TB) []golden {
	tb.Helper()
	text, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var all []golden
	for line := range strings.Lines(string(text)) {
		name, digits, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || name == "#" {
			continue
		}
		body, err := hex.DecodeString(digits)
		if err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		all = append(all, golden{name, body})
	}
	if len(all) < 19 {
		tb.Fatalf("only %d golden events were read", len(all))
	}
	return all
}

// Our own bytes for an event that Python wrote must be Python's bytes.
func TestGoldenReencode(t *testing.T) {
	for _, g := range readGolden(t) {
		t.Run(g.name, func(t *testing.T) {
			var e Event
			if err := Parse(g.body, &e); err != nil {
				t.Fatal(err)
			}
			if e.Version != 3 {
				t.Errorf("both peers send v 3, got %d", e.Version)
			}
			id, ok := Text(e.ID)
			if !ok {
				t.Fatalf("message_id %x is no text", e.ID)
			}
			if wantKind := "bin"; strings.HasPrefix(g.name, "python") && Kind(e.ID) != wantKind {
				t.Errorf("python ids are bin, got %s", Kind(e.ID))
			}
			value, err := DecodeAny(e.Args)
			if err != nil {
				t.Fatalf("args: %v", err)
			}
			args, err := AppendValue(nil, value)
			if err != nil {
				t.Fatalf("args: %v", err)
			}
			// The inspect answer has map keys in Python's order of insertion; ours
			// are sorted, so there only the values can be equal.
			if g.name != "python-inspect" && !bytes.Equal(args, e.Args) {
				t.Errorf("args:\n got %x\nwant %x", args, e.Args)
			}
			if strings.HasPrefix(g.name, "node") {
				return // its header order and its str ids are its own
			}
			out := AppendHead(nil, &Head{ID: id, ResponseTo: e.ResponseTo, Name: string(e.Name)})
			out = append(out, e.Args...)
			if !bytes.Equal(out, g.body) {
				t.Errorf("event:\n got %x\nwant %x", out, g.body)
			}
		})
	}
}

// An event cut short anywhere is truncated: not malformed, and never accepted.
func TestGoldenTruncated(t *testing.T) {
	for _, g := range readGolden(t) {
		for n := range g.body {
			var e Event
			// A copy of exactly n bytes makes a read beyond them a fault.
			if err := Parse(bytes.Clone(g.body[:n]), &e); !errors.Is(err, ErrTruncated) {
				t.Fatalf("%s: the first %d of %d bytes: %v, want ErrTruncated", g.name, n, len(g.body), err)
			}
		}
	}
}

// Python ignores what follows the event; so the same event must come out.
func TestGoldenTrailingBytes(t *testing.T) {
	for _, g := range readGolden(t) {
		var alone, followed Event
		if err := Parse(g.body, &alone); err != nil {
			t.Fatal(err)
		}
		if err := Parse(append(bytes.Clone(g.body), g.body...), &followed); err != nil {
			t.Fatalf("%s: two events in one body: %v", g.name, err)
		}
		if !bytes.Equal(alone.Args, followed.Args) || !bytes.Equal(alone.Name, followed.Name) {
			t.Errorf("%s: the second event changed the first", g.name)
		}
	}
}

// Extra header pairs stand between v and response_to, as zerorpc's context
// middleware puts them.
func TestHeadExtra(t *testing.T) {
	var extra []byte
	extra = AppendString(extra, "trace_id")
	extra = AppendString(extra, "T1")
	got := AppendHead(nil, &Head{
		ID: []byte("m"), ResponseTo: AppendInt(nil, 7), Extra: extra, NExtra: 1, Name: "OK",
	})
	got = AppendNil(got)
	want := "\x93\x84\xaamessage_id\xc4\x01m\xa1v\x03\xa8trace_id\xa2T1\xabresponse_to\x07\xa2OK\xc0"
	if string(got) != want {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
	var e Event
	if err := Parse(got, &e); err != nil {
		t.Fatal(err)
	}
	if raw, ok := e.Lookup("trace_id"); !ok || string(raw) != "\xa2T1" {
		t.Errorf("Lookup(trace_id) = %q, %v", raw, ok)
	}
	if string(e.ResponseTo) != "\x07" {
		t.Errorf("an int id keeps its type, got %x", e.ResponseTo)
	}
}
