package zrpc

import "github.com/zrpc-go/zrpc/event"

// Bytes is a byte string that is handed over where a []byte is copied. A handler
// may take and return *Bytes, a client may pass one and ask for one as its result:
//
//	b, err := zrpc.Call[*zrpc.Bytes](ctx, client, "read", name)
//	if err != nil {
//		return err
//	}
//	defer b.Release()
//	_, err = file.Write(b.Bytes())
//
// What is received belongs to whoever received it. An argument that is passed to a
// call stays the caller's; a result that a handler returns is handed to the call,
// which releases it when it was sent. A handler that keeps what it returns shares it:
//
//	return b.Share()
//
// It pays from some 16 KiB on; what is smaller is copied, which costs less. So is a
// Bytes that is sent as another argument than the last, inside another value, as an
// item of a stream or through interceptors; an item stays its sender's.
type Bytes = event.Bytes

// NewBytes is [event.NewBytes], for content that is to be sent without a copy.
func NewBytes(content []byte, release func()) *Bytes { return event.NewBytes(content, release) }
