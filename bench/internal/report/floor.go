package report

import (
	"slices"

	"github.com/zrpc-go/zrpc/bench/internal/suite"
)

// floor is the same goal with raw TCP in zrpc's place, so that a reader sees how far the
// machine itself would go. It has no figure where raw TCP does not do the work, and no
// terms where it would be compared with itself.
func (g goal) floor() goal {
	g.of = slices.Clone(g.of)
	for i := range g.of {
		t := &g.of[i]
		for _, f := range []figureOf{t.over, t.base} {
			if f.peer == raw || f.peer == mux {
				return goal{what: g.what, bound: g.bound}
			}
		}
		as := raw
		if crowded(t.over.work) || crowded(t.base.work) {
			as = mux
		}
		if t.name == "" && as == mux {
			t.name = "multiplexed"
		}
		replaced := t.over.replace(as)
		t.base.replace(as)
		if !replaced || t.over.cell() == t.base.cell() {
			return goal{what: g.what, bound: g.bound}
		}
	}
	return g
}

// replace puts a floor in the place of zrpc, however it is used, and says whether it did.
func (f *figureOf) replace(as string) bool {
	if f.peer != Base && f.peer != pool {
		return false
	}
	f.peer = as
	return true
}

// crowded says whether many calls share a connection. There, raw TCP is the one with
// numbered requests, as a ping-pong's connection has no calls.
func crowded(work string) bool {
	i := slices.IndexFunc(suite.Works, func(w suite.Work) bool { return w.Name == work })
	return i >= 0 && suite.Works[i].Crowded()
}
