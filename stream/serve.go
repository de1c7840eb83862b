package stream

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// start runs an admitted call on its own goroutine.
func (m *ServerMux) start(c *Call) {
	if c.method.streams() {
		go m.workStream(c)
	} else {
		go m.workUnary(c)
	}
}

func (m *ServerMux) workUnary(c *Call) {
	growStack(0)
	out := c.method.scratch()
	var err error
	var exited bool
	m.begun(c)
	if c.Err() == nil { // else it was lost while it waited for its turn
		started := time.Now()
		err, exited = m.runUnary(c, out)
		c.method.cheap.ran(time.Since(started))
	}
	if !exited {
		m.end(c, out, err)
	}
}

// workStream serves a call with streams, or its first step.
func (m *ServerMux) workStream(c *Call) {
	m.begun(c)
	var result []byte
	var err error
	exited := true
	defer func() { m.endWork(c, result, err, exited, recover()) }()
	switch {
	case c.Err() != nil: // it was lost while it waited for its turn
	case c.method.Open != nil:
		var feed Feed
		if feed, err = c.method.Open(c); err == nil {
			go m.workFeed(c, feed)
			c = nil
		}
	default:
		result, err = c.method.Stream(c)
	}
	exited = false
}

// workFeed has nothing but the handler on its stack, and no buffer, while the
// stream lasts: there may be many that wait.
func (m *ServerMux) workFeed(c *Call, feed Feed) {
	var err error
	exited := true
	defer func() { m.endWork(c, nil, err, exited, recover()) }()
	err = feed.Run()
	exited = false
}

// endWork ends a goroutine that served c, or no call any more. What exited has
// panicked with v, or called runtime.Goexit.
func (m *ServerMux) endWork(c *Call, result []byte, err error, exited bool, v any) {
	switch {
	case c == nil:
		return
	case v != nil:
		err = &PanicError{v, debug.Stack()}
	case exited:
		// Nothing after it on this goroutine runs but deferred calls, which must not
		// wait.
		go m.end(c, scratchPool.Get().(*scratch), ErrExited)
		return
	}
	out := scratchPool.Get().(*scratch)
	out.b = append(out.b[:0], result...)
	m.end(c, out, err)
}

// runUnary runs the handler and leaves in out the answer to send: it begins as
// an OK, which an error will replace. If the handler ended its goroutine, nothing
// after it on this goroutine runs; exited is for the reader's eye only.
func (m *ServerMux) runUnary(c *Call, out *scratch) (err error, exited bool) {
	out.b = m.appendEvent(out.b[:0], c.id, event.NameOK)
	out.b = event.AppendArrayHeader(out.b, 1)
	exited = true
	defer func() {
		if !exited {
			return
		}
		if v := recover(); v != nil {
			err, exited = &PanicError{v, debug.Stack()}, false
			return
		}
		go m.goneUnary(c)
	}()
	out.b, err = c.method.Unary(c, out.b)
	exited = false
	return err, false
}

// goneUnary does what is left to do after a handler that called runtime.Goexit:
// if it was the reader, somebody has to read on.
func (m *ServerMux) goneUnary(c *Call) {
	out := scratchPool.Get().(*scratch)
	if c.run == 0 {
		m.end(c, out, ErrExited)
		return
	}
	epoch := c.run >> epochBits
	if m.endInline(c, &readerState{epoch: epoch << epochBits, out: out}, ErrExited) {
		m.read(epoch)
	}
}

// end answers a call that ran on its own goroutine, and closes it.
func (m *ServerMux) end(c *Call, out *scratch, err error) {
	// The turn ends before the answer is sent: a caller who does not read keeps
	// only his own goroutine waiting.
	if next := m.svc.Pool.next(); next != nil {
		next.sm.start(next)
	}
	if c.method.streams() {
		if c.opening.CompareAndSwap(true, false) {
			m.sentNone(c, len(out.b))
		}
		m.endStream(c, out.b, err)
		m.unregister(c)
		out.free()
	} else {
		m.mu.Lock()
		m.hideLocked(c)
		m.recent.Add(c.id)
		answer := len(out.b) + c.Given()
		c.bytes += answer // the answer may wait for room: until then it counts with its request
		m.held += answer
		m.gate.answerLocked(c, answer)
		m.mu.Unlock()
		f := Now
		if m.live.Load() > 1 {
			f = Yield
		}
		if c.Err() == nil {
			if err == nil {
				c.method.size.Note(answer)
			}
			out = m.reply(c, out, err, f)
		}
		c.dropTail()
		out.free()
		m.mu.Lock()
		m.unholdLocked(c.bytes)
		next := m.answeredLocked(c)
		m.mu.Unlock()
		m.startAll(next)
	}
	m.live.Add(-1)
	c.disown()
	if c.method.Borrows && c.reuse() {
		callPool.Put(c)
	} else {
		c.cancel(context.Canceled)
	}
	m.svc.Pool.ended()
}

