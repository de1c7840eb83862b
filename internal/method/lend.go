package method

import (
	"context"

	"github.com/zrpc-go/zrpc/event"
)

// Owner is what the context of a call may be, to save a copy of large arguments.
type Owner interface {
	// TakeArgs reports whether the args of the call lie in memory that from now
	// on belongs to whoever asked, for as long as they like.
	TakeArgs() bool
}

// lendMin is the size of args, in bytes, from which asking is worth while.
const lendMin = 16 << 10

func takeArgs(ctx context.Context) bool {
	o, ok := ctx.(Owner)
	return ok && o.TakeArgs()
}

// aliasFor returns a decoder of A whose result lies in raw, nil if A has none.
func aliasFor[A any]() decoder[A] {
	var d any
	switch any((*A)(nil)).(type) {
	case *[]byte:
		d = decoder[[]byte](aliasBytes)
	case *event.Raw:
		d = decoder[event.Raw](func(raw []byte) (event.Raw, error) { return raw, nil })
	default:
		return nil
	}
	return d.(decoder[A])
}

func aliasBytes(raw []byte) ([]byte, error) {
	if text, ok := event.Text(raw); ok {
		return text, nil
	}
	return decodeBytes(raw)
}
