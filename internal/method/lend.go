package method

import (
	"context"
	"math"

	"github.com/zrpc-go/zrpc/event"
)

// Owner is what the context of a call may be, to save copies of large arguments
// and results.
type Owner interface {
	// TakeArgs reports whether the args of the call lie in memory that from now
	// on belongs to whoever asked, for as long as they like.
	TakeArgs() bool
	// LendArgs returns the args of the call if they lie in memory of their own that
	// is given back for other calls when this one is over and all Parts made of it
	// are released; else nil. It is the call's: whoever asked must not release it.
	LendArgs() *event.Bytes
	// GiveResult has the content of b follow the encoded result, which then ends
	// with the head of a bin, and releases b when it was sent. False: the result
	// must be whole, and b is still the caller's.
	GiveResult(b *event.Bytes) bool
	// LendResult is GiveResult for content that is read until the call is answered.
	LendResult(content []byte) bool
}

// lendMin is the size of args or of a result, in bytes, from which asking is worth
// while.
const lendMin = 16 << 10

func owner(ctx context.Context, n int) Owner {
	if n < lendMin {
		return nil
	}
	o, _ := ctx.(Owner)
	return o
}

// lender returns what decodes an A that may lie in the args of a call that o owns.
type lender[A any] func(o Owner, copied decoder[A]) decoder[A]

// lenderFor returns the lender for A, nil if an A is always a copy.
func lenderFor[A any]() lender[A] {
	var l any
	switch any((*A)(nil)).(type) {
	case *[]byte:
		l = lender[[]byte](func(o Owner, copied decoder[[]byte]) decoder[[]byte] {
			if o.TakeArgs() {
				return aliasBytes
			}
			return copied
		})
	case *event.Raw:
		l = lender[event.Raw](func(o Owner, copied decoder[event.Raw]) decoder[event.Raw] {
			if o.TakeArgs() {
				return func(raw []byte) (event.Raw, error) { return raw, nil }
			}
			return copied
		})
	case **event.Bytes:
		l = lender[*event.Bytes](func(o Owner, copied decoder[*event.Bytes]) decoder[*event.Bytes] {
			if args := o.LendArgs(); args != nil {
				return func(raw []byte) (*event.Bytes, error) { return partOf(args, raw) }
			}
			return copied
		})
	default:
		return nil
	}
	return l.(lender[A])
}

func aliasBytes(raw []byte) ([]byte, error) {
	if text, ok := event.Text(raw); ok {
		return text, nil
	}
	return decodeBytes(raw)
}

// partOf is the argument raw, which lies in args.
func partOf(args *event.Bytes, raw []byte) (b *event.Bytes, err error) {
	if text, ok := event.Text(raw); ok {
		return args.Part(text), nil
	}
	err = event.Decode(raw, &b) // nil, or an error
	return b, err
}

// giveBytes appends a result that is handed over: only its head, if the call can
// send the content from where it is.
func giveBytes(ctx context.Context, out []byte, v *event.Bytes) ([]byte, error) {
	v, err := v.Hand()
	if err != nil {
		return out, err
	}
	n := len(v.Bytes())
	if o := owner(ctx, n); o != nil && n <= math.MaxInt32 && o.GiveResult(v) {
		return event.AppendBinHeader(out, n), nil
	}
	defer v.Release()
	return event.AppendValue(out, v)
}

// lendBytes is giveBytes for a result that is copied where it cannot be sent at once.
func lendBytes(ctx context.Context, out, v []byte) ([]byte, error) {
	if o := owner(ctx, len(v)); o != nil && len(v) <= math.MaxInt32 && o.LendResult(v) {
		return event.AppendBinHeader(out, len(v)), nil
	}
	return appendBytes(out, v)
}

// giver appends a result whose type knows more than an encoder can do.
type giver[R any] func(ctx context.Context, out []byte, r R) ([]byte, error)

// giverFor returns what hands results of type R over, nil if they are encoded.
func giverFor[R any]() giver[R] {
	for _, g := range []any{giver[*event.Bytes](giveBytes), giver[[]byte](lendBytes)} {
		if g, ok := g.(giver[R]); ok {
			return g
		}
	}
	return nil
}
