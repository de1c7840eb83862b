package event

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// TestBytesRelease: the memory is given back once, when the last of those that
// share it is released, however often and in whatever order each is.
func TestBytesRelease(t *testing.T) {
	given := 0
	b := NewBytes([]byte("content"), func() { given++ })
	s := b.Share()
	p := s.Part(s.Bytes()[:3])
	b.Release()
	b.Release() // must not stand for s
	if b.Bytes() != nil || b.Share() != nil || b.Part(nil) != nil {
		t.Error("a released Bytes is not empty")
	}
	s.Release()
	if given != 0 || string(p.Bytes()) != "con" {
		t.Errorf("given back %d times, while a part reads %q", given, p.Bytes())
	}
	p.Release()
	p.Release()
	if given != 1 {
		t.Errorf("given back %d times", given)
	}
	NewBytes([]byte("x"), nil).Release() // nobody is told
	var none *Bytes
	none.Release()
	if none.Bytes() != nil || none.Share() != nil {
		t.Error("no Bytes at all is not empty")
	}
}

// TestBytesHand: what was handed over cannot be given back by who had it before.
func TestBytesHand(t *testing.T) {
	given := 0
	b := NewBytes([]byte("x"), func() { given++ })
	h, err := b.Hand()
	if err != nil || string(h.Bytes()) != "x" || b.Bytes() != nil {
		t.Fatalf("%v, %q, and %q is left", err, h.Bytes(), b.Bytes())
	}
	b.Release()
	if given != 0 {
		t.Error("the one who handed it over gave it back")
	}
	if _, err := b.Hand(); !errors.Is(err, ErrReleased) {
		t.Errorf("handed over twice: %v", err)
	}
	h.Release()
	if given != 1 {
		t.Errorf("given back %d times", given)
	}
	if h, err := (*Bytes)(nil).Hand(); h != nil || err != nil {
		t.Errorf("none handed over: %v, %v", h, err)
	}
}

// TestBytesConcurrently has many goroutines share and release, each other's too:
// nobody who got a Bytes may find its memory given back.
func TestBytesConcurrently(t *testing.T) {
	var back atomic.Int32
	for range 200 {
		var freed atomic.Bool
		b := NewBytes([]byte{1}, func() {
			if freed.Swap(true) {
				t.Error("given back twice")
			}
			back.Add(1)
		})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if s := b.Share(); s != nil {
					if freed.Load() || s.Bytes() == nil {
						t.Error("given back under a Bytes in use")
					}
					b.Release()
					if freed.Load() {
						t.Error("given back by another's Release")
					}
					s.Release()
				}
			})
		}
		wg.Wait()
		b.Release()
	}
	if n := back.Load(); n != 200 {
		t.Errorf("%d of 200 given back", n)
	}
}

// TestBytesAsValue: on the wire it is a bin wherever it stands, and comes back.
func TestBytesAsValue(t *testing.T) {
	type file struct {
		Name string
		Data *Bytes
	}
	content := []byte{0, 1, 0xff}
	for _, tc := range []struct{ v, same any }{
		{NewBytes(content, nil), content},
		{NewBytes(nil, nil), []byte{}},
		{(*Bytes)(nil), nil},
		{[]*Bytes{NewBytes(content, nil), nil}, []any{content, nil}},
		{map[string]any{"a": NewBytes(content, nil)}, map[string]any{"a": content}},
		{file{"x", NewBytes(content, nil)}, map[string]any{"Name": "x", "Data": content}},
	} {
		got, want := enc(t, tc.v), enc(t, tc.same)
		if _, isStruct := tc.v.(file); !isStruct && !bytes.Equal(got, want) {
			t.Errorf("%T is %x, want %x", tc.v, got, want)
		}
	}
	var f file
	raw := enc(t, file{"x", NewBytes(content, nil)})
	if err := Decode(raw, &f); err != nil || !bytes.Equal(f.Data.Bytes(), content) {
		t.Errorf("in a struct: %v, %v", f.Data.Bytes(), err)
	}
	clear(raw)
	if !bytes.Equal(f.Data.Bytes(), content) {
		t.Error("a decoded Bytes lies in what it was decoded from")
	}
	var b *Bytes
	for _, raw := range [][]byte{enc(t, content), enc(t, string(content))} {
		if err := Decode(raw, &b); err != nil || !bytes.Equal(b.Bytes(), content) {
			t.Errorf("%x: %x, %v", raw, b.Bytes(), err)
		}
	}
	if err := Decode(enc(t, nil), &b); err != nil || b != nil {
		t.Errorf("nil: %v, %v", b, err)
	}
	var typeErr *TypeError
	if err := Decode(enc(t, 1), &b); !errors.As(err, &typeErr) {
		t.Errorf("an int: %v", err)
	}
}

// TestBytesReleasedAsValue: what was given back may be another's by now, so it is an
// error and not sent.
func TestBytesReleasedAsValue(t *testing.T) {
	b := NewBytes([]byte("x"), nil)
	b.Release()
	for _, v := range []any{b, []any{b}, struct{ B *Bytes }{b}} {
		if _, err := AppendValue(nil, v); !errors.Is(err, ErrReleased) {
			t.Errorf("%T: %v, want ErrReleased", v, err)
		}
	}
}
