package event

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// event3 builds [header, name, args] from encoded parts.
func event3(header, name, args string) []byte { return []byte("\x93" + header + name + args) }

func TestParseAccepts(t *testing.T) {
	const hello, args = "\xa5hello", "\x91\xa1x"
	tests := []struct {
		why  string
		in   []byte
		want Event
	}{
		{"an empty header means version 1 and no channel", event3("\x80", hello, args),
			Event{Version: 1, Name: []byte("hello"), Args: []byte(args)}},
		{"v 2 of old peers", event3("\x81\xa1v\x02", hello, args),
			Event{Version: 2, Name: []byte("hello"), Args: []byte(args)}},
		{"v beyond a byte is clamped, not refused", event3("\x81\xa1v\xcf\xff\xff\xff\xff\xff\xff\xff\xff", hello, args),
			Event{Version: 1<<31 - 1, Name: []byte("hello"), Args: []byte(args)}},
		{"a negative v is an int too", event3("\x81\xa1v\xff", hello, args),
			Event{Version: -1, Name: []byte("hello"), Args: []byte(args)}},
		{"nil ids are as absent", event3("\x82\xaamessage_id\xc0\xabresponse_to\xc0", hello, args),
			Event{Version: 1, Name: []byte("hello"), Args: []byte(args)}},
		{"a str id keeps its type", event3("\x81\xaamessage_id\xa2id", hello, args),
			Event{Version: 1, ID: []byte("\xa2id"), Name: []byte("hello"), Args: []byte(args)}},
		{"an empty str is an id", event3("\x81\xaamessage_id\xa0", hello, args),
			Event{Version: 1, ID: []byte("\xa0"), Name: []byte("hello"), Args: []byte(args)}},
		{"an int id", event3("\x81\xaamessage_id\xcd\x01\x00", hello, args),
			Event{Version: 1, ID: []byte("\xcd\x01\x00"), Name: []byte("hello"), Args: []byte(args)}},
		{"a float id", event3("\x81\xaamessage_id\xca\x3f\x80\x00\x00", hello, args),
			Event{Version: 1, ID: []byte("\xca\x3f\x80\x00\x00"), Name: []byte("hello"), Args: []byte(args)}},
		{"an ext id", event3("\x81\xaamessage_id\xd4\x05x", hello, args),
			Event{Version: 1, ID: []byte("\xd4\x05x"), Name: []byte("hello"), Args: []byte(args)}},
		{"bin header keys", event3("\x83\xc4\x0amessage_id\xa1a\xc4\x0bresponse_to\xa1b\xc4\x01v\x03", hello, args),
			Event{Version: 3, ID: []byte("\xa1a"), ResponseTo: []byte("\xa1b"), Name: []byte("hello"), Args: []byte(args)}},
		{"of a repeated key the last value counts", event3("\x82\xaamessage_id\xa1a\xaamessage_id\xa1b", hello, args),
			Event{Version: 1, ID: []byte("\xa1b"), Name: []byte("hello"), Args: []byte(args)}},
		{"int and list header keys are passed over", event3("\x83\x05\xa1x\x91\x01\xc0\xa1v\x03", hello, args),
			Event{Version: 3, Name: []byte("hello"), Args: []byte(args)}},
		{"keys that resemble ours", event3("\x83\xaamessage_iD\x01\xaaresponse_x\x01\xa1w\x01", hello, args),
			Event{Version: 1, Name: []byte("hello"), Args: []byte(args)}},
		{"nested values of unknown keys", event3("\x81\xa1k\x92\x81\x01\x02\x90", hello, args),
			Event{Version: 1, Name: []byte("hello"), Args: []byte(args)}},
		{"args may be any value", event3("\x80", hello, "\x81\x01\xc4\x01\xff"),
			Event{Version: 1, Name: []byte("hello"), Args: []byte("\x81\x01\xc4\x01\xff")}},
		{"invalid UTF-8 in args is for the reader of the args", event3("\x80", hello, "\xa2\xed\xa0"),
			Event{Version: 1, Name: []byte("hello"), Args: []byte("\xa2\xed\xa0")}},
		{"an empty name", event3("\x80", "\xa0", "\xc0"),
			Event{Version: 1, Name: []byte{}, Args: []byte("\xc0")}},
		{"a name with a long head", event3("\x80", "\xda\x00\x02hi", "\xc0"),
			Event{Version: 1, Name: []byte("hi"), Args: []byte("\xc0")}},
		{"array and map of 16 and 32 bits", []byte("\xdc\x00\x03\xde\x00\x01\xa1v\x03\xa1n\xdd\x00\x00\x00\x00"),
			Event{Version: 3, Name: []byte("n"), Args: []byte("\xdd\x00\x00\x00\x00")}},
	}
	for _, tc := range tests {
		var got Event
		if err := Parse(tc.in, &got); err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		if got.Version != tc.want.Version || !bytes.Equal(got.ID, tc.want.ID) || (got.ID == nil) != (tc.want.ID == nil) ||
			!bytes.Equal(got.ResponseTo, tc.want.ResponseTo) || !bytes.Equal(got.Name, tc.want.Name) ||
			!bytes.Equal(got.Args, tc.want.Args) {
			t.Errorf("%s:\n got %+v\nwant %+v", tc.why, got, tc.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const rest = "\xa1n\xc0"
	deep := strings.Repeat("\x91", 100_000) + "\xc0"
	tests := []struct {
		why  string
		in   []byte
		want error
	}{
		{"nothing", nil, ErrTruncated},
		{"a byte that msgpack never uses", []byte("\xc1"), ErrFormat},
		{"a scalar", []byte("\x05"), ErrFormat},
		{"two elements", []byte("\x92\x80\xa1n"), ErrFormat},
		{"four elements", []byte("\x94\x80\xa1n\xc0\xc0"), ErrFormat},
		{"an array that claims 4 billion", []byte("\xdd\xff\xff\xff\xff\x80"), ErrTruncated},
		{"a header that is a list", []byte("\x93\x90" + rest), ErrFormat},
		{"a header that is nil", []byte("\x93\xc0" + rest), ErrFormat},
		{"a header that claims 4 billion pairs", []byte("\x93\xdf\xff\xff\xff\xff" + rest), ErrTruncated},
		{"c1 as a header key", []byte("\x93\x81\xc1\x01" + rest), ErrFormat},
		{"c1 as a header value", []byte("\x93\x81\xa1k\xc1" + rest), ErrFormat},
		{"c1 as an id", []byte("\x93\x81\xaamessage_id\xc1" + rest), ErrFormat},
		{"v as text", []byte("\x93\x81\xa1v\xa13" + rest), ErrFormat},
		{"v nil", []byte("\x93\x81\xa1v\xc0" + rest), ErrFormat},
		{"v c1", []byte("\x93\x81\xa1v\xc1" + rest), ErrFormat},
		{"v bool", []byte("\x93\x81\xa1v\xc3" + rest), ErrFormat},
		{"an id that is a list deafens Python", []byte("\x93\x81\xaamessage_id\x90" + rest), ErrID},
		{"a response_to that is a map", []byte("\x93\x81\xabresponse_to\x80" + rest), ErrID},
		{"the same under a bin key", []byte("\x93\x81\xc4\x0bresponse_to\x90" + rest), ErrID},
		{"a long id", event3("\x81\xaamessage_id\xda\x01\x00"+strings.Repeat("x", 256), "\xa1n", "\xc0"), ErrID},
		{"a name that is a list", []byte("\x93\x80\x91\x01\xc0"), ErrName},
		{"a name that is a map", []byte("\x93\x80\x80\xc0"), ErrName},
		{"a name of c1", []byte("\x93\x80\xc1\xc0"), ErrFormat},
		{"a name that is a broken list", []byte("\x93\x80\x92\x01\xc1"), ErrFormat},
		{"a long name", event3("\x80", "\xda\x04\x01"+strings.Repeat("n", MaxNameLen+1), "\xc0"), ErrName},
		{"args that claim 4 billion elements", []byte("\x93\x80\xa1n\xdd\xff\xff\xff\xff"), ErrTruncated},
		{"args that claim 4 billion bytes", []byte("\x93\x80\xa1n\xc6\xff\xff\xff\xff"), ErrTruncated},
		{"args 100,000 levels deep", []byte("\x93\x80\xa1n" + deep), ErrTooDeep},
		{"a header value 100,000 levels deep", []byte("\x93\x81\xa1k" + deep + rest), ErrTooDeep},
		{"a header key 100,000 levels deep", []byte("\x93\x81" + deep + "\xc0" + rest), ErrTooDeep},
		{"a header of 2 MiB", event3("\x81\xa1k\xc6\x00\x20\x00\x00"+strings.Repeat("x", 2<<20), "\xa1n", "\xc0"), ErrFormat},
	}
	for _, tc := range tests {
		var e Event
		if err := Parse(tc.in, &e); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.why, err, tc.want)
		}
	}
}

// A Python server answers an event whose name is a list, so all that an answer
// needs must be there.
func TestParseNameErrorKeepsTheEvent(t *testing.T) {
	for in, want := range map[string]string{
		"\x91\x01": "unhashable type: 'list'",
		"\x80":     "unhashable type: 'dict'",
	} {
		var e Event
		err := Parse(event3("\x82\xaamessage_id\xa1m\xa1v\x03", in, "\x91\x07"), &e)
		var ne *NameError
		if !errors.As(err, &ne) || ne.Error() != want {
			t.Errorf("name %x: %v, want %s", in, err, want)
		}
		if string(e.ID) != "\xa1m" || string(e.Args) != "\x91\x07" {
			t.Errorf("name %x: the event was not completed: %+v", in, e)
		}
	}
}

// What a Python server shows of names that are no text, from its NameError.
func TestParseNameText(t *testing.T) {
	tests := []struct{ encoded, want string }{
		{"\xc4\x05hello", "b'hello'"},
		{"\xc4\x04\x00'\\\xff", `b"\x00'\\\xff"`},
		{"\xc4\x02'\"", `b'\'"'`},
		{"\xc4\x03\t\n\r", `b'\t\n\r'`},
		{"\x05", "5"},
		{"\xff", "-1"},
		{"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"},
		{"\xc0", "None"},
		{"\xc3", "True"},
		{"\xc2", "False"},
		{"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", "1.5"},
		{"\xcb\x40\x59\x00\x00\x00\x00\x00\x00", "100.0"},
		{"\xcb\x00\x00\x00\x00\x00\x00\x00\x00", "0.0"},
		{"\xcb\x43\x41\xc3\x79\x37\xe0\x80\x00", "1e+16"},
		{"\xcb\x3e\xe4\xf8\xb5\x88\xe3\x68\xf1", "1e-05"},
		{"\xca\x7f\xc0\x00\x00", "nan"},
		{"\xca\x7f\x80\x00\x00", "inf"},
		{"\xca\xff\x80\x00\x00", "-inf"},
		{"\xd4\x05x", "ExtType(code=5, data=b'x')"},
		{"\xd6\xff\x00\x00\x00\x07", "Timestamp(seconds=7, nanoseconds=0)"},
	}
	for _, tc := range tests {
		var e Event
		if err := Parse(event3("\x80", tc.encoded, "\xc0"), &e); err != nil {
			t.Errorf("%x: %v", tc.encoded, err)
		} else if string(e.Name) != tc.want {
			t.Errorf("%x is %q, want %q", tc.encoded, e.Name, tc.want)
		}
	}
}

func TestLookup(t *testing.T) {
	var e Event
	in := event3("\x86\x05\x06\xa1a\x01\xc4\x01b\x02\xa1a\x03\x90\x07\xa1v\x03", "\xa1n", "\xc0")
	if err := Parse(in, &e); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a": "\x03", "b": "\x02", "v": "\x03", "": "", "c": ""} {
		raw, ok := e.Lookup(key)
		if string(raw) != want || ok != (want != "") {
			t.Errorf("Lookup(%q) = %x, %v", key, raw, ok)
		}
	}
	// An Event that nobody parsed, or parsed badly, has no keys.
	for _, header := range []string{"", "\x90", "\x81", "\x81\xa1", "\x81\xc1\xc0", "\x81\xa1a"} {
		if _, ok := (&Event{Header: []byte(header)}).Lookup("a"); ok {
			t.Errorf("Lookup in %x found a key", header)
		}
	}
}

