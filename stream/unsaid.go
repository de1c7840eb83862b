package stream

import (
	"bytes"
	"context"
)

// maxUnsaid bounds the cancels that wait for room on one connection, some 100
// bytes each. Beyond, the heartbeats that stop have to tell.
const maxUnsaid = 1 << 16

// unsaid is the cancels for which the connection's queue had no room: many calls
// often end at once, by one context or one deadline, and each handler that is not
// told works on for three heartbeats. The mux's mu guards it.
type unsaid struct {
	events [][]byte
	saying bool // a goroutine sends them
}

// unsaidLocked has a cancel sent as soon as there is room. It copies b.
func (m *ClientMux) unsaidLocked(b []byte) {
	if len(m.unsaid.events) >= maxUnsaid {
		return
	}
	m.unsaid.events = append(m.unsaid.events, bytes.Clone(b))
	if !m.unsaid.saying {
		m.unsaid.saying = true
		go m.sayUnsaid()
	}
}

// sayUnsaid sends them. It ends when all are sent and when the connection ends,
// which a peer that reads nothing cannot hold off.
func (m *ClientMux) sayUnsaid() {
	for {
		m.mu.Lock()
		events := m.unsaid.events
		m.unsaid.events = nil
		m.unsaid.saying = len(events) > 0 && m.err == nil
		saying := m.unsaid.saying
		m.mu.Unlock()
		if !saying {
			return
		}
		for _, b := range events {
			if m.conn.Send(context.Background(), delimiter, b, Async) != nil {
				break // the connection's end, which the mux is about to learn
			}
		}
	}
}
