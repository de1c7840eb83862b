package zmtp

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Golden bytes of libzmq 4.3.4: what a raw peer of these tests says.
const (
	greetingHex = "ff00000000000000017f03014e554c4c" + zeros48
	zeros48     = "000000000000000000000000000000000000000000000000" + "000000000000000000000000000000000000000000000000"
	readyDealer = "04290552454144590b536f636b65742d54797065000000064445414c4552084964656e7469747900000000"
	readyRouter = "04290552454144590b536f636b65742d5479706500000006524f55544552084964656e7469747900000000"
	readyPub    = "04190552454144590b536f636b65742d5479706500000003505542"
)

// always is a context that never ends.
var always = context.Background()

// limit bounds everything that a test waits for.
const limit = 10 * time.Second

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("bad hex in the test: %v", err)
	}
	return b
}

// transports are the kinds of net.Conn that take different paths: a kernel
// socket, one that waits in Write, and one in memory that has TryWrite.
var transports = []struct {
	name string
	pair func(testing.TB) (a, b net.Conn)
}{
	{"tcp", tcpConns},
	{"unix", unixConns},
	{"pipe", func(testing.TB) (a, b net.Conn) { return net.Pipe() }},
	{"memory", func(testing.TB) (a, b net.Conn) { return memPair(64 << 10) }},
}

// tcpConns returns the two ends of a loopback TCP connection.
func tcpConns(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// unixConns returns the two ends of a Unix stream socket.
func unixConns(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("unix", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// connect runs both handshakes over a pair of net.Conns.
func connect(t testing.TB, a, b net.Conn, ca, cb *Config) (x, y *Conn) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		var err error
		y, err = Handshake(b, cb)
		done <- err
	}()
	x, err := Handshake(a, ca)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatalf("handshake: %v", err)
	}
	t.Cleanup(func() { x.Close(nil); y.Close(nil) })
	return x, y
}

// tcpPair returns a connected DEALER and ROUTER over loopback TCP. The configs
// may be nil.
func tcpPair(t testing.TB, ca, cb *Config) (dealer, router *Conn) {
	t.Helper()
	a, b := tcpConns(t)
	return connect(t, a, b, withType(ca, zmq4.Dealer), withType(cb, zmq4.Router))
}

func withType(c *Config, typ zmq4.SocketType) *Config {
	if c == nil {
		c = &Config{}
	}
	d := *c
	d.Type, d.Server = typ, typ == zmq4.Router
	return &d
}

// recv returns the next message, reading as needed.
func recv(c *Conn) (Message, error) {
	for {
		if m, ok, err := c.Next(); ok || err != nil {
			return m, err
		}
		if err := c.Fill(); err != nil {
			return Message{}, err
		}
	}
}

// show spells a message out: frames separated by "|", commands in "<>".
func show(m *Message) string {
	var parts []string
	for f := range m.Frames {
		parts = append(parts, hex.EncodeToString(f))
	}
	s := strings.Join(parts, "|")
	if m.Command {
		s = "<" + s + ">"
	}
	return s
}

// collect receives until an error and returns the messages spelled out.
func collect(c *Conn) (got []string, err error) {
	for {
		m, err := recv(c)
		if err != nil {
			return got, err
		}
		got = append(got, show(&m))
	}
}

// rawPeer is a peer played by the test, byte by byte.
type rawPeer struct {
	t  testing.TB
	nc net.Conn
}

// shaken returns our Conn of type typ and a raw peer that has done its part of
// the handshake as the other type, and may have sent more behind it.
func shaken(t testing.TB, nc, far net.Conn, cfg *Config, ready string, more []byte) (*Conn, *rawPeer) {
	t.Helper()
	p := &rawPeer{t, far}
	sent := make(chan error, 1)
	go func() {
		_, err := far.Write(append(unhex(t, greetingHex+ready), more...))
		sent <- err
	}()
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(far, make([]byte, greetingSize+len(readyDealer)/2))
		read <- err
	}()
	c, err := Handshake(nc, cfg)
	if err != nil {
		t.Fatalf("handshake with a well-behaved peer: %v", err)
	}
	if err := <-read; err != nil {
		t.Fatalf("raw peer reads our handshake: %v", err)
	}
	t.Cleanup(func() { c.Close(nil); far.Close() })
	if len(more) == 0 {
		if err := <-sent; err != nil {
			t.Fatalf("raw peer writes its handshake: %v", err)
		}
	}
	return c, p
}

// write sends bytes given in hex.
func (p *rawPeer) write(s string) {
	p.t.Helper()
	if _, err := p.nc.Write(unhex(p.t, s)); err != nil {
		p.t.Fatalf("raw peer writes: %v", err)
	}
}

// expect reads exactly the given bytes.
func (p *rawPeer) expect(why, want string) {
	p.t.Helper()
	w := unhex(p.t, want)
	got := make([]byte, len(w))
	p.nc.SetReadDeadline(time.Now().Add(limit))
	if n, err := io.ReadFull(p.nc, got); err != nil {
		p.t.Fatalf("%s: got %x and %v, want %x", why, got[:n], err, w)
	}
	if !bytes.Equal(got, w) {
		p.t.Fatalf("%s: got %x, want %x", why, got, w)
	}
}

// must fails the test on an error.
func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// wantErr fails the test unless err is target.
func wantErr(t testing.TB, why string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: got error %v, want %v", why, err, target)
	}
}

// within returns what f returns, or fails the test if that takes too long.
func within[T any](t testing.TB, what string, f func() T) T {
	t.Helper()
	ch := make(chan T, 1)
	go func() { ch <- f() }()
	select {
	case v := <-ch:
		return v
	case <-time.After(limit):
		t.Fatalf("%s: nothing happened for %v", what, limit)
		panic("unreachable")
	}
}
