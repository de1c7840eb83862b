package stream

import (
	"slices"
	"sync"

	"github.com/zrpc-go/zrpc/event"
)

// AnswerHeader gathers, for a caller who wants it, what the header of the answer
// holds beside the protocol's own keys: that of a stream's latest event with any,
// which is the first, later ones at the server's choice, and the last. It may be
// used concurrently, and for one call after another.
type AnswerHeader struct {
	mu sync.Mutex
	b  []byte // an encoded header; empty: none
}

// ownPairs is how many pairs an answer has of the protocol: message_id, v and
// response_to.
const ownPairs = 3

// hasOwnPairs reports whether an answer's header is a small map of as many pairs as
// the protocol's own. Anything else may hold more.
func hasOwnPairs(header []byte) bool { return len(header) > 0 && header[0] == 0x80|ownPairs }

// take notes the header of an event of the answer.
func (h *AnswerHeader) take(e *event.Event) {
	if hasOwnPairs(e.Header) && e.ID != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b[:0], e.Header...)
}

// reset forgets what an earlier call left.
func (h *AnswerHeader) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = h.b[:0]
}

// Lookup returns the encoded value of a key, which is the caller's to keep.
func (h *AnswerHeader) Lookup(key string) (value []byte, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.b) == 0 {
		return nil, false
	}
	e := event.Event{Header: h.b}
	raw, ok := e.Lookup(key)
	return slices.Clone(raw), ok
}
