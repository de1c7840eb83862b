package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// ErrUnsent marks an error of a request that did not leave: it may be made again
// on another connection.
var ErrUnsent = errors.New("request not sent")

// Channel is the caller's end of one conversation. Next is for one goroutine at
// a time; Close may be called from any.
type Channel struct {
	channel
	cm     *ClientMux
	number uint64        // in the message id; its low bits are the slot
	idBuf  msgid.Encoded // the id
	sends  bool          // the caller streams too
	header *AnswerHeader // what the caller wants of the answer's; nil: nothing

	// the mux's mu guards these until the answer is in
	unary     waiter
	answer    event.Role // a unary call's answer
	args      []byte     // its args
	buf       []byte     // our own memory for args
	big       []byte     // or the connection's buffer that args lies in
	streaming bool       // the answer is a stream
}

// Reply is the answer to a unary call. Release must be called when Args is no
// longer used.
type Reply struct {
	Result []byte // the encoded result, valid until Release
	ch     *Channel
}

// Owned reports whether Result lies in a large buffer of its own. Keep takes
// that buffer over, so Result stays valid after Release.
func (r *Reply) Owned() bool { return r.ch != nil && r.ch.big != nil }

// Keep makes an owned Result the caller's for good.
func (r *Reply) Keep() {
	r.ch.m.conn.Abandon(r.ch.big)
	r.ch.big = nil
}

// Release gives the memory of the reply back.
func (r *Reply) Release() {
	ch := r.ch
	if ch == nil {
		return
	}
	if ch.big != nil {
		ch.m.conn.Recycle(ch.big)
	}
	if cap(ch.buf) > keepScratch {
		ch.buf = nil
	}
	m := ch.cm
	*ch = Channel{buf: ch.buf[:0], unary: waiter{ch: ch.unary.ch}}
	m.spare.Put(ch)
	*r = Reply{}
}

// Call makes a unary call and waits for its answer. Errors: *RemoteError; an
// error that wraps ErrLostRemote, ErrUnsent or ErrClosed; or ctx's.
func (m *ClientMux) Call(ctx context.Context, req *Request) (Reply, error) {
	ch, _ := m.spare.Get().(*Channel)
	if ch == nil {
		ch = new(Channel)
	}
	if err := m.open(ctx, ch, req); err != nil {
		return Reply{}, err
	}
	m.mu.Lock()
	switch {
	case ch.answer != event.RoleNone || ch.err != nil:
		m.mu.Unlock()
	default:
		if err := m.parkLocked(ctx, &ch.unary); err != nil {
			m.abandon(ch)
			return Reply{}, err
		}
	}
	r := Reply{ch: ch}
	var err error
	switch {
	case ch.answer == event.RoleOK:
		r.Result, err = oneElement(ch.args)
	case ch.answer == event.RoleErr:
		err = remoteError(ch.args)
	case ch.answer == event.RoleStream || ch.answer == event.RoleDone:
		err = fmt.Errorf("%s answers a stream: %w", req.Method, ErrStreamed)
	case ch.err != nil:
		err = ch.err
	default:
		err = fmt.Errorf("%w in answer to %s", ErrProtocol, req.Method)
	}
	if err != nil {
		r.Release()
	}
	return r, err
}

// ErrStreamed says that a call for one result was answered by a stream.
var ErrStreamed = errors.New("call it as a stream")

// open registers ch and sends its request.
func (m *ClientMux) open(ctx context.Context, ch *Channel, req *Request) error {
	if err := ctx.Err(); err != nil {
		return err // nobody would wait for the answer
	}
	ch.cm, ch.header = m, req.Answer
	if ch.header != nil {
		ch.header.reset()
	}
	m.mu.Lock()
	err := m.registerLocked(ch)
	others := m.pending - 1
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if err := m.send(ctx, ch, req, others); err != nil {
		return m.sendError(ctx, ch, err)
	}
	return nil
}

// sendError gives up on a channel and says in our own terms why its request was not
// sent, or perhaps was: of a write that failed, part may have arrived. nil: it was,
// and is answered. The connection has ended since, and its end is what the sender
// found when it came back from its write.
func (m *ClientMux) sendError(ctx context.Context, ch *Channel, err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ch.answer != event.RoleNone || ch.streaming || ch.flow != nil && ch.flow.end {
		return nil
	}
	m.giveUpLocked(ch)
	switch cause := ctx.Err(); {
	case errors.Is(err, ErrUnsent):
		return err
	case m.err != nil:
		return m.err
	case cause != nil && errors.Is(err, cause):
		return err
	}
	return lost(err)
}

// abandon gives up on a channel: what still comes for it is dropped.
func (m *ClientMux) abandon(ch *Channel) {
	m.mu.Lock()
	m.giveUpLocked(ch)
	m.mu.Unlock()
}

// giveUpLocked frees ch's slot and tells a peer that understands it that nobody
// waits any more. Others find out by the heartbeats that stop.
func (m *ClientMux) giveUpLocked(ch *Channel) {
	if !m.dropLocked(ch) || m.err != nil || !m.conn.Extended() {
		return
	}
	s := scratchPool.Get().(*scratch)
	s.b = m.appendEvent(s.b, ch.id, event.NameCancel)
	s.b = append(s.b, 0x90) // []
	m.trace(true, s.b)
	if !m.conn.TrySend(ch.envelope, s.b, Async) {
		m.unsaidLocked(s.b)
	}
	s.free()
}

// Open makes a call that may answer a stream. It returns when the request is on
// its way; Next waits for the answer.
func (m *ClientMux) Open(ctx context.Context, req *Request, window int) (*Channel, error) {
	ch := &Channel{channel: channel{flow: newFlow(&m.mux, window)}, sends: req.Sends}
	if err := m.open(ctx, ch, req); err != nil {
		return nil, err
	}
	return ch, nil
}

// Next returns the next encoded item, valid until the next Next; io.EOF after
// the last, which no other error matches. A method that answers one result is a stream of one item.
func (ch *Channel) Next(ctx context.Context) ([]byte, error) { return ch.next(ctx, ch.cm) }

// First waits until the answer has begun, without taking an item, and reports
// whether it is a stream.
func (ch *Channel) First(ctx context.Context) (streaming bool, err error) {
	m := ch.cm
	for {
		m.mu.Lock()
		f := ch.flow
		if ch.streaming || f.end || ch.err != nil {
			streaming = ch.streaming
			if f.in.nq == 0 { // an error behind items waits for its turn
				if err = f.inErr; !f.end {
					err = ch.err
				}
			}
			m.mu.Unlock()
			return streaming, err
		}
		if err := m.parkLocked(ctx, &f.recv); err != nil {
			return false, err
		}
	}
}

// awaitedLocked reports whether a goroutine sleeps on the channel.
func (ch *Channel) awaitedLocked() bool {
	return ch.flow != nil && (ch.flow.recv.state == parked || ch.flow.send.state == parked)
}

// Close gives up on the channel, or does nothing when it has ended. A zrpc server
// ends the handler's context at once; others learn of it by the heartbeats that
// stop, as from any zerorpc client.
func (ch *Channel) Close() {
	m := ch.cm
	m.mu.Lock()
	defer m.mu.Unlock()
	m.giveUpLocked(ch)
	m.endLocked(ch, ErrClosed)
}
