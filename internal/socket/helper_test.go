package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patience bounds every wait of these tests: far above what a loaded machine
// needs, and only ever reached by a failure.
const patience = 20 * time.Second

// soon is how the tests configure a socket that is to find its peer quickly.
func soon() Options { return Options{ReconnectMin: 10 * time.Millisecond} }

// ctxT is a context that ends with the test, or when patience does.
func ctxT(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// wait polls until ok, which must become true.
func wait(t testing.TB, why string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", why)
		}
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
			t.Fatalf("cut short: %s", why)
		}
	}
}

// sock is what all patterns have.
type sock interface {
	Bind(string) (string, error)
	Connect(string) error
	Close() error
	Stats() Stats
}

type sender interface {
	sock
	Send(context.Context, ...[]byte) error
}

type receiver interface {
	sock
	Recv(context.Context) ([][]byte, error)
}

// closing closes a socket with the test, and checks that it does not hang.
func closing[S sock](t testing.TB, s S) S {
	t.Cleanup(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}()
		select {
		case <-done:
		case <-time.After(patience):
			t.Errorf("Close of %T hangs", s)
		}
	})
	return s
}

// names makes ipc and inproc names that no other test uses.
var names atomic.Int64

// anyEndpoint returns something to bind with a scheme.
func anyEndpoint(t testing.TB, scheme string) string {
	switch scheme {
	case "ipc":
		// t.TempDir is too long for a socket path on some systems.
		return "ipc://" + filepath.Join(shortDir(t), "s")
	case "inproc":
		return fmt.Sprintf("inproc://%s-%d", t.Name(), names.Add(1))
	}
	return "tcp://127.0.0.1:*"
}

func bind(t testing.TB, s sock, ep string) string {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		actual, err := s.Bind(ep)
		// A port that was free a moment ago may belong to somebody's outgoing
		// connection by now, for a moment.
		if errors.Is(err, ErrAddressInUse) && time.Now().Before(end) {
			<-time.After(10 * time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return actual
	}
}

func connect(t testing.TB, s sock, ep string) {
	t.Helper()
	if err := s.Connect(ep); err != nil {
		t.Fatal(err)
	}
}

func send(t testing.TB, s sender, frames ...string) {
	t.Helper()
	if err := s.Send(ctxT(t), bytesOf(frames)...); err != nil {
		t.Fatalf("Send(%q): %v", frames, err)
	}
}

func bytesOf(frames []string) [][]byte {
	b := make([][]byte, len(frames))
	for i, f := range frames {
		b[i] = []byte(f)
	}
	return b
}

func recvFrames(t testing.TB, s receiver) [][]byte {
	t.Helper()
	m, err := s.Recv(ctxT(t))
	if err != nil {
		t.Fatalf("Recv: %v", err)
	}
	return m
}

// recv returns a message with its frames joined by "|".
func recv(t testing.TB, s receiver) string {
	t.Helper()
	return join(recvFrames(t, s))
}

func join(m [][]byte) string {
	s := make([]string, len(m))
	for i, f := range m {
		s[i] = string(f)
	}
	return strings.Join(s, "|")
}

func wantRecv(t testing.TB, why string, s receiver, want string) {
	t.Helper()
	if got := recv(t, s); got != want {
		t.Fatalf("%s: got %q, want %q", why, got, want)
	}
}

// peers waits until a socket has n peers.
func peers(t testing.TB, s sock, n int) {
	t.Helper()
	wait(t, fmt.Sprintf("%T has %d peers", s, n), func() bool { return s.Stats().Peers == n })
}

// raw is a peer played by the test, byte for byte.
type raw struct {
	net.Conn
	t testing.TB
}

// greeting and ready are what an anonymous peer sends before its traffic,
// after ZMTP.md's golden data.
func greeting() []byte {
	g := make([]byte, 64)
	g[0], g[9], g[10], g[11] = 0xff, 0x7f, 3, 1
	copy(g[12:], "NULL")
	return g
}

func ready(typ, identity string) []byte {
	body := "\x05READY\x0bSocket-Type\x00\x00\x00" + string(rune(len(typ))) + typ
	if identity != "" || typ == "DEALER" || typ == "ROUTER" {
		body += "\x08Identity\x00\x00\x00" + string(rune(len(identity))) + identity
	}
	return append([]byte{4, byte(len(body))}, body...)
}

// dialRaw connects to a tcp endpoint without saying anything.
func dialRaw(t testing.TB, ep string) *raw {
	t.Helper()
	nc, err := net.Dial("tcp", strings.TrimPrefix(ep, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	return &raw{nc, t}
}

// shake runs the handshake as a peer of the given type.
func (r *raw) shake(typ, identity string) *raw {
	r.t.Helper()
	r.write(append(greeting(), ready(typ, identity)...))
	r.read(64)
	head := r.read(2)
	r.read(int(head[1]))
	return r
}

func (r *raw) write(b []byte) {
	r.t.Helper()
	if _, err := r.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) read(n int) []byte {
	r.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		r.t.Fatal(err)
	}
	return b
}

// ends reads until the other side closes, which it must.
func (r *raw) ends(why string) {
	r.t.Helper()
	if _, err := io.Copy(io.Discard, r); err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			r.t.Fatalf("not closed: %s", why)
		}
	}
}

// frames encodes a message of short frames.
func frames(f ...string) (b []byte) {
	for i, s := range f {
		more := byte(1)
		if i == len(f)-1 {
			more = 0
		}
		b = append(append(b, more, byte(len(s))), s...)
	}
	return b
}
