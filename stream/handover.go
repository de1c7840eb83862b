package stream

import "github.com/zrpc-go/zrpc/event"

// The memory of a large request or answer changes hands instead of being copied.
// What is in here is for the handler's goroutine.

// TakeArgs makes the memory of the request the handler's, if it is a buffer of
// its own: what Args holds then stays valid after the handler has returned.
func (c *Call) TakeArgs() bool {
	if c.big == nil {
		return false
	}
	c.sm.conn.Abandon(c.big)
	c.big = nil
	return true
}

// LendArgs returns Args if the request lies in a buffer of its own; else, and after
// TakeArgs, nil. The buffer is given back when the call is over and all parts of
// what is returned are released. The call's own is not to be released.
func (c *Call) LendArgs() *event.Bytes {
	if c.lent == nil && c.big != nil {
		conn, buf := c.sm.conn, c.big
		c.big = nil
		c.lent = event.NewBytes(c.Args, func() { conn.Recycle(buf) })
	}
	return c.lent
}

// GiveResult has the content of b follow the result that Unary appends; b is
// released when it was sent, or will not be. False: it must be appended.
func (c *Call) GiveResult(b *event.Bytes) bool {
	if !c.method.Tail || c.given != nil || c.tail != nil || c.sm.opt.Trace != nil {
		return false
	}
	c.tail = b
	return true
}

// LendResult is GiveResult for content that is not used any more when the answer
// is on its way: the end of it, if the connection is slow, is copied then.
func (c *Call) LendResult(content []byte) bool {
	if !c.method.Tail || c.given != nil || c.tail != nil || c.sm.opt.Trace != nil {
		return false
	}
	c.given = content
	return true
}

// Given returns how many bytes GiveResult and LendResult have taken.
func (c *Call) Given() int { return len(c.given) + len(c.tail.Bytes()) }

// dropTail gives up what GiveResult or LendResult was given.
func (c *Call) dropTail() {
	c.tail.Release()
	c.tail, c.given = nil, nil
}

// recycle gives the buffer of the request back.
func (c *Call) recycle() {
	if c.big != nil {
		c.sm.conn.Recycle(c.big)
		c.big = nil
	}
	c.lent.Release()
	c.lent = nil
}

// Lend makes an owned Result the caller's until it calls release, once.
func (r *Reply) Lend() (release func()) {
	conn, buf := r.ch.m.conn, r.ch.big
	r.ch.big = nil
	return func() { conn.Recycle(buf) }
}
