package socket

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// packed puts messages of one frame each through a packer, more bytes after each.
func packed(p *packer, more int, bodies ...string) []Received {
	for i, b := range bodies {
		left := more
		for _, rest := range bodies[i+1:] {
			left += len(rest)
		}
		p.add(&zmtp.Message{Body: []byte(b)}, left)
	}
	return p.take()
}

// Messages that come together share memory, which is free when the last of them
// was released, in any order; what was kept is nobody else's.
func TestChunkIsShared(t *testing.T) {
	p := packer{most: readBatch}
	got := append([]Received(nil), packed(&p, 0, "one", "two", "three")...)
	p.done()
	c := got[0].from
	if got[1].from != c || got[2].from != c || c.left.Load() != 3 {
		t.Fatalf("three messages lie in %p %p %p, %d users", c, got[1].from, got[2].from, c.left.Load())
	}
	got[2].Release()
	two := got[1]
	two.Keep()
	if c.left.Load() != 1 || two.Lent() || string(two.Body) != "two" {
		t.Errorf("%d users are left, kept %q", c.left.Load(), two.Body)
	}
	if string(got[0].Body) != "one" {
		t.Errorf("lent: %q", got[0].Body)
	}
	kept := append(two.Body[:0:len(two.Body)], "TWO"...)
	got[0].Release()
	for range 10 { // whoever gets the chunk now writes into it
		again := packed(&p, 0, "xxxxxxxxxxxxx")
		again[0].Release()
		p.done()
	}
	if string(kept) != "TWO" {
		t.Errorf("what was kept became %q", kept)
	}
	var none Received
	none.Release() // as after Keep: nothing to do
	none.Keep()
}

// Frames in front of the last stay with it, cut off so that appending to one does
// not write into the next; so does a routing id, also before a large message.
func TestPackedFrames(t *testing.T) {
	for _, owned := range []bool{false, true} {
		p := packer{most: readBatch, first: zmtp.AppendFrame(nil, true, []byte("id"))}
		m := zmtp.Message{Envelope: zmtp.AppendFrame(nil, true, []byte("topic")), Body: []byte("body")}
		if m.Owned = owned; owned {
			m.Buffer = m.Body
		}
		p.add(&m, 0)
		p.add(&m, 0)
		all := append([]Received(nil), p.take()...)
		first, ok := all[0].First()
		if !ok || string(first) != "id" {
			t.Errorf("owned %v: the first frame is %q, %v", owned, first, ok)
		}
		frames := all[0].split()
		if join(frames) != "id|topic|body" {
			t.Errorf("owned %v: %q", owned, frames)
		}
		_ = append(frames[1], "xxxxxxxxxxxx"...)
		_ = append(all[1].Body, "xxxxxxxxxxxx"...)
		if join(frames) != "id|topic|body" || join(all[1].split()) != "id|topic|body" {
			t.Errorf("owned %v: appending to one frame wrote into the next", owned)
		}
	}
	if _, ok := (&Received{Body: []byte("alone")}).First(); ok {
		t.Error("a single frame was taken for the first of several")
	}
}

// A few bytes hold no memory for many that were expected and did not come: a peer
// may send the start of a large message behind each small one.
func TestPackerShrinks(t *testing.T) {
	p := packer{most: readBatch}
	got := packed(&p, 15<<10, "small", "too")
	if n := cap(got[0].from.buf); n > 1<<minChunkBits || got[0].from != got[1].from {
		t.Errorf("two small messages hold %d bytes", n)
	}
	if string(got[0].Body) != "small" || string(got[1].Body) != "too" {
		t.Errorf("moved: %q %q", got[0].Body, got[1].Body)
	}
	p.done()
	// What fills it stays where it is, also if more than expected comes.
	got = packed(&p, 0, string(make([]byte, 20<<10)), string(make([]byte, 20<<10)))
	if got[0].from == got[1].from || cap(got[0].from.buf) > 32<<10 {
		t.Errorf("large ones share %d bytes", cap(got[0].from.buf))
	}
	if p.done(); p.batch != nil || p.open != nil {
		t.Error("a packer between two batches holds memory")
	}
}

