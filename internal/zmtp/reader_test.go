package zmtp

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// mixed is a stream with every kind of frame in it, and what it says.
func mixed(t testing.TB) (stream []byte, want []string) {
	big := strings.Repeat("62", 40_000)
	in := "000161" + // a small message
		"0100" + "010470696e67" + "0004706f6e67" + // a multipart message
		"04070450494e470000" + // PING between messages
		"010170" + "04070450494e470000" + "0400" + "040a09535542534352494245" + "000171" + // commands inside one
		"03" + "0000000000009c40" + big + "04080450494e47000063" + "0100" + "000173" + // a large one, PING inside
		"0200000000000003e8" + strings.Repeat("64", 1000) +
		"0000"
	return unhex(t, in), []string{
		"61", "|70696e67|706f6e67", "<09535542534352494245>", "70|71",
		big + "||73", strings.Repeat("64", 1000), "",
	}
}

// reading returns a Conn that reads from the test, without a handshake.
func reading(t testing.TB, nc net.Conn, cfg Config) *Conn {
	t.Helper()
	conf := cfg.withDefaults()
	c := newConn(nc, &conf, peerInfo{typ: zmq4.Dealer}, nil)
	t.Cleanup(func() { c.Close(nil) })
	return c
}

// TestPieces delivers the same stream in pieces of every size: the messages are
// the same however TCP cuts them.
func TestPieces(t *testing.T) {
	stream, want := mixed(t)
	for _, tr := range transports {
		for _, piece := range []int{1, 2, 3, 7, 9, 100, 4096, 16<<10 + 1, 1 << 20} {
			nc, far := tr.pair(t)
			c := reading(t, nc, Config{})
			go io.Copy(io.Discard, far) // the PONGs
			go func() {
				for rest := stream; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
					if piece < 10 && len(rest) > 1000 && len(stream)-len(rest) > 1000 {
						// Byte by byte, but not through all of the large body.
						far.Write(rest[:len(rest)-1000])
						rest = rest[len(rest)-1000:]
					}
					if _, err := far.Write(rest[:min(piece, len(rest))]); err != nil {
						t.Errorf("write: %v", err)
						return
					}
				}
				closeWrite(far)
			}()
			got, err := collect(c)
			if !isPeerGone(err) {
				t.Fatalf("%s, pieces of %d: %v", tr.name, piece, err)
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Fatalf("%s, pieces of %d: got %.200q, want %.200q", tr.name, piece, got, want)
			}
		}
	}
}

// isPeerGone accepts both ways in which a closed peer looks: the end of the
// stream, or a PONG that can no longer be written.
func isPeerGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) || isReset(err)
}

func isReset(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "reset") || strings.Contains(err.Error(), "broken pipe"))
}

// TestEveryPrefix cuts the stream off at every offset: a prefix of the messages
// comes, never a part of one, and the end is told apart.
func TestEveryPrefix(t *testing.T) {
	stream := unhex(t, "000161"+"0100"+"010470696e67"+"0004706f6e67"+"040d09535542534352494245616263"+
		"010170"+"0400"+"000171"+"03000000000000000161"+"02000000000000000162")
	want := []string{"61", "|70696e67|706f6e67", "<09535542534352494245616263>", "70|71", "61|62"}
	ends := map[int]int{3: 1, 17: 2, 32: 3, 40: 4, 60: 5} // offset: messages before it
	whole := 0
	for n := 0; n <= len(stream); n++ {
		nc, far := memPair(1 << 10)
		c := reading(t, nc, Config{})
		far.Write(stream[:n])
		far.Close()
		got, err := collect(c)
		end := io.ErrUnexpectedEOF
		if k, ok := ends[n]; ok {
			whole, end = k, io.EOF
		} else if n == 0 {
			end = io.EOF
		}
		if strings.Join(got, " ") != strings.Join(want[:whole], " ") {
			t.Fatalf("%d bytes: got %q, want %q", n, got, want[:whole])
		}
		wantErr(t, "the end of the stream", err, end)
	}
}

