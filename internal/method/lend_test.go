package method

import (
	"bytes"
	"context"
	"testing"

	"github.com/zrpc-go/zrpc/event"
)

// owning is the context of a call that owns its args.
type owning struct {
	context.Context
	args     *event.Bytes // nil once taken
	whole    bool         // results must be whole
	given    *event.Bytes
	lent     []byte
	released int
}

func newOwning(t *testing.T, args []byte) *owning {
	o := &owning{Context: t.Context()}
	o.args = event.NewBytes(args, func() { o.released++ })
	return o
}

func (o *owning) TakeArgs() bool {
	owned := o.args != nil
	o.args = nil
	return owned
}

func (o *owning) LendArgs() *event.Bytes { return o.args }

func (o *owning) GiveResult(b *event.Bytes) bool {
	if o.whole {
		return false
	}
	o.given = b
	return true
}

func (o *owning) LendResult(p []byte) bool {
	if o.whole {
		return false
	}
	o.lent = p
	return true
}

// TestLend: large bytes lie in the args and go out from where they are, by every route
// that a function may take; what must be whole, or is small, is copied.
func TestLend(t *testing.T) {
	type named func(b *event.Bytes) *event.Bytes // by the same route as its type
	same := func(b *event.Bytes) *event.Bytes { return b }
	plain := func(b []byte) []byte { return b }
	for _, tc := range []struct {
		name  string
		fn    any
		extra []any // arguments before the bytes
		give  bool  // the result is handed over, not lent
	}{
		{"typed", same, nil, true},
		{"named type", named(same), nil, true},
		{"with an error", func(b *event.Bytes) (*event.Bytes, error) { return b, nil }, nil, true},
		{"two", func(_ string, b *event.Bytes) *event.Bytes { return b }, []any{"x"}, true},
		{"reflection", func(_, _ int, b *event.Bytes) *event.Bytes { return b }, []any{1, 2}, true},
		{"variadic", func(b ...*event.Bytes) *event.Bytes { return b[0] }, nil, true},
		{"[]byte", plain, nil, false},
		{"two, []byte", func(_ string, b []byte) []byte { return b }, []any{"x"}, false},
		{"reflection, []byte", func(_, _ int, b []byte) []byte { return b }, []any{1, 2}, false},
	} {
		for _, size := range []int{100, lendMin} {
			for _, whole := range []bool{false, true} {
				content := bytes.Repeat([]byte{1, 2, 3}, size)
				args := list(t, append(tc.extra, content)...)
				o := newOwning(t, args)
				o.whole = whole
				out, err := mustNew(t, "f", tc.fn).Call(o, args, nil, nil)
				if err != nil {
					t.Fatalf("%s: %v", tc.name, err)
				}
				apart := size >= lendMin && !whole
				if (o.given != nil) != (apart && tc.give) || (o.lent != nil) != (apart && !tc.give) {
					t.Errorf("%s, %d bytes, whole %v: given %v, lent %v", tc.name, size, whole, o.given != nil, o.lent != nil)
				}
				out = append(append(out, o.given.Bytes()...), o.lent...)
				if !bytes.Equal(out, enc(t, content)) {
					t.Errorf("%s, %d bytes, whole %v: another result", tc.name, size, whole)
				}
				o.given.Release()
				o.args.Release()
				if want := o.args != nil; (o.released == 1) != want {
					t.Errorf("%s, %d bytes, whole %v: the args were given back %d times", tc.name, size, whole, o.released)
				}
			}
		}
	}
}

// TestLendTwice: of two parameters that would own the args, one gets a copy.
func TestLendTwice(t *testing.T) {
	content := bytes.Repeat([]byte{1}, lendMin)
	for _, fn := range []any{
		Func2(func(_ context.Context, a []byte, b *event.Bytes) (bool, error) { return bytes.Equal(a, b.Bytes()), nil }),
		Func2(func(_ context.Context, a *event.Bytes, b []byte) (bool, error) {
			defer a.Release()
			return bytes.Equal(a.Bytes(), b), nil
		}),
		Func2(func(_ context.Context, a, b *event.Bytes) (bool, error) {
			a.Release() // must not take b's memory away
			return bytes.Equal(content, b.Bytes()), nil
		}),
	} {
		args := list(t, content, content)
		o := newOwning(t, args)
		out, err := mustNew(t, "f", fn).Call(o, args, nil, nil)
		if err != nil || !bytes.Equal(out, enc(t, true)) {
			t.Errorf("%x, %v", out, err)
		}
		if o.released != 0 {
			t.Error("the args were given back while the call lasts")
		}
	}
}
