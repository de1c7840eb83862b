// Package fair decides how much of what one peer asked for may be on its way to it
// at once, so that a peer that asks for much and reads nothing costs the same
// little whatever it asks for. It holds no lock and no timer; times, and what
// waits, are its users'.
package fair

// Least is the smallest window, in bytes, and what a peer begins with: enough that
// a connection is busy while the next answer is made.
const Least = 1 << 20

// most bounds a window, so that it can be doubled and added to.
const most = 1 << 40

// Window is what calls of one peer may answer together, in bytes, before further
// ones have to wait. It opens while what it lets through is made more slowly than
// the peer takes it, and closes while answers wait for the peer: more of them
// would only wait as well. The zero value is a window of Least. Its owner's lock
// guards it.
type Window struct {
	limit int // 0: Least
	open  int // what calls that were let through are expected to answer
}

// Fits says whether a call that answers n bytes may begin while unsent bytes wait
// for the peer, beside those of calls that have not ended. One that is alone may
// always, however large.
func (w *Window) Fits(n, unsent int) bool {
	out := w.open + unsent
	return out == 0 || out+n <= w.size()
}

// Begin and End count a call that was let through; n is the same for both, or the
// sum of what was begun.
func (w *Window) Begin(n int) { w.open += n }

// End is the end of what Begin began.
func (w *Window) End(n int) { w.open -= n }

// Look adapts the window. It is called from time to time while calls wait for it:
// unsent bytes of answers wait for the peer; reads says that it took some since the
// last look, and starved that calls that were let through have not come to run, so
// that more of them would not help.
func (w *Window) Look(unsent int, reads, starved bool) {
	switch size := w.size(); {
	case unsent > size/2:
		if !reads {
			w.limit = max(size/2, Least)
		}
	case !starved:
		w.limit = min(size*2, most)
	}
}

// Shut makes the window what it was at first.
func (w *Window) Shut() { w.limit = 0 }

func (w *Window) size() int { return max(w.limit, Least) }
