package zmtp

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
	"github.com/go-zeromq/zmq4/security/plain"
)

// TestPeer: what the handshake tells about the other side.
func TestPeer(t *testing.T) {
	for _, tr := range transports {
		a, b := tr.pair(t)
		x, y := connect(t, a, b,
			&Config{Type: zmq4.Dealer, Identity: []byte("me\x00\xff")},
			&Config{Type: zmq4.Router, Server: true})
		if x.PeerType() != zmq4.Router || y.PeerType() != zmq4.Dealer {
			t.Errorf("%s: types %s, %s", tr.name, x.PeerType(), y.PeerType())
		}
		if len(x.PeerIdentity()) != 0 || string(y.PeerIdentity()) != "me\x00\xff" {
			t.Errorf("%s: identities %q, %q", tr.name, x.PeerIdentity(), y.PeerIdentity())
		}
		if x.PeerMinor() != 1 || y.PeerMinor() != 1 {
			t.Errorf("%s: versions 3.%d, 3.%d", tr.name, x.PeerMinor(), y.PeerMinor())
		}
		if x.RemoteAddr() == nil {
			t.Errorf("%s: no address", tr.name)
		}
	}
}

// TestPairs: every legal pair of socket types (RFC 23 and its successors), and
// no other, completes a handshake.
func TestPairs(t *testing.T) {
	legal := map[string]string{
		"REQ": "REP ROUTER", "REP": "REQ DEALER", "DEALER": "REP DEALER ROUTER", "ROUTER": "REQ DEALER ROUTER",
		"PUB": "SUB XSUB", "XPUB": "SUB XSUB", "SUB": "PUB XPUB", "XSUB": "PUB XPUB",
		"PUSH": "PULL", "PULL": "PUSH", "PAIR": "PAIR",
	}
	for us := range legal {
		for them := range legal {
			a, b := memPair(1 << 10)
			peer := make(chan error, 1)
			go func() {
				_, err := Handshake(b, &Config{Type: zmq4.SocketType(them)})
				peer <- err
			}()
			_, err := Handshake(a, &Config{Type: zmq4.SocketType(us)})
			if <-peer; strings.Contains(" "+legal[us]+" ", " "+them+" ") {
				must(t, us+" and "+them, err)
			} else {
				wantErr(t, us+" and "+them, err, ErrIncompatible)
			}
		}
	}
}

// TestConfig: what can never work is refused before a byte is sent.
func TestConfig(t *testing.T) {
	for why, cfg := range map[string]*Config{
		"no type":           {},
		"unknown type":      {Type: "STREAM"},
		"long identity":     {Type: zmq4.Dealer, Identity: make([]byte, 256)},
		"reserved identity": {Type: zmq4.Dealer, Identity: []byte{0, 1}},
		"encryption":        {Type: zmq4.Dealer, Security: mechanism{kind: zmq4.CurveSecurity}},
	} {
		nc, far := memPair(100)
		c, err := Handshake(nc, cfg)
		if c != nil || err == nil {
			t.Errorf("%s: accepted", why)
		}
		if b, _ := io.ReadAll(far); len(b) > 0 {
			t.Errorf("%s: %x was sent", why, b)
		}
	}
}

// mechanism is a security mechanism made for a test.
type mechanism struct {
	zmq4.Security
	kind zmq4.SecurityType
	play func(*zmq4.Conn) error
}

func (m mechanism) Type() zmq4.SecurityType                  { return m.kind }
func (m mechanism) Handshake(c *zmq4.Conn, _ bool) error     { return m.play(c) }
func (mechanism) Encrypt(w io.Writer, b []byte) (int, error) { return w.Write(b) }

// TestMechanism: whatever a mechanism does, and whatever it leaves undone, ends
// in an error or in a peer that was checked.
func TestMechanism(t *testing.T) {
	broken := errors.New("broken")
	for _, tc := range []struct {
		why  string
		play func(*zmq4.Conn) error
		want error
	}{
		{"it panics", func(*zmq4.Conn) error { panic("index out of range") }, ErrHandshake},
		{"it fails", func(*zmq4.Conn) error { return broken }, broken},
		{"it accepts a peer without a type", func(c *zmq4.Conn) error { return nil }, ErrIncompatible},
		{"it makes a type up", func(c *zmq4.Conn) error { c.Peer.Meta[propType] = "X"; return nil }, ErrHandshake},
		{"it leaves a command half read", func(c *zmq4.Conn) error {
			_, err := c.Read(make([]byte, 3))
			c.Peer.Meta[propType] = "DEALER"
			return err
		}, ErrHandshake},
		{"it takes a reserved identity", func(c *zmq4.Conn) error {
			c.Peer.Meta[propType], c.Peer.Meta[propIdentity] = "DEALER", "\x00"
			return nil
		}, ErrIdentity},
	} {
		nc, far := memPair(1 << 10)
		far.Write(unhex(t, greetingHex+readyDealer))
		_, err := Handshake(nc, &Config{Type: zmq4.Dealer, Security: mechanism{kind: zmq4.NullSecurity, play: tc.play}})
		if !errors.Is(err, tc.want) && !(tc.want == ErrIncompatible && err != nil) {
			t.Errorf("%s: got %v, want %v", tc.why, err, tc.want)
		}
	}
}

