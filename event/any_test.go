package event

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"runtime"
	"testing"
	"time"
)

func TestDecodeAny(t *testing.T) {
	tests := []struct {
		why, in string
		want    any
	}{
		{"nil", "\xc0", nil},
		{"bool", "\xc3", true},
		{"ints are int64", "\x05", int64(5)},
		{"negative", "\xd0\x80", int64(-128)},
		{"beyond int64", "\xcf\x80\x00\x00\x00\x00\x00\x00\x00", uint64(1 << 63)},
		{"the end of int64", "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", int64(math.MaxInt64)},
		{"float32 widened", "\xca\x3f\xc0\x00\x00", 1.5},
		{"str", "\xa1a", "a"},
		{"a lone surrogate comes as it is", "\xa3\xed\xa0\x80", "\xed\xa0\x80"},
		{"bin", "\xc4\x01a", []byte("a")},
		{"empty bin is not nil", "\xc4\x00", []byte{}},
		{"array", "\x92\x01\x90", []any{int64(1), []any{}}},
		{"text keys", "\x81\xa1a\x81\xa1b\xc0", map[string]any{"a": map[string]any{"b": nil}}},
		{"no keys", "\x80", map[string]any{}},
		{"int keys", "\x81\x01\x02", map[any]any{int64(1): int64(2)}},
		{"mixed keys, the text first", "\x84\xa1a\x01\xc4\x01a\x02\xc3\x03\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\x04",
			map[any]any{"a": int64(1), BinKey("a"): int64(2), true: int64(3), 1.5: int64(4)}},
		{"a nil key", "\x81\xc0\x01", map[any]any{nil: int64(1)}},
		{"a time as key", "\x81\xd6\xff\x00\x00\x00\x07\x01", map[any]any{time.Unix(7, 0).UTC(): int64(1)}},
		{"the last of equal keys counts", "\x82\xa1a\x01\xa1a\x02", map[string]any{"a": int64(2)}},
		{"ext", "\xc7\x03\x05abc", Ext{5, []byte("abc")}},
		{"timestamp", "\xd6\xff\x00\x00\x00\x07", time.Unix(7, 0).UTC()},
		{"a timestamp with too many nanoseconds stays an ext", "\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff", Ext{-1, bytes.Repeat([]byte{255}, 8)}},
		{"a timestamp of an odd length stays an ext", "\xd4\xff\x00", Ext{-1, []byte{0}}},
	}
	for _, tc := range tests {
		got, err := DecodeAny([]byte(tc.in))
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
		} else if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %#v, want %#v", tc.why, got, tc.want)
		}
	}
}

// NaN is not equal to itself, so it has a test of its own.
func TestDecodeAnyNaN(t *testing.T) {
	got, err := DecodeAny(enc(t, math.NaN()))
	if f, ok := got.(float64); !ok || !math.IsNaN(f) || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// Lists and maps as keys would panic as Go map keys; exts would too, by their
// slice. Everything else that is broken is an error as well.
func TestDecodeAnyErrors(t *testing.T) {
	for in, want := range map[string]error{
		"\x81\x90\x01":                 ErrKey,
		"\x81\x80\x01":                 ErrKey,
		"\x81\xd4\x05x\x01":            ErrKey,
		"\x82\xa1a\x01\x91\x01\x02":    ErrKey,
		"\x81\xa1a\x81\x91\x90\x01":    ErrKey,
		"\x91\x81\x81\xa1a\x01\x02":    ErrKey,
		"":                             ErrTruncated,
		"\xc1":                         ErrFormat,
		"\x81\x01\xc1":                 ErrFormat,
		"\x81\xc1\x01":                 ErrFormat,
		"\x82\x01\x01\xc1\x01":         ErrFormat,
		"\x81\xa1a\xc1":                ErrFormat,
		"\x91\xc1":                     ErrFormat,
		"\xdf\xff\xff\xff\xff":         ErrTruncated,
		"\xdf\xff\xff\xff\xff\x01\x01": ErrTruncated,
	} {
		if v, err := DecodeAny([]byte(in)); !errors.Is(err, want) {
			t.Errorf("%x: %v, %v; want %v", in, v, err, want)
		}
	}
}

// A claim of many elements costs what its bytes cost: here 64 KiB of nested
// arrays that each claim all that is left.
func TestDecodeAnyBoundsAllocation(t *testing.T) {
	var in []byte
	for range MaxDepth {
		in = append(in, 0xdd, 0, 0, 0xf0, 0)
	}
	in = append(in, make([]byte, 0xf000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := DecodeAny(in)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Fatal("a truncated value was accepted")
	}
	// What is pre-sized for the claims, and what the elements present take while
	// their slice doubles.
	limit := uint64(MaxDepth*maxPresize*16 + 6*16*len(in))
	if got := after.TotalAlloc - before.TotalAlloc; got > limit {
		t.Errorf("%d bytes for %d bytes of input, limit %d", got, len(in), limit)
	}
}
