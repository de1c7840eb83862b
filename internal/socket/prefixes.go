package socket

import "slices"

// prefixes is a set of byte strings, each with a value, that finds those which
// a given string starts with. A look-up costs one map access for each distinct
// length in the set. It is not safe for concurrent use.
type prefixes[V any] struct {
	m    map[string]V
	lens []lenCount // ascending
}

// lenCount is how many of the set have a length.
type lenCount struct{ len, n int }

func (p *prefixes[V]) get(topic string) (v V, ok bool) {
	v, ok = p.m[topic]
	return v, ok
}

func (p *prefixes[V]) put(topic string, v V) {
	if p.m == nil {
		p.m = map[string]V{}
	}
	if _, ok := p.m[topic]; !ok {
		i, found := p.find(len(topic))
		if !found {
			p.lens = slices.Insert(p.lens, i, lenCount{len: len(topic)})
		}
		p.lens[i].n++
	}
	p.m[topic] = v
}

func (p *prefixes[V]) remove(topic string) {
	if _, ok := p.m[topic]; !ok {
		return
	}
	delete(p.m, topic)
	i, _ := p.find(len(topic))
	if p.lens[i].n--; p.lens[i].n == 0 {
		p.lens = slices.Delete(p.lens, i, i+1)
	}
}

func (p *prefixes[V]) find(n int) (int, bool) {
	return slices.BinarySearchFunc(p.lens, n, func(c lenCount, n int) int { return c.len - n })
}

// match yields the values of all prefixes of b, the shortest first.
func (p *prefixes[V]) match(b []byte, yield func(V) bool) {
	for _, c := range p.lens {
		if c.len > len(b) {
			return
		}
		if v, ok := p.m[string(b[:c.len])]; ok && !yield(v) {
			return
		}
	}
}

// matches is whether b starts with any of the set.
func (p *prefixes[V]) matches(b []byte) bool {
	for range func(yield func(V) bool) { p.match(b, yield) } {
		return true
	}
	return false
}