// TestZMQ4Mechanisms: zmq4's own mechanisms run behind the guard as well.
func TestZMQ4Mechanisms(t *testing.T) {
	for why, sec := range map[string]func() zmq4.Security{
		"NULL":  null.Security,
		"PLAIN": func() zmq4.Security { return plain.Security("user", "password") },
	} {
		t.Run(why, func(t *testing.T) {
			a, b := tcpConns(t)
			x, y := connect(t, a, b,
				&Config{Type: zmq4.Dealer, Identity: []byte("id"), Security: sec()},
				&Config{Type: zmq4.Router, Server: true, Security: sec()})
			if string(y.PeerIdentity()) != "id" || x.PeerType() != zmq4.Router {
				t.Errorf("identity %q, type %s", y.PeerIdentity(), x.PeerType())
			}
			must(t, "Send", x.Send(always, nil, []byte("hi"), Now))
			m, err := recv(y)
			must(t, "recv", err)
			if string(m.Body) != "hi" {
				t.Errorf("got %q", m.Body)
			}
		})
	}
}

// TestHandshakeFlood: more commands, or more bytes, than any mechanism needs.
func TestHandshakeFlood(t *testing.T) {
	loop := mechanism{kind: zmq4.NullSecurity, play: func(c *zmq4.Conn) error {
		for {
			if _, err := c.RecvCmd(); err != nil {
				return err
			}
		}
	}}
	for why, body := range map[string]string{"commands": "\x01X", "bytes": "\x01X" + strings.Repeat("x", 10_000)} {
		nc, far := tcpConns(t)
		go func() {
			far.Write(unhex(t, greetingHex))
			for {
				if _, err := far.Write(append(appendHeader(nil, flagCommand, len(body)), body...)); err != nil {
					return
				}
			}
		}()
		_, err := Handshake(nc, &Config{Type: zmq4.Dealer, Security: loop})
		wantErr(t, why, err, ErrHandshake)
		far.Close()
	}
}

// noDeadline is a connection that cannot time out.
type noDeadline struct{ net.Conn }

func (noDeadline) RemoteAddr() net.Addr { return nil }

// TestNoDeadline: without deadlines a handshake could last for ever, so none
// is begun.
func TestNoDeadline(t *testing.T) {
	nc, far := net.Pipe()
	nc.Close() // its deadlines cannot be set any more
	defer far.Close()
	_, err := Handshake(noDeadline{nc}, &Config{Type: zmq4.Dealer})
	wantErr(t, "a connection without deadlines", err, io.ErrClosedPipe)
	if !strings.HasPrefix(err.Error(), "zmtp: handshake with peer: ") {
		t.Errorf("error text: %v", err)
	}
}

// TestErrorTexts: an error says with whom, what happened, and what was expected.
func TestErrorTexts(t *testing.T) {
	nc, far := memPair(1 << 10)
	far.Write([]byte("GET / HTTP/1.1\r\n"))
	_, err := Handshake(nc, &Config{Type: zmq4.Router})
	if got, want := err.Error(), `zmtp: handshake with memory: peer does not speak ZMTP: it starts with "GET / HT"`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if Permanent(err) {
		t.Error("a proxy that answers for a server may be gone next time")
	}
	nc, far = memPair(1 << 10)
	far.Write(unhex(t, greetingHex+readyPub))
	_, err = Handshake(nc, &Config{Type: zmq4.Router})
	if got, want := err.Error(), `zmtp: handshake with memory: socket types are incompatible: ours is ROUTER, the peer's PUB`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !Permanent(err) {
		t.Error("the types will not change by themselves")
	}
}

func TestProperty(t *testing.T) {
	for _, tc := range []struct {
		why          string
		ours, theirs Property
		wantOurs     string // what we learn of the peer
	}{
		{"both announce", Property{"X-App", "1"}, Property{"X-App", "2"}, "2"},
		{"the peer does not know it", Property{"X-App", "1"}, Property{}, ""},
		{"we do not ask", Property{}, Property{"X-App", "2"}, ""},
		{"other properties are passed over", Property{"X-App", "1"}, Property{"X-Other", "2"}, ""},
	} {
		a, b := net.Pipe()
		done := make(chan *Conn, 1)
		go func() {
			c, err := Handshake(b, &Config{Type: zmq4.Router, Property: tc.theirs})
			if err != nil {
				t.Error(err)
			}
			done <- c
		}()
		c, err := Handshake(a, &Config{Type: zmq4.Dealer, Property: tc.ours})
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		if got := c.PeerProperty(); got != tc.wantOurs {
			t.Errorf("%s: learned %q, want %q", tc.why, got, tc.wantOurs)
		}
		c.Close(nil)
		(<-done).Close(nil)
	}
	a, _ := net.Pipe()
	if _, err := Handshake(a, &Config{Type: zmq4.Dealer, Property: Property{"App", "1"}}); err == nil {
		t.Error("a property outside X- was not refused")
	}
}