// endStream sends the last event of a call with streams, which waits for credit
// like an item.
func (m *ServerMux) endStream(c *Call, result []byte, err error) {
	extra, n := c.extras.Load().due(true)
	switch {
	case errors.Is(c.Cause(), ErrOverflow): // which is no matter of credit
		m.answerError(c.envelope, c.id, c.Version, m.describe(c.Cause()), Now)
	case err != nil:
		args := appendErrorArgs(nil, c.Version, m.describe(err))
		c.sendEventWith(c, m, event.NameErr, extra, n, args, Now)
	case len(result) > 0:
		args := append(event.AppendArrayHeader(nil, 1), result...)
		c.sendEventWith(c, m, event.NameOK, extra, n, args, Now)
	default:
		c.sendEventWith(c, m, event.NameDone, extra, n, []byte{0xc0}, Now)
	}
}

// always is the context of answers: they wait for room as long as the
// connection lives, which a peer that takes nothing ends before long.
var always = context.Background()

// reply sends the answer to a unary call: what out holds, or err. It returns the
// buffer to use next, because a large answer is written from where it is.
func (m *ServerMux) reply(c *Call, out *scratch, err error, f Flush) *scratch {
	if err != nil {
		c.dropTail()
		out.b = c.lastHead(out.b[:0], event.NameErr)
		out.b = appendErrorArgs(out.b, c.Version, m.describe(err))
	} else {
		out.b = c.addExtras(out.b)
	}
	m.trace(true, out.b)
	if len(out.b) < HandOver && c.Given() == 0 {
		if c.method.large.Load() {
			c.method.large.Store(false)
		}
		m.answer(c.envelope, out.b, f)
		return out
	}
	if f == Later {
		m.holdUp(true)
		defer m.holdUp(false)
	}
	switch {
	case c.tail != nil:
		m.conn.SendOwned(always, c.envelope, out.b, c.tail.Bytes(), c.tail.Release, f)
		c.tail = nil
		return out
	case c.given != nil:
		// If it has to wait, a copy does. The handler's own is then kept by nobody
		// here, or results that wait would take twice what is counted.
		given := c.given
		c.given = nil
		m.conn.SendLent(always, c.envelope, out.b, given, f)
		return out
	}
	c.method.large.Store(true)
	m.conn.SendOwned(always, c.envelope, nil, out.b, out.free, f)
	return scratchPool.Get().(*scratch)
}

// refuse answers a request that is not going to be served.
func (m *ServerMux) refuse(msg *Message, e *event.Event, err error) {
	m.answerError(msg.Envelope, e.ID, e.Version, m.describe(err), Later)
}

// answerError sends an ERR that costs no credit.
func (m *ServerMux) answerError(envelope, id []byte, version int, err *RemoteError, f Flush) {
	s := scratchPool.Get().(*scratch)
	defer s.free()
	s.b = m.appendEvent(s.b, id, event.NameErr)
	s.b = appendErrorArgs(s.b, version, err)
	m.trace(true, s.b)
	m.answer(envelope, s.b, f)
}

// answer queues an answer, and waits for room if need be. Only the reader sends
// with Later.
func (m *ServerMux) answer(envelope, body []byte, f Flush) {
	if f == Later {
		if m.conn.TrySend(envelope, body, f) {
			return
		}
		m.holdUp(true)
		defer m.holdUp(false)
	}
	m.conn.Send(always, envelope, body, f)
}

// holdUp notes that the reader waits for room to send: that is how a peer is
// slowed down that does not take its answers. Its heartbeats wait unread
// meanwhile, so their lack must not be held against it.
func (m *ServerMux) holdUp(begins bool) {
	m.heldUp.Store(begins)
	m.wasHeldUp.Store(true)
}

// describe asks the service what the caller is told about err. Methods of the
// error, which are the user's, may panic: the error in a nil pointer, say.
func (m *ServerMux) describe(err error) (told *RemoteError) {
	defer func() {
		if v := recover(); v != nil {
			told = m.svc.Describe(&PanicError{v, debug.Stack()})
		}
	}()
	return m.svc.Describe(err)
}

// appendErrorArgs writes the args of an ERR: three texts, or for a caller of
// protocol 1 the error's Python form alone.
func appendErrorArgs(b []byte, version int, err *RemoteError) []byte {
	if version < 2 {
		b = event.AppendArrayHeader(b, 1)
		return appendText(b, err.Name+"("+pyQuote(err.Message)+")")
	}
	b = event.AppendArrayHeader(b, 3)
	b = appendText(b, err.Name)
	b = appendText(b, err.Message)
	return appendText(b, err.Traceback)
}

// parkLocked waits at the serving end, where the reader never sleeps: for the
// signal alone when ctx is the call itself, which is signalled when it ends.
func (m *ServerMux) parkLocked(ctx context.Context, w *waiter) error {
	w.parkLocked()
	m.mu.Unlock()
	if _, ok := ctx.(*Call); ok || ctx.Done() == nil {
		<-w.ch
		return nil
	}
	return m.await(ctx, w)
}

// await waits for the signal or the end of ctx.
func (m *ServerMux) await(ctx context.Context, w *waiter) error {
	select {
	case <-w.ch:
		return nil
	case <-ctx.Done():
	}
	m.mu.Lock()
	signalled := w.unparkLocked()
	m.mu.Unlock()
	if signalled {
		return nil
	}
	return ctx.Err()
}
