package socket

import (
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// packer takes messages out of a connection's read buffer until there are enough
// to move them into a queue under one lock. It belongs to the connection's reader
// and holds nothing between two batches.
type packer struct {
	// set at creation
	first []byte // the encoded frame that goes in front of each message; empty: none
	most  int    // messages of a batch, at most readBatch

	batch *block // from the pool; nil: none are held
	n     int    // messages in batch
	bytes int    // of them, as a queue counts them
	open  *chunk // the last of batch lie in it; nil: none
	in    int    // messages in open
}

// add takes a message; more is how many bytes are likely to follow at once.
func (p *packer) add(m *zmtp.Message, more int) {
	if p.batch == nil {
		p.batch = blocks.Get().(*block)
	}
	r := &p.batch.msgs[p.n]
	if m.Owned {
		p.seal()
		r.Envelope, r.Body = m.Envelope, m.Body
		if len(p.first) > 0 {
			r.Envelope = append(p.first[:len(p.first):len(p.first)], m.Envelope...)
		}
		r.from = wholeChunk(m.Buffer, 1)
	} else {
		need := len(p.first) + len(m.Envelope) + len(m.Body)
		if p.open == nil || p.open.room() < need {
			p.seal()
			p.open = newChunk(max(need, min(need+more, 1<<maxChunkBits)))
		}
		c := p.open
		p.in++
		if r.from = c; len(p.first)+len(m.Envelope) > 0 {
			at := len(c.buf)
			c.add(p.first)
			c.add(m.Envelope)
			r.Envelope = c.buf[at:len(c.buf):len(c.buf)]
		}
		r.Body = c.add(m.Body)
	}
	p.n++
	p.bytes += r.size()
}

// full is whether the batch has to be moved on.
func (p *packer) full() bool { return p.n >= p.most || p.bytes >= readBatchBytes }

// seal ends the filling of the open chunk.
func (p *packer) seal() {
	c := p.open
	if c == nil {
		return
	}
	c.left.Store(int32(p.in))
	if p.open = nil; len(c.buf) < cap(c.buf)/4 && cap(c.buf) > 1<<minChunkBits {
		p.shrink(c)
	}
	p.in = 0
}

// shrink moves the messages of a chunk, which are the last of the batch, to one of
// their size: what was expected to follow them did not, or nobody wanted it.
func (p *packer) shrink(c *chunk) {
	small := newChunk(len(c.buf))
	small.left.Store(int32(p.in))
	for i := p.n - p.in; i < p.n; i++ {
		r := &p.batch.msgs[i]
		*r = Received{Envelope: small.add(r.Envelope), Body: small.add(r.Body), from: small}
		c.release()
	}
}

// take returns the batch, which is valid until done.
func (p *packer) take() []Received {
	p.seal()
	if p.batch == nil {
		return nil
	}
	return p.batch.msgs[:p.n]
}

// done gives the batch's memory back after its messages have been moved on.
func (p *packer) done() {
	if p.batch != nil {
		clear(p.batch.msgs[:p.n])
		blocks.Put(p.batch)
		p.batch, p.n, p.bytes = nil, 0, 0
	}
}
