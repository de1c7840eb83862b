package msgid

// key is a peer's message id, as encoded, in a form that a map can hold without
// an allocation. Python's ids take 34 bytes, Node's 38.
type key struct {
	n uint8
	b [39]byte
}

// Table finds values by the encoded ids that a peer has chosen. The zero value is
// empty. It is not safe for concurrent use.
type Table[T comparable] struct {
	short map[key]T
	long  map[string]T // ids that do not fit into a key
}

func shortKey(id []byte) (k key, ok bool) {
	if len(id) > len(k.b) {
		return k, false
	}
	k.n = uint8(len(id))
	copy(k.b[:], id)
	return k, true
}

// Get returns the value of id, or the zero value.
func (t *Table[T]) Get(id []byte) T {
	if k, ok := shortKey(id); ok {
		return t.short[k]
	}
	return t.long[string(id)]
}

// Put enters v; an earlier entry of the same id is replaced, as zerorpc does.
func (t *Table[T]) Put(id []byte, v T) {
	if k, ok := shortKey(id); ok {
		if t.short == nil {
			t.short = make(map[key]T)
		}
		t.short[k] = v
		return
	}
	if t.long == nil {
		t.long = make(map[string]T)
	}
	t.long[string(id)] = v
}

// Remove deletes the entry of id if it is still v.
func (t *Table[T]) Remove(id []byte, v T) {
	if k, ok := shortKey(id); ok {
		if t.short[k] == v {
			delete(t.short, k)
		}
		return
	}
	if t.long[string(id)] == v {
		delete(t.long, string(id))
	}
}

// Len returns the number of entries.
func (t *Table[T]) Len() int { return len(t.short) + len(t.long) }
