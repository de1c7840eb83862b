package budget

import (
	"errors"
	"testing"
	"time"
)

const mb = 1 << 20

// peer is an account that counts its evictions and gives all back when told to.
type peer struct {
	Account
	out chan error // one for each eviction
}

func newPeer(b *Budget) *peer {
	p := &peer{out: make(chan error, 1)}
	p.Open(b, func(err error) { p.out <- err })
	return p
}

func (p *peer) take(t *testing.T, n int, want bool) {
	t.Helper()
	err := p.Take(n)
	if (err == nil) != want || err != nil && !errors.Is(err, ErrExceeded) {
		t.Fatalf("taking %d bytes: %v", n, err)
	}
}

// gone waits for p's eviction and gives back what it holds.
func (p *peer) gone(t *testing.T, n int) {
	t.Helper()
	select {
	case err := <-p.out:
		if !errors.Is(err, ErrExceeded) {
			t.Fatalf("evicted for %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it is not evicted")
	}
	p.Give(n)
}

// Among equals the one who asks is refused; what is given back can be had again.
func TestEqualsAreRefused(t *testing.T) {
	b := New(10 * mb)
	p, q := newPeer(b), newPeer(b)
	p.take(t, 5*mb, true)
	q.take(t, 4*mb, true)
	q.take(t, 2*mb, false) // q would be larger than p
	if got := b.Used(); got != 9*mb {
		t.Errorf("%d bytes are used: a refusal takes nothing", got)
	}
	p.Give(5 * mb)
	q.take(t, 6*mb, true)
	q.Give(10 * mb)
	if b.Used() != 0 || len(b.holders) != 0 {
		t.Errorf("%d bytes are used, by %d", b.Used(), len(b.holders))
	}
}

// Who asks for little gets it at the expense of the largest, which cannot take
// any more.
func TestTheLargestGoes(t *testing.T) {
	b := New(10 * mb)
	p, q, small := newPeer(b), newPeer(b), newPeer(b)
	p.take(t, 6*mb, true)
	q.take(t, 4*mb, true)
	small.take(t, mb, true)
	p.take(t, 1, false)
	p.gone(t, 6*mb)
	p.take(t, 1, false) // it was sent away
	if got := b.Used(); got != 5*mb || b.dying != 0 {
		t.Errorf("%d bytes are used, %d of them by the evicted", got, b.dying)
	}
	select {
	case <-q.out:
		t.Error("one was enough")
	default:
	}
}

// Those who were evicted and give nothing back, because a handler ignores its
// context, say, do not make room for more than the slack.
func TestTheEvictedStillCount(t *testing.T) {
	b := New(16 * mb)
	for range 4 {
		newPeer(b).take(t, 4*mb, true)
	}
	refused := 0
	for range 100 {
		if newPeer(b).Take(mb/2) != nil {
			refused++
		}
		if got := b.Used(); got > 20*mb {
			t.Fatalf("%d MiB are used of 16", got/mb)
		}
	}
	if refused != 100-8 {
		t.Errorf("%d of 100 were refused, want all but the 4 MiB of slack", refused)
	}
}

// An account without a budget, and no account, have no bound.
func TestNoBudget(t *testing.T) {
	var a Account
	a.Open(nil, nil)
	for _, a := range []*Account{&a, nil} {
		if err := a.Take(1 << 40); err != nil {
			t.Error(err)
		}
		a.Give(1 << 40)
	}
	if (*Budget)(nil).Used() != 0 {
		t.Error("no budget uses nothing")
	}
}

// A lease draws nothing for little, follows what is much, and gives all back.
func TestLease(t *testing.T) {
	b := New(mb)
	p := newPeer(b)
	var l Lease
	for i, tc := range []struct {
		total, drawn int
		fits         bool
	}{
		{free, 0, true},
		{free + 1, step, true},
		{step + 1, 2 * step, true},
		{step * 3 / 2, 2 * step, true}, // not at once
		{step + 1, 2 * step, true},
		{2 * mb, 2 * step, false},
		{step/2 + 1, step, true},
		{free, 0, true},
		{mb, mb, true},
		{0, 0, true},
	} {
		err := l.Grow(&p.Account, tc.total)
		if (err == nil) != tc.fits {
			t.Errorf("step %d: %v", i, err)
		}
		if err == nil {
			l.Ease(&p.Account, tc.total)
		}
		if b.Used() != tc.drawn {
			t.Errorf("step %d: %d bytes are drawn for %d, want %d", i, b.Used(), tc.total, tc.drawn)
		}
	}
}
