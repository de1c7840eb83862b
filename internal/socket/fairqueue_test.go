package socket

import (
	"context"
	"errors"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// atWait is a context that has something done when somebody begins to wait for it.
type atWait struct {
	context.Context
	f func()
}

func (c atWait) Done() <-chan struct{} {
	c.f()
	return c.Context.Done()
}

// A receiver that begins to wait when the last message and Close come gets the message
// before it is told: ErrClosed says that nothing is left.
func TestLastMessageBeforeClosed(t *testing.T) {
	for range 50 { // either may be noticed first
		s := New(Options{Type: zmq4.Pull})
		q := newFairQueue(s)
		q.inboxes++
		m, err := q.recv(atWait{t.Context(), func() {
			p := packer{most: readBatch}
			if !q.push(nil, &inbox{room: make(chan struct{}, 1)}, packed(&p, 0, "last")) {
				t.Error("the inbox took nothing")
			}
			s.Close()
		}})
		if err != nil || string(m[0]) != "last" {
			t.Fatalf("the message was left behind: %q, %v", m, err)
		}
		if _, err := q.recv(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("then: %v, want ErrClosed", err)
		}
	}
}
