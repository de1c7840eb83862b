package drive

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// aside is what goes on beside the calls that a run times; see wire.Beside.
type aside interface {
	// failed returns why it does not go on; nil while it does.
	failed() error
	// close ends it and waits for its goroutines.
	close()
}

// accompany begins what goes on beside the calls of the first connection.
func (s *session) accompany(what string) (aside, error) {
	switch what {
	case wire.Sleepers:
		c, ok := s.conns[0].(peers.Sleeper)
		if !ok {
			return nil, errUnsupported
		}
		return newSleepers(c), nil
	case wire.Deaf:
		return newDeaf(s.peer, s.addr)
	}
	return nil, fmt.Errorf("nothing called %q goes on beside calls", what)
}

// sleepers keep calls of a slow method on the way.
type sleepers struct {
	stop atomic.Bool
	done sync.WaitGroup
	err  atomic.Pointer[error] // of the first that failed
}

func newSleepers(c peers.Sleeper) *sleepers {
	s := &sleepers{}
	for range wire.SleepCalls {
		s.done.Go(func() {
			for !s.stop.Load() {
				if err := c.Sleep(wire.SleepMillis * time.Millisecond); err != nil {
					s.err.CompareAndSwap(nil, &err)
					return
				}
			}
		})
	}
	return s
}

func (s *sleepers) failed() error {
	if err := s.err.Load(); err != nil {
		return fmt.Errorf("sleep: %w", *err)
	}
	return nil
}

// close lets the calls under way come to their end.
func (s *sleepers) close() {
	s.stop.Store(true)
	s.done.Wait()
}
