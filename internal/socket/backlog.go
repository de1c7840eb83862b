package socket

import "sync"

// backlog is a first-in first-out queue of messages in pooled blocks. An empty one
// holds no memory.
type backlog struct {
	head, tail *block
	n          int // messages
}

// block is a part of a backlog: msgs[at:end].
type block struct {
	msgs    [readBatch]Received
	at, end int
	next    *block
}

var blocks = sync.Pool{New: func() any { return new(block) }}

// push appends messages.
func (l *backlog) push(msgs []Received) {
	l.n += len(msgs)
	for len(msgs) > 0 {
		if l.tail == nil || l.tail.end == readBatch {
			b := blocks.Get().(*block)
			if l.tail == nil {
				l.head = b
			} else {
				l.tail.next = b
			}
			l.tail = b
		}
		k := copy(l.tail.msgs[l.tail.end:], msgs)
		l.tail.end += k
		msgs = msgs[k:]
	}
}

// pop may be called only while n > 0.
func (l *backlog) pop() Received {
	b := l.head
	m := b.msgs[b.at]
	b.msgs[b.at] = Received{} // it is the receiver's now
	b.at++
	l.n--
	if b.at == b.end {
		if l.head = b.next; l.head == nil {
			l.tail = nil
		}
		b.at, b.end, b.next = 0, 0, nil
		blocks.Put(b)
	}
	return m
}
