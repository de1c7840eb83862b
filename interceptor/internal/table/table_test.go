package table

import (
	"fmt"
	"sync"
	"testing"
)

func TestTableKeepsTheLastUsed(t *testing.T) {
	made := 0
	tab := New(2, func(key string) int { made++; return made })
	first := tab.Get("a")
	tab.Get("b")
	if got := tab.Get("a"); got != first {
		t.Errorf("a = %d the second time, want the %d of the first", got, first)
	}
	tab.Get("c") // b is the one not used longest
	if got := tab.Get("a"); got != first {
		t.Error("a was forgotten although it was used after b")
	}
	if tab.Get("b"); made != 4 || tab.Len() != 2 {
		t.Errorf("%d values made, %d kept; want b made again and a bound of 2", made, tab.Len())
	}
	if tab := New(0, func(int) int { return 7 }); tab.Get(1) != 7 || tab.Get(2) != 7 || tab.Len() != 1 {
		t.Error("a bound below one must work like one")
	}
}

func TestNamesHaveABound(t *testing.T) {
	n := NewNames(2)
	for _, test := range []struct{ name, want string }{
		{"a", "a"}, {"b", "b"},
		{"c", Other}, // the set is full
		{"a", "a"},   // but keeps what it has
	} {
		if got := n.Fit(test.name); got != test.want {
			t.Errorf("Fit(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	tab, n := New(8, func(k string) string { return k }), NewNames(8)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				key := fmt.Sprint((i * (g + 1)) % 20)
				if got := tab.Get(key); got != key {
					t.Errorf("Get(%s) = %s", key, got)
				}
				n.Fit(key)
			}
		})
	}
	wg.Wait()
	if tab.Len() != 8 {
		t.Errorf("%d keys, want 8", tab.Len())
	}
}
