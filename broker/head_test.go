package broker

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// golden are events as real peers write them, in hex.
var golden = []string{
	// Python: hello("RPC"); STREAM_DONE; a heartbeat.
	"9382aa6d6573736167655f6964c4203031323334353637383961626364656630313233343536373839616263646566a17603a568656c6c6f91a3525043",
	"9383aa6d6573736167655f6964c4203031323334353637383961626364656630313233343536373839616263646566a17603ab726573706f6e73655f746fc4203031323334353637383961626364656630313233343536373839616263646566ab53545245414d5f444f4e45c0",
	"9383aa6d6573736167655f6964c4203031323334353637383961626364656630313233343536373839616263646566a17603ab726573706f6e73655f746fc4203031323334353637383961626364656630313233343536373839616263646566a75f7a70635f68629100",
	// Node: the other order, an id of 36 characters as str.
	"9382a17603aa6d6573736167655f6964d92461646536306232382d363562622d343831612d383566302d303030303030303030303030a568656c6c6f91a3525043",
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// agree checks that scan reads what event.Parse reads.
func agree(t *testing.T, b []byte) {
	t.Helper()
	var e event.Event
	var h head
	parsed, scanned := event.Parse(b, &e), h.scan(b)
	if parsed != nil {
		return // scan looks less far
	}
	if scanned != nil {
		t.Fatalf("%x: scan says %v, Parse nothing", b, scanned)
	}
	if !bytes.Equal(h.id.of(b), e.ID) || !bytes.Equal(h.response.of(b), e.ResponseTo) {
		t.Fatalf("%x: ids %x %x, want %x %x", b, h.id.of(b), h.response.of(b), e.ID, e.ResponseTo)
	}
	if !bytes.HasPrefix(b[h.args:], e.Args) || h.text != nil && !bytes.Equal(h.text, e.Name) {
		t.Fatalf("%x: name %q args %x, want %q %x", b, h.text, b[h.args:], e.Name, e.Args)
	}
	// An edit leaves all else as it was.
	if h.id.none() {
		return
	}
	with := event.AppendString(nil, "another id")
	out := append(h.appendEdited(nil, b, edit{h.name, event.AppendString(nil, "renamed")}, edit{h.id, with}), b[h.args:]...)
	var e2 event.Event
	if err := event.Parse(out, &e2); err != nil {
		t.Fatalf("%x: after an edit: %v", b, err)
	}
	if !bytes.Equal(e2.ID, with) || string(e2.Name) != "renamed" || !bytes.Equal(e2.Args, e.Args) || !bytes.Equal(e2.ResponseTo, e.ResponseTo) || e2.Version != e.Version {
		t.Fatalf("%x: after an edit %+v", b, e2)
	}
}

func TestScan(t *testing.T) {
	for _, s := range golden {
		b := unhex(t, s)
		agree(t, b)
		for i := range b { // every prefix
			var h head
			if err := h.scan(b[:i]); err == nil && i <= h.args {
				t.Errorf("the first %d bytes of %s pass", i, s)
			}
		}
	}
	for why, v := range map[string]any{
		"header keys that are no text": []any{map[any]any{1: 2, "message_id": 5}, "m", nil},
		"an id that is nil":            []any{map[string]any{"message_id": nil}, "m", nil},
		"a negative version":           []any{map[string]any{"v": -5, "message_id": 1.5}, "m", nil},
		"more pairs than a fixmap has": []any{many(20), "m", nil},
		"a name of bytes":              []any{map[string]any{"message_id": "x"}, []byte("m"), nil},
		"a long name":                  []any{map[string]any{"message_id": "x"}, strings.Repeat("m", 300), nil},
		"a long id":                    []any{map[string]any{"message_id": strings.Repeat("x", 200)}, "m", nil},
	} {
		b, err := event.AppendValue(nil, v)
		if err != nil {
			t.Fatal(why, err)
		}
		agree(t, b)
		for i := range b {
			new(head).scan(b[:i]) // must not panic
		}
	}
	for why, b := range map[string][]byte{
		"nothing":                        {},
		"an array of two":                {0x92, 0x80, 0xa1, 'm'},
		"a header that is no map":        {0x93, 0x90, 0xa1, 'm', 0xc0},
		"a map that lies about its size": {0x93, 0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 'm', 0xc0},
		"a list as id":                   append([]byte("\x93\x81"+wireID+"\x90"), 0xa1, 'm', 0xc0),
		"an id that is too long":         append(append([]byte("\x93\x81"+wireID), event.AppendString(nil, strings.Repeat("x", 300))...), 0xa1, 'm', 0xc0),
		"a version that is no int":       append([]byte("\x93\x81"+wireVersion+"\xa1x"), 0xa1, 'm', 0xc0),
	} {
		if err := new(head).scan(b); err == nil {
			t.Errorf("%s passes", why)
		}
	}
}

func many(n int) map[string]any {
	m := map[string]any{"message_id": "x", "deadline": 5, "service": "s", "idem": "k"}
	for i := range n {
		m[strings.Repeat("k", i+1)] = i
	}
	return m
}

func FuzzScan(f *testing.F) {
	for _, s := range golden {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { agree(t, b) })
}

func TestHistogram(t *testing.T) {
	for d := time.Duration(0); d < 3*time.Minute; d = d*5/4 + time.Microsecond {
		i := bucketOf(d)
		if i < len(histogram{})-1 && d >= bound(i) {
			t.Errorf("%v is in the bucket that ends at %v", d, bound(i))
		}
		if i > 0 && i < len(histogram{})-1 && d < bound(i-1) {
			t.Errorf("%v is in the bucket that begins at %v", d, bound(i-1))
		}
	}
	var x, none histogram
	if q := quantile(&x, &none, 0.5); q != 0 {
		t.Errorf("the median of nothing is %v", q)
	}
	for ms := range 100 {
		x[bucketOf(time.Duration(ms+1)*time.Millisecond)]++
	}
	for _, c := range []struct{ q, want float64 }{{0.5, 50}, {0.99, 99}, {0, 1}, {1, 100}} {
		got := quantile(&x, &none, c.q).Seconds() * 1000
		if got < c.want || got > c.want*1.3 {
			t.Errorf("quantile %v of 1 to 100 ms is %v ms", c.q, got)
		}
	}
}
