package zmtp

import (
	"bytes"
	"io"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// FuzzHandshake: whatever a peer says, a handshake ends without a panic, and if
// it succeeds its peer keeps the rules.
func FuzzHandshake(f *testing.F) {
	for _, s := range []string{"", greetingHex, greetingHex + readyDealer, greetingHex + readyRouter + "000161",
		greetingHex + readyPub, greetingHex + "040a054552524f5203343030", greetingHex + "04095e52524f5203343030",
		greetingHex + "060000000000000029" + readyDealer[4:]} {
		f.Add(unhex(f, s), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, server bool) {
		nc, far := memPair(1 << 20)
		far.Write(in)
		closeWrite(far)
		typ := zmq4.Dealer
		if server {
			typ = zmq4.Router
		}
		c, err := Handshake(nc, &Config{Type: typ, Server: server})
		if err != nil {
			return
		}
		defer c.Close(nil)
		if !typ.IsCompatible(c.PeerType()) || checkIdentity(c.PeerIdentity()) != nil {
			t.Fatalf("accepted a %s with identity %q", c.PeerType(), c.PeerIdentity())
		}
		if _, err := collect(c); err == nil {
			t.Fatal("the end of the stream was not noticed")
		}
	})
}

// FuzzReader: whatever frames a peer sends, and however they are cut, the
// reader keeps its limits and returns the same messages as for the whole.
func FuzzReader(f *testing.F) {
	stream, _ := mixed(f)
	f.Add(stream[:200], uint16(1))
	f.Add(stream[len(stream)-1100:], uint16(100))
	f.Add(unhex(f, "03000000000000000161"+"04070450494e470000"+"0000"), uint16(3))
	f.Add(unhex(f, "02ffffffffffffffff"), uint16(2))
	f.Add(bytes.Repeat(unhex(f, "0100"), 100), uint16(7))
	f.Fuzz(func(t *testing.T, in []byte, piece uint16) {
		read := func(piece int) (got []string, err error) {
			nc, far := memPair(piece)
			go io.Copy(io.Discard, far)
			c := reading(t, nc, Config{MaxMessage: 100_000, MaxFrames: 10})
			defer c.Close(nil)
			go func() {
				far.Write(in)
				closeWrite(far)
			}()
			for {
				m, err := recv(c)
				if err != nil {
					return got, err
				}
				if n := len(m.AppendFrames(nil)); n > 10 || len(m.Body) > 100_000 || m.Command && len(m.Envelope) > 0 {
					t.Fatalf("a message of %d frames and %d bytes came through", n, len(m.Body))
				}
				if len(in) < 10_000 {
					got = append(got, show(&m))
				}
			}
		}
		whole, werr := read(1 << 20)
		parts, perr := read(int(piece)%5000 + 1)
		if len(whole) != len(parts) {
			t.Fatalf("%d messages of the whole (%v), %d in pieces (%v)", len(whole), werr, len(parts), perr)
		}
		for i := range whole {
			if whole[i] != parts[i] {
				t.Fatalf("message %d: %q of the whole, %q in pieces", i, whole[i], parts[i])
			}
		}
	})
}
