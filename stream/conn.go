package stream

import (
	"context"
	"errors"

	"github.com/zrpc-go/zrpc/internal/budget"
)

// ErrInterrupted is what Conn.Fill returns after Conn.Interrupt.
var ErrInterrupted = errors.New("stream: read interrupted")

// Message is one message as a connection delivers it.
type Message struct {
	Envelope []byte // the frames before the last one, encoded; written back verbatim in front of an answer
	Body     []byte // the last frame's content: one event
	Command  bool   // a command of the wire layer; no event
	Owned    bool   // the slices lie in a buffer that now belongs to the receiver
	Buffer   []byte // that buffer, for Conn.Recycle; nil when not Owned
}

// Flush says who carries a message that was queued to the wire, and when.
type Flush int

const (
	Now   Flush = iota // the caller writes, unless somebody is writing already
	Yield              // as Now, after other goroutines had a chance to add their messages to the same write
	Later              // nobody yet: the caller flushes before it blocks
	Async              // the connection's own goroutine
)

// Conn is what a mux needs of a connection. The reader half (Next, Fill,
// Resume, Detach) is used by one goroutine at a time, which may hand that right
// on; everything else may be called from any goroutine.
type Conn interface {
	// Next returns the next message that is already complete in memory;
	// ok is false when Fill must fetch more. The slices of a message that is
	// not Owned are valid until the next Next, Fill or Detach.
	Next() (m Message, ok bool, err error)
	// Fill blocks until more bytes came.
	Fill() error
	// Interrupt makes a blocked Fill, or else the next one, return
	// ErrInterrupted; Resume lifts that.
	Interrupt()
	Resume()
	// Detach leaves the read buffer to whoever still uses slices of it.
	Detach()

	// Send queues a copy of one message and waits for room while the peer's
	// queue is at its high-water mark. An error that matches ErrUnsent says that
	// nothing of the message was written. TrySend never waits and reports whether
	// it queued.
	Send(ctx context.Context, envelope, body []byte, f Flush) error
	TrySend(envelope, body []byte, f Flush) bool
	// SendOwned sends head and tail as one body; tail is written from where it
	// is, and release (which may be nil) is called once when it is free again,
	// whatever became of the message.
	SendOwned(ctx context.Context, envelope, head, tail []byte, release func(), f Flush) error
	// SendLent is the same for a tail that is not used any more when it returns.
	SendLent(ctx context.Context, envelope, head, tail []byte, f Flush) error
	Flush() error
	// Gather lets other goroutines run, of which n are expected to send, and then
	// carries what they queued to the wire.
	Gather(n int) error
	// Account is what the connection holds of the memory that all connections
	// share, for the mux to draw on.
	Account() *budget.Account
	// Extended reports whether the peer knows zrpc's extensions of the protocol,
	// which may then be used on this connection.
	Extended() bool
	// Recycle takes back an owned Message.Buffer that nobody uses any more.
	Recycle(buf []byte)
	// Abandon lets the application have an owned Message.Buffer for good.
	Abandon(buf []byte)
	// Close ends the connection; err is what the other calls report from then on.
	Close(err error) error
}
