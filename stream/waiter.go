package stream

// waitState says how the goroutine behind a waiter waits.
type waitState uint8

const (
	notWaiting waitState = iota
	parked               // asleep on ch
	leading              // reading the connection itself
)

// waiter is where one goroutine waits for its channel. The mux's mu guards it.
type waiter struct {
	ch    chan struct{} // capacity 1: one token for each time it was parked
	state waitState
	fired bool     // signalled while leading
	of    *Channel // the caller's channel it belongs to; nil at the serving end
}

// signalLocked wakes the waiter. A signal to a goroutine that does not wait is
// not kept: it looks at the channel's state under the lock before it waits.
func (w *waiter) signalLocked() {
	switch w.state {
	case parked:
		w.state = notWaiting
		w.ch <- struct{}{}
	case leading:
		w.fired = true
	}
}

// parkLocked announces that the caller will sleep on ch once it has unlocked.
func (w *waiter) parkLocked() {
	if w.ch == nil {
		w.ch = make(chan struct{}, 1)
	}
	w.state = parked
}

// unparkLocked takes the announcement back. It reports whether a signal had
// come before; then its token has been taken from ch.
func (w *waiter) unparkLocked() (signalled bool) {
	if w.state == parked {
		w.state = notWaiting
		return false
	}
	<-w.ch
	return true
}
