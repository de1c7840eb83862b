package zrpc

import (
	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// resultBuffer is the result of a unary call, encoded, and the memory that it lies in.
type resultBuffer struct {
	raw   []byte
	reply stream.Reply // zero where an interceptor made the result
}

// free gives the memory back.
func (a *resultBuffer) free() { a.reply.Release() }

// usual decodes the result into a target that needs no reflection, and whose memory is
// its caller's; false if ptr is none, or large bytes are to be handed over.
func (a *resultBuffer) usual(ptr any, method string) (done bool, err error) {
	if a.reply.Owned() {
		return false, nil
	}
	done, err = event.DecodeUsual(a.raw, ptr)
	return done, resultError(err, method)
}

// decode decodes the result. Large bytes are handed over where they are.
func (a *resultBuffer) decode(ptr any, method string) error {
	if a.reply.Owned() {
		text, ok := event.Text(a.raw)
		switch p := ptr.(type) {
		case *[]byte:
			if ok {
				*p = text
				a.reply.Keep()
				return nil
			}
		case **Bytes:
			if ok {
				*p = event.NewBytes(text, a.reply.Lend())
				return nil
			}
		}
	}
	return decodeResult(a.raw, ptr, method)
}