func TestSkipLimits(t *testing.T) {
	nested := func(n int) []byte { return append(bytes.Repeat([]byte{0x91}, n), 0xc0) }
	for n, want := range map[int]error{MaxDepth: nil, MaxDepth + 1: ErrTooDeep} {
		if _, err := Skip(nested(n), 0); !errors.Is(err, want) {
			t.Errorf("%d levels: %v, want %v", n, err, want)
		}
	}
	flat := func(n int) []byte {
		return append(AppendArrayHeader(nil, n), make([]byte, n)...)
	}
	for n, want := range map[int]error{MaxNodes: nil, MaxNodes + 1: ErrTooManyNodes} {
		if _, err := Skip(flat(n), 0); !errors.Is(err, want) {
			t.Errorf("%d elements: %v, want %v", n, err, want)
		}
	}
	if _, err := Skip([]byte{1}, 7); !errors.Is(err, ErrTruncated) {
		t.Errorf("an offset beyond the bytes: %v", err)
	}
	if _, err := Skip([]byte{1}, -1); !errors.Is(err, ErrTruncated) {
		t.Errorf("a negative offset: %v", err)
	}
}

// One value of every form, and every prefix of it.
func TestSkipForms(t *testing.T) {
	for _, digits := range []string{
		"00", "7f", "e0", "ff", "c0", "c2", "c3", "a0", "a3616263", "bf" + strings.Repeat("61", 31),
		"c400", "c4020102", "c5000101", "c60000000101", "c7000a", "c7020a0102", "c800010a01", "c9000000010a01",
		"ca00000000", "cb0000000000000000", "cc00", "cd0000", "ce00000000", "cf0000000000000000",
		"d000", "d10000", "d200000000", "d30000000000000000",
		"d40a01", "d50a0102", "d60a01020304", "d70a0102030405060708", "d80a" + strings.Repeat("01", 16),
		"d90161", "da000161", "db0000000161", "90", "9101", "92a161c0", "dc000101", "dd0000000101",
		"80", "810102", "de00010102", "df000000010102", "9292c0910181a1619290c3", "91d90161", "92d90161c0",
	} {
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		if next, err := Skip(append(bytes.Clone(b), 0xc1), 0); err != nil || next != len(b) {
			t.Errorf("%s: next %d, %v; want %d", digits, next, err, len(b))
		}
		for n := range b {
			if next, err := Skip(bytes.Clone(b[:n]), 0); !errors.Is(err, ErrTruncated) || next != 0 {
				t.Errorf("%s cut to %d: next %d, %v", digits, n, next, err)
			}
		}
	}
}

func TestKind(t *testing.T) {
	for in, want := range map[string]string{
		"": "invalid", "\xc1": "invalid", "\xc0": "nil", "\xc3": "bool", "\x05": "int", "\xe0": "int", "\xcf": "int",
		"\xca": "float", "\xa0": "str", "\xdb": "str", "\xc4": "bin", "\x90": "array", "\xdd": "array",
		"\x80": "map", "\xdf": "map", "\xc7": "ext", "\xd4": "ext",
	} {
		if got := Kind([]byte(in)); got != want {
			t.Errorf("Kind(%x) = %s, want %s", in, got, want)
		}
	}
}
