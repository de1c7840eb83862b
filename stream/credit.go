package stream

import (
	"errors"
	"strconv"
	"strings"

	"github.com/zrpc-go/zrpc/event"
)

// window is the receiver's half of flow control: how many items the peer may
// still send. The rule is zerorpc-python's: one item is free, nothing is granted
// before the first item was taken, and from then on, whenever less than half of
// the window is outstanding, the grant fills it up again.
type window struct {
	size     int  // items
	reserved int  // items the peer may send that were not taken yet
	asked    bool // the first item was asked for
	grows    bool // size may grow: nobody chose it, and the peer is zrpc
	starved  bool // the receiver has waited for items since the last grant
	largest  int  // bytes of the largest item so far
}

func newWindow(size int, grows bool) window { return window{size: size, reserved: 1, grows: grows} }

// limit is the window in force: big items shrink it, so that a full window of
// them still fits into the inbox.
func (w *window) limit() int {
	if w.largest == 0 {
		return w.size
	}
	return max(1, min(w.size, maxInboxBytes/w.largest))
}

// ask is called before each attempt to take an item and returns how much to
// grant, 0 for nothing.
func (w *window) ask() (grant int) {
	if !w.asked {
		w.asked = true
		return 0
	}
	size := w.limit()
	if w.reserved >= max(1, size/2) {
		return 0
	}
	if w.grows && w.starved {
		// The receiver is the faster one, so it is the window that slows the
		// stream down. Python's queue is of one size; a zrpc sender has none.
		w.size = min(2*w.size, maxGrown)
		size = w.limit()
	}
	w.starved = false
	grant = size - w.reserved
	w.reserved = size
	return grant
}

// isPlain says whether the first item of a stream comes from a peer without zrpc's
// extensions, by way of a broker. zerorpc-node loses items when it is granted more
// than its socket's queue holds.
func isPlain(e *event.Event) bool {
	if len(e.Header) == 0 || hasOwnPairs(e.Header) {
		return false
	}
	_, plain := e.Lookup(event.KeyPlain)
	return plain
}

// take notes that an item was taken.
func (w *window) take() {
	if w.reserved > 0 {
		w.reserved--
	}
}

// overrun says whether queued items and bytes are more than a receiver holds.
// The slack in items covers peers that count grants differently (zerorpc-node
// sets, Python adds); that in bytes a sender that keeps to its grants, whose items
// grew after a full window had been granted for small ones.
func overrun(size, queued, bytes, largest int) bool {
	return queued > 2*size+8 || bytes > maxPeerBytes && bytes > 2*largest
}

// addCredit adds a grant of the peer to what may be sent. The peer's numbers
// are not trusted: a negative grant takes back no more than there is, a huge one
// saturates.
func addCredit(have, grant int64) int64 {
	sum := have + max(-maxCredit, min(maxCredit, grant))
	return max(0, min(maxCredit, sum))
}

// parseCredit reads a grant that came as text, of which nobody needs more than 32
// bytes.
func parseCredit(raw []byte) (int64, bool) {
	text, ok := event.Text(raw)
	if !ok || len(text) > 32 {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}
