package stream

import (
	"fmt"
	"math"

	"github.com/zrpc-go/zrpc/event"
)

// orDefault returns a bound that is set, or its default. A negative one is none.
func orDefault(bound, def int) int {
	switch {
	case bound == 0:
		return def
	case bound < 0:
		return math.MaxInt
	}
	return bound
}

// admit makes c an open call, if the bounds allow it; open is how many there are
// in all, with it. c belongs to the gate if it waits there.
func (m *ServerMux) admit(c *Call, msg *Message, e *event.Event, open int64) (waits bool, err error) {
	// Counted by calls and not by ids, which a peer may use twice.
	switch live := int(m.live.Load()); {
	case live >= orDefault(m.svc.PeerCalls, DefaultPeerCalls):
		return false, fmt.Errorf("%w: %d calls are open on this connection", ErrBusy, live)
	case open > int64(orDefault(m.svc.Calls, DefaultCalls)):
		return false, fmt.Errorf("%w: %d calls are open", ErrBusy, open-1)
	}
	if err := m.hold(c, msg); err != nil {
		return false, err
	}
	c.adopt(msg, e)
	if c.method.streams() {
		c.flow = newFlow(&m.mux, 0)
	}
	m.live.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.registerLocked(c)
	return m.enterLocked(c), nil
}

// hold counts what the request of c takes, if the bounds allow it.
func (m *ServerMux) hold(c *Call, msg *Message) error {
	c.bytes = len(msg.Envelope) + len(msg.Body)
	if msg.Owned {
		c.bytes = len(msg.Buffer)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held > 0 && m.held+c.bytes > maxPeerBytes {
		return fmt.Errorf("%w: the open calls of this connection take %d bytes", ErrBusy, m.held)
	}
	if err := m.holdLocked(c.bytes); err != nil {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return nil
}

// unhold takes it, and what was added to it, out again.
func (m *ServerMux) unhold(c *Call) {
	m.mu.Lock()
	m.unholdLocked(c.bytes)
	m.mu.Unlock()
}
