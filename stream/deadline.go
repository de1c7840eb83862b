package stream

import (
	"math"
	"slices"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// plainHeader is the first byte of a header that holds message_id and v alone: a
// map of two pairs. Nothing need be looked up in it.
const plainHeader = 0x82

// appendTimeout appends the header pair to the others, which stay as they are. It
// rounds up: a server that gave up before the caller did would leave the caller
// without an answer.
func appendTimeout(extra []byte, d time.Duration) []byte {
	ms := int64(d / time.Millisecond)
	if d%time.Millisecond > 0 { // not by a sum: d may be the longest there is
		ms++
	}
	b := event.AppendString(slices.Clip(extra), event.KeyDeadline)
	return event.AppendInt(b, max(1, ms))
}

// deadlineOf returns when the call must be done that e opens; the zero time for
// no bound.
func deadlineOf(e *event.Event) time.Time {
	if len(e.Header) == 0 || e.Header[0] == plainHeader {
		return time.Time{}
	}
	raw, ok := e.Lookup(event.KeyDeadline)
	if !ok {
		return time.Time{}
	}
	ms, err := event.Int(raw)
	if err != nil || ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return time.Time{} // not ours, or no bound to speak of
	}
	return time.Now().Add(time.Duration(ms) * time.Millisecond)
}