// A backlog keeps its order over blocks that are full, part full and reused, and
// holds nothing when it is empty.
func TestBacklog(t *testing.T) {
	var l backlog
	in, out := 0, 0
	for round := range 50 {
		var msgs []Received
		for range (round * 37) % 150 {
			msgs = append(msgs, Received{Body: fmt.Append(nil, in)})
			in++
		}
		l.push(msgs)
		for range (round * 53) % 140 {
			if l.n == 0 {
				break
			}
			if m := l.pop(); string(m.Body) != fmt.Sprint(out) {
				t.Fatalf("got %s, want %d", m.Body, out)
			}
			out++
		}
	}
	for l.n > 0 {
		l.pop()
		out++
	}
	if in != out || l.head != nil || l.tail != nil {
		t.Errorf("%d in, %d out, blocks left: %v", in, out, l.head != nil)
	}
}

// A queue of small messages that nobody takes costs about what it counts for, in
// whatever portions they come.
func TestBacklogMemory(t *testing.T) {
	q := newFairQueue(New(Options{}))
	in := &inbox{room: make(chan struct{}, 1)}
	pack := packer{most: readBatch}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range defaultRecvHWM {
		pack.add(&zmtp.Message{Body: make([]byte, 100)}, 15<<10) // each alone, with half of a large one
		if !q.push(nil, in, pack.take()) {
			t.Fatal("it is full too early")
		}
		pack.done()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("%d messages of 100 bytes cost %d bytes", in.msgs.n, grown)
	}
	runtime.KeepAlive(in)
}

// A subscriber that stalls holds on to a large message, and nobody writes into it
// meanwhile: the copy that all share is free when the last connection has let go.
func TestSharedBody(t *testing.T) {
	o := soon()
	o.Conn.SendHWM = 2
	pub := closing(t, NewPub(o))
	ep := bind(t, pub, anyEndpoint(t, "inproc"))
	slow := rawInproc(t, ep, "SUB", "")
	slow.write(subMsg(""))
	var good []*Sub
	for range 3 {
		s := closing(t, NewSub(soon()))
		_ = s.Subscribe("")
		connect(t, s, ep)
		good = append(good, s)
	}
	wait(t, "all have subscribed", func() bool { return pub.Subscriptions() == 4 })
	const size, n = 100 << 10, 20
	body := make([]byte, size)
	for i := range n {
		for k := range body {
			body[k] = byte(i)
		}
		if err := pub.Send(t.Context(), body); err != nil {
			t.Fatal(err)
		}
		for _, s := range good {
			if m := recvFrames(t, s); !bytes.Equal(m[0], body) {
				t.Fatalf("message %d came as %d bytes of %d", i, len(m[0]), m[0][0])
			}
		}
	}
	d := int(pub.Stats().DroppedFull)
	if d < n-4 || d >= n {
		t.Errorf("%d of %d were dropped for the stalled one, whose queue is 2", d, n)
	}
	// It got its queue's worth from the first on, each whole.
	for i := range n - d {
		b := slow.read(9 + size)
		if want := bytes.Repeat([]byte{byte(i)}, size); !bytes.Equal(b[9:], want) {
			t.Fatalf("message %d of the stalled one is not what was sent", i)
		}
	}
}

// The budgets of a message to eight subscribers: nothing for Send, nothing for
// taking it. One more is allowed for what a collection empties.
func TestPubSubAllocations(t *testing.T) {
	if raceEnabled {
		return // sync.Pool drops at random then
	}
	pub := closing(t, NewPub(soon()))
	ep := bind(t, pub, anyEndpoint(t, "tcp"))
	var subs []*Sub
	for range 8 {
		s := closing(t, NewSub(soon()))
		_ = s.Subscribe("")
		connect(t, s, ep)
		subs = append(subs, s)
	}
	wait(t, "all have subscribed", func() bool { return pub.Subscriptions() == len(subs) })
	for _, tc := range []struct {
		size   int
		n      int     // messages at once, less than a queue holds in messages and bytes
		budget float64 // allocations of a message and its deliveries
	}{
		{100, 20, 1},
		{64 << 10, 8, 3 + 3*8}, // the shared chunk and its release; a gathering buffer's way back to its pool and chunk
	} {
		msg, ctx := make([]byte, tc.size), ctxT(t)
		round := func() {
			for range tc.n {
				if err := pub.Send(ctx, msg); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range subs {
				for range tc.n {
					m, err := s.Take(ctx)
					if err != nil || len(m.Body) != tc.size {
						t.Fatal(err)
					}
					m.Release()
				}
			}
		}
		round()
		if got := testing.AllocsPerRun(20, round) / float64(tc.n); got > tc.budget {
			t.Errorf("%.2f allocations for a message of %d bytes to %d, want %v", got, tc.size, len(subs), tc.budget)
		}
	}
	if d := pub.Stats().DroppedFull; d != 0 {
		t.Errorf("%d dropped", d)
	}
}
