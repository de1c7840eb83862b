package cli

import (
	"context"
	"os"
	"os/signal"
)

// interruptedError is the cause of a context that a signal ended.
type interruptedError struct{ signal os.Signal }

func (e *interruptedError) Error() string { return "stopped by signal: " + e.signal.String() }

// untilSignal returns a context that the first of the given signals ends. A second one has its usual effect: it ends
// the process at once. stop gives everything back.
func (e *Env) untilSignal(sigs ...os.Signal) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	ch := e.Signals
	restore := func() {}
	if ch == nil {
		own := make(chan os.Signal, 1) // one signal is all that is waited for
		signal.Notify(own, sigs...)
		restore = func() { signal.Stop(own) }
		ch = own
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-ch:
			restore() // before cancelling: winding up may hang, and the next signal must work
			cancel(&interruptedError{s})
		case <-ctx.Done():
		}
	}()
	// The goroutine has ended when stop returns.
	return ctx, func() {
		cancel(nil)
		restore()
		<-done
	}
}
