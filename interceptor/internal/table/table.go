// Package table keeps one value for each key, of the keys used last.
package table

import (
	"container/list"
	"sync"
)

// Table makes the value of a key when it is first asked for, and forgets the key
// that was not asked for longest when there are more than Max: keys come from
// peers, so their number must have a bound. It may be used concurrently.
type Table[K comparable, V any] struct {
	// set at creation
	max int
	new func(K) V

	mu    sync.Mutex // guards the fields below
	at    map[K]*list.Element
	order *list.List // of *pair, the last used first
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

// New returns a table of at most bound keys, at least one, whose values value
// makes.
func New[K comparable, V any](bound int, value func(K) V) *Table[K, V] {
	return &Table[K, V]{max: max(1, bound), new: value, at: map[K]*list.Element{}, order: list.New()}
}

// Get returns the value of key, made if need be. The making runs under the
// table's lock: it must be short and not use the table.
func (t *Table[K, V]) Get(key K) V {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.at[key]; ok {
		t.order.MoveToFront(e)
		return e.Value.(*pair[K, V]).value
	}
	p := &pair[K, V]{key, t.new(key)}
	t.at[key] = t.order.PushFront(p)
	if t.order.Len() > t.max {
		last := t.order.Remove(t.order.Back()).(*pair[K, V])
		delete(t.at, last.key)
	}
	return p.value
}

// Len returns how many keys there are now.
func (t *Table[K, V]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.order.Len()
}
