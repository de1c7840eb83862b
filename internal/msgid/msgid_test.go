package msgid

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMaker(t *testing.T) {
	var g, other Maker
	g.Init()
	other.Init()
	seen := map[Encoded]bool{}
	for _, slot := range []uint32{0, 1, 77, NoSlot} {
		n := g.Next(slot)
		id := g.Encode(n)
		if seen[id] || id[0] != 0xc4 || len(id.Text()) != 32 || !utf8.Valid(id.Text()) {
			t.Errorf("id %x: want a new bin of 32 characters", id)
		}
		seen[id] = true
		if got, ok := g.Number(id[:]); !ok || got != n || got&NoSlot != uint64(slot) {
			t.Errorf("number of %x is %x, %v, want %x", id, got, ok, n)
		}
		text := id
		text[0] = 0xd9
		if got, ok := g.Number(text[:]); !ok || got != n {
			t.Error("an id that came back as str was not known")
		}
		if _, ok := other.Number(id[:]); ok {
			t.Error("another maker's id was taken for ours")
		}
		id[33] = 'G'
		if _, ok := g.Number(id[:]); ok {
			t.Error("an id with a bad digit was taken for ours")
		}
	}
	for _, junk := range []string{"", "\xc0", "\xc4\x20", strings.Repeat("x", 34)} {
		if _, ok := g.Number([]byte(junk)); ok {
			t.Errorf("%q was taken for ours", junk)
		}
	}
}

func TestTable(t *testing.T) {
	var table Table[int]
	for i, id := range []string{"\xc4\x03abc", "\xa3abc", "\x05", strings.Repeat("x", 39), strings.Repeat("x", 40), strings.Repeat("long", 30)} {
		if table.Get([]byte(id)) != 0 {
			t.Errorf("%q is there before it was put in", id)
		}
		table.Put([]byte(id), i+1)
		table.Put([]byte(id), i+10)
		table.Remove([]byte(id), i+1)
		if got := table.Get([]byte(id)); got != i+10 {
			t.Errorf("%q is %d, want %d: only the later entry may be removed", id, got, i+10)
		}
	}
	if table.Len() != 6 {
		t.Errorf("%d entries, want 6: ids differ by type too", table.Len())
	}
	for i, id := range []string{"\xc4\x03abc", "\xa3abc", "\x05", strings.Repeat("x", 39), strings.Repeat("x", 40), strings.Repeat("long", 30)} {
		table.Remove([]byte(id), i+10)
	}
	if table.Len() != 0 {
		t.Errorf("%d entries are left", table.Len())
	}
}

// The last ids are known, and no more than those are kept, whoever chose them.
func TestRecent(t *testing.T) {
	var r Recent
	if r.Has(nil) || r.Has([]byte("x")) {
		t.Error("an id is known before any was added")
	}
	id := func(i int) []byte { return fmt.Append(nil, "id", i) }
	for i := range 3 * recentIDs {
		r.Add(id(i))
		if !r.Has(id(i)) {
			t.Fatalf("%d is not known", i)
		}
	}
	if !r.Has(id(2*recentIDs)) || r.Has(id(2*recentIDs-1)) || len(r.sums) != recentIDs {
		t.Errorf("%d are kept, want the last %d", len(r.sums), recentIDs)
	}
}
