package zmtp

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
)

// TestOwner: a message in the read buffer is lent, a large one is given.
func TestOwner(t *testing.T) {
	x, y := tcpPair(t, nil, nil)
	go func() {
		x.Send(always, nil, []byte("small"), Now)
		x.Send(always, nil, make([]byte, 1<<20), Now)
	}()
	m, err := recv(y)
	must(t, "recv", err)
	if m.Owned || m.Buffer != nil {
		t.Error("a small message lies in the read buffer")
	}
	m, err = recv(y)
	must(t, "recv", err)
	if !m.Owned || len(m.Buffer) < len(m.Body) || &m.Buffer[len(m.Buffer)-1] != &m.Body[len(m.Body)-1] {
		t.Error("a large message lies in a buffer of its own")
	}
}

// TestClaims: a size that a peer names costs nothing until its bytes come.
func TestClaims(t *testing.T) {
	const conns = 200
	var keep []*Conn
	before := heap()
	for i := range conns {
		nc, far := memPair(64)
		conf := (&Config{}).withDefaults()
		c := newConn(nc, &conf, peerInfo{}, nil)
		keep = append(keep, c)
		if i%2 == 0 { // within the limit: waits, and holds what came
			far.Write(appendHeader(nil, 0, DefaultMaxMessage))
			must(t, "Fill", c.Fill())
			_, ok, err := c.Next()
			if ok || err != nil {
				t.Fatalf("a claim of 64 MiB: %v, %v", ok, err)
			}
			c.rd.park() // what a kernel connection does before it waits
		} else { // above: closed
			far.Write(appendHeader(nil, 0, DefaultMaxMessage+1))
			must(t, "Fill", c.Fill())
			_, _, err := c.Next()
			wantErr(t, "a claim above the limit", err, ErrTooLarge)
		}
	}
	if grown := heap() - before; grown > conns*(8<<10)+readSize*conns/2 {
		t.Errorf("%d claims cost %d bytes", conns, grown)
	}
	runtime.KeepAlive(keep)
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	var ms runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&ms)
	return int64(ms.HeapAlloc)
}

// TestGatherGrowsWithData: at no time is the buffer of a large message more
// than a few times what has come, and a peer that has sent such a message
// before gets its buffer at once.
func TestGatherGrowsWithData(t *testing.T) {
	const size = 6 << 20
	nc, far := memPair(1 << 20)
	c := reading(t, nc, Config{})
	for round := range 2 {
		go far.Write(AppendFrame(nil, false, make([]byte, size)))
		for {
			_, ok, err := c.Next()
			must(t, "Next", err)
			if ok {
				break
			}
			if have, room := len(c.rd.big), cap(c.rd.big); round == 0 && room > 0 && room > gatherFactor*max(have, gatherMin) {
				t.Fatalf("%d bytes came and %d are reserved", have, room)
			}
			must(t, "Fill", c.Fill())
		}
	}
	if c.rd.trust != maxTrust {
		t.Errorf("trust is %d, want its maximum %d", c.rd.trust, maxTrust)
	}
}

// TestParkedHoldsNoBuffer: a waiting kernel connection has no read buffer, and
// with part of a message one of that part's size.
func TestParkedHoldsNoBuffer(t *testing.T) {
	nc, far := tcpConns(t)
	defer far.Close()
	c := reading(t, nc, Config{})
	far.Write(unhex(t, "000161"+"0005"))
	m, err := recv(c)
	must(t, "recv", err)
	if show(&m) != "61" {
		t.Fatalf("got %q", show(&m))
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := c.Next() // the rest of a message is not there
		done <- errors.Join(err, c.Fill())
	}()
	for !c.rd.parked.Load() {
		runtime.Gosched()
	}
	c.Interrupt()
	wantErr(t, "the parked Fill", within(t, "Fill", func() error { return <-done }), ErrInterrupted)
	if c.rd.buf != nil || cap(c.rd.stash) > minPooled || c.Buffered() != 2 {
		t.Errorf("buffer %v, stash of %d, %d bytes unread", c.rd.buf != nil, cap(c.rd.stash), c.Buffered())
	}
	c.Resume()
	far.Write(unhex(t, "6162636465"))
	m, err = recv(c)
	must(t, "recv", err)
	if show(&m) != "6162636465" {
		t.Errorf("got %q", show(&m))
	}
}

// TestSizeClasses: every size gets a class that holds it, and at most an eighth
// is wasted.
func TestSizeClasses(t *testing.T) {
	for n := minPooled; n <= maxPooled; n += 1 + n/100 {
		class, size := sizeClass(n)
		again, same := sizeClass(size)
		if size < n || size > n+n/perPower+1 || again != class || same != size {
			t.Fatalf("%d bytes: class %d of %d, which is class %d of %d", n, class, size, again, same)
		}
	}
	if b := getBuffer(maxPooled + 1); cap(b) != maxPooled+1 {
		t.Errorf("large buffer of %d", cap(b))
	}
	Recycle(nil)
	Recycle(make([]byte, minPooled+1)) // not from here: ignored
	Recycle(make([]byte, maxPooled+1))
}

// TestParkWithMuchUnread: input that was not taken is not copied back and forth
// when Fill has to wait; it stays where it is.
func TestParkWithMuchUnread(t *testing.T) {
	nc, far := tcpConns(t)
	c := reading(t, nc, Config{})
	const n = gatherMin/4 + 10
	far.Write(bytes.Repeat([]byte("\x00\x02zz"), n))
	for c.Buffered() < 4*n {
		must(t, "Fill", c.Fill())
	}
	done := make(chan error, 1)
	go func() { done <- c.Fill() }()
	eventually(t, "Fill waits", c.rd.parked.Load)
	far.Close()
	wantErr(t, "the end after whole messages that nobody took", within(t, "Fill", func() error { return <-done }), io.ErrUnexpectedEOF)
	for i := range n {
		if m, ok, err := c.Next(); !ok || err != nil || string(m.Body) != "zz" {
			t.Fatalf("message %d of %d: %v, %v", i, n, ok, err)
		}
	}
}
