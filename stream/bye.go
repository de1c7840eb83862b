package stream

import (
	"context"
	"fmt"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// A server that stops says so to each caller who understands it, after the answer
// to the last request that it has read: what the caller sent and has no answer to
// did not run, and can go elsewhere. Without that, a request which was on its way
// when the connection was closed may or may not have run.

// errLeft is the end of a connection that the server has left so. It matches
// ErrUnsent, since that is what it says of the calls without an answer.
var errLeft = fmt.Errorf("%w: the server has stopped", ErrUnsent)

// Leave ends the reading of requests and tells the peer, which must understand it.
// No call may be open. It returns when that was said, or when ctx or the connection
// ends; the connection is the caller's to close.
func (m *ServerMux) Leave(ctx context.Context) {
	m.mu.Lock()
	if m.told {
		m.mu.Unlock()
		return
	}
	if m.left == nil {
		m.left = make(chan struct{})
	}
	left := m.left
	m.mu.Unlock()
	if !m.leaving.Swap(true) {
		m.conn.Interrupt()
	}
	select {
	case <-left:
	case <-ctx.Done():
	}
}

// leftLocked notes that Leave has nothing to wait for any more.
func (m *ServerMux) leftLocked() {
	if !m.told && m.left != nil {
		close(m.left)
	}
	m.told = true
}

// leave says so, and drops what still comes. The reader calls it, so all that was
// read before is answered. To read on until the end keeps the kernel from resetting
// the connection, and the peer from missing what was said.
func (m *ServerMux) leave() {
	m.conn.Resume()
	m.mu.Lock()
	mute := m.mute
	m.mu.Unlock()
	if !mute { // else of what has no answer some did run
		m.sayBye()
	}
	m.mu.Lock()
	m.leftLocked()
	m.mu.Unlock()
	for {
		msg, ok, err := m.conn.Next()
		if err == nil && !ok {
			err = m.conn.Fill()
		}
		if err != nil {
			m.fail(err)
			return
		}
		if msg.Owned {
			m.conn.Recycle(msg.Buffer)
		}
	}
}

// sayBye tells the peer, unless it takes nothing: then it need not know.
func (m *ServerMux) sayBye() {
	s := scratchPool.Get().(*scratch)
	defer s.free()
	id := m.ids.Encode(m.ids.Next(msgid.NoSlot))
	s.b = event.AppendHead(s.b, &event.Head{ID: id.Text(), Name: event.NameBye})
	s.b = append(s.b, 0x90) // []
	m.trace(true, s.b)
	m.conn.TrySend(delimiter, s.b, Now)
	m.conn.Flush()
}

// leftLocked ends the connection of a server that has said that it leaves. A stream
// that has begun should have ended before; if not, it is lost.
func (m *ClientMux) leftLocked() {
	if m.err != nil {
		return
	}
	m.err = errLeft
	for _, ch := range m.slots {
		switch {
		case ch == nil:
		case ch.streaming:
			m.endLocked(ch, fmt.Errorf("%w: the server has stopped", ErrLostRemote))
		default:
			m.endLocked(ch, errLeft)
		}
	}
	go m.fail(errLeft) // which takes the lock
}