// TestRandomMessages compares what arrives with what was sent, for messages of
// many sizes in one long stream: small ones in place, large ones gathered.
func TestRandomMessages(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	x, y := tcpPair(t, nil, nil)
	var sent [][]byte
	for range 300 {
		body := make([]byte, 1<<rng.IntN(19)-1+rng.IntN(3))
		for i := 0; i < len(body); i += 1 + len(body)/50 {
			body[i] = byte(rng.Uint32())
		}
		sent = append(sent, body)
	}
	done := make(chan struct{}) // before the test ends and closes what is being sent on
	go func() {
		defer close(done)
		for i, body := range sent {
			var err error
			if env := AppendFrame(nil, true, body[:len(body)/2]); i%2 == 0 {
				err = x.Send(always, env, body[len(body)/2:], Flush(i%4))
			} else {
				err = x.SendOwned(always, env, body[len(body)/2:len(body)*3/4], body[len(body)*3/4:], nil, Flush(i%4))
			}
			if err != nil {
				t.Errorf("send: %v", err)
			}
		}
		x.Flush()
	}()
	for i, body := range sent {
		m, err := recv(y)
		must(t, "recv", err)
		frames := m.AppendFrames(nil)
		if len(frames) != 2 || !bytes.Equal(frames[0], body[:len(body)/2]) || !bytes.Equal(frames[1], body[len(body)/2:]) {
			t.Fatalf("message %d of %d bytes came out differently", i, len(body))
		}
		if m.Owned {
			Recycle(m.Buffer)
		}
	}
	<-done
}

// TestDetach: after it, slices of the old buffer stay as they are while the
// reader goes on.
func TestDetach(t *testing.T) {
	nc, far := memPair(1 << 20)
	c := reading(t, nc, Config{})
	c.Detach() // nothing is buffered: nothing happens
	far.Write(unhex(t, "000161"+"000162"+"0003"))
	m, err := recv(c)
	must(t, "recv", err)
	held := c.Buffered()
	c.Detach()
	if c.Buffered() != held {
		t.Errorf("%d unread bytes, %d before Detach", c.Buffered(), held)
	}
	go func() {
		far.Write(unhex(t, "636363"))
		for range 3 * readSize / 4 {
			far.Write(unhex(t, "00027a7a"))
		}
		far.Close()
	}()
	got, _ := collect(c)
	if string(m.Body) != "a" {
		t.Errorf("a detached slice was overwritten: %q", m.Body)
	}
	if len(got) != 2+3*readSize/4 || got[0] != "62" || got[1] != "636363" {
		t.Errorf("the reader lost its place: %d messages, %.60q", len(got), got)
	}
}

// TestFillWithoutNext: input that nobody takes fills the read buffer and no
// more, and none of it is lost.
func TestFillWithoutNext(t *testing.T) {
	for _, tr := range transports {
		nc, far := tr.pair(t)
		c := reading(t, nc, Config{})
		const n = readSize // of 4 bytes each
		go func() {
			far.Write(bytes.Repeat(unhex(t, "00027a7a"), n))
			closeWrite(far)
		}()
		for c.Buffered() < readSize {
			must(t, "Fill", c.Fill())
		}
		must(t, "Fill with a full buffer", c.Fill())
		if c.Buffered() != readSize {
			t.Errorf("%s: holds %d bytes", tr.name, c.Buffered())
		}
		if got, _ := collect(c); len(got) != n {
			t.Errorf("%s: %d of %d messages", tr.name, len(got), n)
		}
	}
}

// TestInterrupt: a blocked Fill, and one that has not begun, return; the
// connection goes on as if nothing had been.
func TestInterrupt(t *testing.T) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			nc, far := tr.pair(t)
			c := reading(t, nc, Config{})
			for range 3 {
				done := make(chan error, 1)
				go func() { done <- c.Fill() }()
				for !c.rd.parked.Load() {
					runtime.Gosched()
				}
				c.Interrupt()
				wantErr(t, "a blocked Fill", within(t, "Fill", func() error { return <-done }), ErrInterrupted)
				wantErr(t, "the next one", within(t, "Fill", c.Fill), ErrInterrupted)
				c.Resume()
			}
			go far.Write(unhex(t, "000161"))
			m, err := recv(c)
			must(t, "recv after Resume", err)
			if show(&m) != "61" || c.Err() != nil {
				t.Errorf("got %q, %v", show(&m), c.Err())
			}
		})
	}
}

// TestFramesStops: a loop over a message's frames may end early.
func TestFramesStops(t *testing.T) {
	m := Message{Envelope: cat(AppendFrame(nil, true, []byte("a")), AppendFrame(nil, true, make([]byte, 300))), Body: []byte("c")}
	for f := range m.Frames {
		if string(f) != "a" {
			t.Errorf("first frame %q", f)
		}
		break
	}
	if n := len(m.AppendFrames(nil)); n != 3 {
		t.Errorf("%d frames", n)
	}
}
