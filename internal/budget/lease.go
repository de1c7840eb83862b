package budget

// Lease is a part of an account that follows an amount which changes often and
// is mostly small: it draws in steps, and nothing for what is free. Its owner's
// lock guards it. The zero value holds nothing.
type Lease struct{ n int }

const (
	// free bytes are not counted: what calls in the usual numbers and sizes take,
	// so that these touch nothing that is shared.
	free = 16 << 10
	step = 64 << 10
)

// Grow draws on a what total bytes need, if that is more than before. An error is
// Take's; then nothing has changed.
func (l *Lease) Grow(a *Account, total int) error {
	if total <= free || total <= l.n {
		return nil
	}
	need := (total + step - 1) / step * step
	if err := a.Take(need - l.n); err != nil {
		return err
	}
	l.n = need
	return nil
}

// Ease gives back what total bytes do not need any more: all of it if they are
// free, and else what is over once that is half, so that an amount that goes up
// and down by a little does not come here each time.
func (l *Lease) Ease(a *Account, total int) {
	if l.n == 0 || total > free && total > l.n/2 {
		return
	}
	need := 0
	if total > free {
		need = (total + step - 1) / step * step
	}
	a.Give(l.n - need)
	l.n = need
}
