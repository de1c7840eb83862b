package zmtp

import (
	"net"
	"sync"
	"time"

	"github.com/zrpc-go/zrpc/internal/budget"
)

// tryWriter writes what is possible without waiting: n < len(p) without an
// error means that the peer's buffer is full. An in-memory net.Conn may
// implement it.
type tryWriter interface {
	TryWrite(p []byte) (n int, err error)
}

// segment is a piece of the queue that is written with one call.
type segment struct {
	b       []byte // what is left to write
	whole   []byte // the buffer from getBuffer that b is; nil: b is none
	batch   *batch // the buffer of small messages that b is; nil: b is none
	release func() // of the sender's tail; may be nil
	lent    bool   // b is the sender's, and only while it writes: see keep
}

// writer is the writer half: a queue, and the right to write it. Whoever finds
// nobody writing takes that right (busy) and writes; everybody else only
// appends. Messages are appended whole, so what is written is whole as well.
type writer struct {
	// set at creation
	conn  *Conn
	nc    net.Conn
	try   tryWriter // nil: only the flusher writes
	hwm   int
	bytes int
	cork  int // bytes at which a sender that yields is taken over
	stall time.Duration
	loop  func() // flush as a value, so that starting the flusher allocates nothing

	flusher sync.WaitGroup // Add only under mu, with err nil

	// mu guards the fields below
	mu       sync.Mutex
	closed   error         // why the connection was closed
	done     chan struct{} // closed when the connection is; nil: nobody asked
	err      error         // why nothing can be sent: closed, or a write failed
	closing  bool          // CloseLinger: nothing more is accepted
	busy     bool          // somebody holds the right to write
	yielding bool          // and lets others add to it first; they may take it over
	patience int           // while yielding: messages at which they do
	handed   bool          // the right is on its way to a flusher that was started
	pong     pong
	pend     []segment     // queued before buf
	buf      []byte        // queued last; messages are appended here
	batch    *batch        // what buf lies in, or lay before it grew; nil with buf
	nmsgs    int           // messages queued, those in flight not included
	nbytes   int           // bytes queued, in flight included
	written  uint64        // bytes that are not queued any more
	waiting  int           // bytes of messages whose senders wait for room
	lease    budget.Lease  // what nbytes and waiting have drawn on the account
	space    chan struct{} // closed when there may be room again; nil: nobody waits
	idle     chan struct{} // closed when nothing is queued any more; nil: nobody waits

	curMsgs, curBytes int // in flight

	// right to write only
	cur   []segment   // in flight
	curAt int         // cur's first segment that is not written
	vec   net.Buffers // room for the flusher's vectors
}

// pong is the one PONG that may be due; a newer PING's context replaces it.
type pong struct {
	due     bool
	n       uint8
	context [maxPongContext]byte
}

func (w *writer) init(c *Conn, cfg *Config) {
	w.conn, w.nc = c, c.nc
	w.try = newTryWriter(c.nc)
	w.hwm, w.bytes, w.stall = cfg.SendHWM, cfg.SendBytes, cfg.WriteStall
	w.cork = min(corkMax, (w.bytes+1)/2)
	w.loop = w.flushLoop
}

// fullLocked tells whether the next message has to wait. What is in flight counts
// in bytes only: it holds memory, but whoever writes may have handed it to the
// kernel long ago, and not have been given a CPU to say so. The message that
// crosses the byte limit is let in, so that large ones are not starved by
// small ones; only one can do so.
func (w *writer) fullLocked() bool { return w.nmsgs >= w.hwm || w.nbytes >= w.bytes }

// openLocked returns the buffer to append a message to.
func (w *writer) openLocked() []byte {
	if w.batch == nil {
		w.batch = batchPool.Get().(*batch)
		w.buf = w.batch.b
	}
	return w.buf
}

// sealLocked ends the batch that messages were appended to.
func (w *writer) sealLocked() segment {
	s := segment{b: w.buf, batch: w.batch}
	w.batch.b = w.buf
	w.buf, w.batch = nil, nil
	return s
}

// pendLocked queues a segment behind buf.
func (w *writer) pendLocked(s segment) {
	if len(w.buf) > 0 {
		w.pend = append(w.pend, w.sealLocked())
	}
	w.pend = append(w.pend, s)
}

// takeLocked puts everything queued in flight, or leaves there what was not
// written yet. False: there is nothing to write, or no way to.
func (w *writer) takeLocked() bool {
	if w.err != nil {
		return false
	}
	if w.curAt < len(w.cur) {
		return true
	}
	if w.pong.due {
		w.pong.due = false
		b := appendCommand(w.openLocked(), "PONG", w.pong.context[:w.pong.n])
		w.nbytes += len(b) - len(w.buf)
		w.buf = b
	}
	w.cur, w.pend, w.curAt = w.pend, w.cur[:0], 0
	if len(w.buf) > 0 {
		w.cur = append(w.cur, w.sealLocked())
	}
	w.curMsgs, w.curBytes = w.nmsgs, w.nbytes
	w.nmsgs = 0
	if !w.fullLocked() {
		w.wakeLocked()
	}
	return len(w.cur) > 0
}

// land returns what is in flight to its owners, written or not, without the
// lock: release functions are the senders'.
func (w *writer) land() {
	releaseAll(w.cur)
	clear(w.cur)
	w.cur, w.curAt = w.cur[:0], 0
	if cap(w.cur) > keepSegments {
		w.cur = nil
	}
}

// landedLocked accounts for what land returned.
func (w *writer) landedLocked() {
	w.nbytes -= w.curBytes
	w.written += uint64(w.curBytes)
	w.curMsgs, w.curBytes = 0, 0
	w.easeLocked()
	if w.err != nil {
		return
	}
	if !w.fullLocked() {
		w.wakeLocked()
	}
}

// easeLocked gives back to the account what the queue does not need any more.
func (w *writer) easeLocked() { w.lease.Ease(&w.conn.account, w.nbytes+w.waiting) }

// wakeLocked makes all waiting senders look again.
func (w *writer) wakeLocked() {
	if w.space != nil {
		close(w.space)
		w.space = nil
	}
}

// restLocked gives the right to write back.
func (w *writer) restLocked() {
	w.busy = false
	if w.idle != nil && w.nbytes == 0 {
		close(w.idle)
		w.idle = nil
	}
}

// failLocked makes every later send report err, unless there is an earlier
// reason, and empties the queue. It returns what the caller has to release once
// the lock is free. What is in flight stays with the holder of the right to write.
func (w *writer) failLocked(err error) []segment {
	if w.err != nil {
		return nil
	}
	w.err = err
	dropped := w.pend
	w.pend, w.buf, w.batch, w.pong.due = nil, nil, nil, false
	w.nmsgs, w.nbytes = 0, w.curBytes
	w.easeLocked()
	w.wakeLocked()
	return dropped
}

// releaseAll hands the tails and buffers of segments back.
func releaseAll(done []segment) {
	for i := range done {
		switch s := &done[i]; {
		case s.release != nil:
			s.release()
		case s.batch != nil:
			s.batch.free()
		case s.whole != nil:
			Recycle(s.whole)
		}
	}
}

// setPong makes a PONG due.
func (w *writer) setPong(context []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pong.due = w.err == nil
	w.pong.n = uint8(copy(w.pong.context[:], context))
}
