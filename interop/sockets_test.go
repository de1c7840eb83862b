package interop

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/interop/peer"
)

// goSocket is what the patterns of internal/socket have in common.
type goSocket interface {
	Bind(endpoint string) (string, error)
	Connect(endpoint string) error
	Close() error
	Stats() socket.Stats
}

type sender interface {
	Send(ctx context.Context, frames ...[]byte) error
}

type receiver interface {
	Recv(ctx context.Context) ([][]byte, error)
}

// messages are what every pair exchanges: one frame and many, empty frames
// everywhere, and both sides of the short frame's edge.
var messages = [][][]byte{
	{[]byte("one")},
	{nil, []byte("body")},
	{[]byte("a"), nil, []byte("b"), nil},
	{nil},
	{bytes.Repeat([]byte("x"), 255), bytes.Repeat([]byte("y"), 256)},
	{nil, bytes.Repeat([]byte("z"), 1<<20)},
}

// flow is which way the messages of a pair go.
type flow int

const (
	thereAndBack flow = iota // ours sends, libzmq's sends the same back
	backAndForth             // libzmq's sends, ours sends the same back
	out                      // ours sends only
	in                       // ours receives only
)

func (f flow) String() string {
	return [...]string{"there and back", "back and forth", "out", "in"}[f]
}

// pairs are the socket types that may talk to each other (RFC 28, 29, 30).
var pairs = []struct {
	ours   string
	make   func(socket.Options) goSocket
	theirs string
	flow   flow
}{
	{"DEALER", dealer, "ROUTER", thereAndBack},
	{"DEALER", dealer, "DEALER", thereAndBack},
	{"DEALER", dealer, "DEALER", backAndForth},
	{"DEALER", dealer, "REP", thereAndBack},
	{"ROUTER", router, "DEALER", backAndForth},
	{"ROUTER", router, "REQ", backAndForth},
	{"PUSH", push, "PULL", out},
	{"PULL", pull, "PUSH", in},
	{"PUB", pub, "SUB", out},
	{"PUB", pub, "XSUB", out},
	{"SUB", sub, "PUB", in},
	{"SUB", sub, "XPUB", in},
}

func dealer(o socket.Options) goSocket { return socket.NewDealer(o) }
func router(o socket.Options) goSocket { return socket.NewRouter(o) }
func push(o socket.Options) goSocket   { return socket.NewPush(o) }
func pull(o socket.Options) goSocket   { return socket.NewPull(o) }
func pub(o socket.Options) goSocket    { return socket.NewPub(o) }
func sub(o socket.Options) goSocket    { return socket.NewSub(o) }

// pairTest is one of our sockets joined to one of libzmq's.
type pairTest struct {
	*testing.T
	driver *peer.Driver
	ours   goSocket
	theirs string // its name in the driver, and its type
}

// TestSocketPairs exchanges messages between our sockets and libzmq's, over TCP
// and Unix sockets, with either side bound.
func TestSocketPairs(t *testing.T) {
	t.Parallel()
	driver := peer.Sockets(t)
	for _, p := range pairs {
		for _, weBind := range []bool{true, false} {
			for _, transport := range []string{"tcp", "ipc"} {
				side := map[bool]string{true: "we bind", false: "they bind"}[weBind]
				name := fmt.Sprintf("%s-%s %s %s %s", p.ours, p.theirs, p.flow, side, transport)
				t.Run(name, func(t *testing.T) {
					d := driver.On(t)
					ours := p.make(socket.Options{})
					t.Cleanup(func() { ours.Close() })
					if s, ok := ours.(*socket.Sub); ok {
						if err := s.Subscribe(""); err != nil {
							t.Fatal(err)
						}
					}
					at := anyPort
					if transport == "ipc" {
						at = "ipc://" + t.TempDir() + "/s"
					}
					pair := pairTest{t, d, ours, p.theirs}
					pair.join(at, weBind)
					t.Cleanup(func() { d.Must("close", pair.args()) })
					pair.exchange(p.flow)
				})
			}
		}
	}
}

// args are the fields of a command to libzmq's socket.
func (p pairTest) args() peer.Args { return peer.Args{"socket": p.theirs} }

// join binds one side and connects the other.
func (p pairTest) join(at string, weBind bool) {
	p.Helper()
	if weBind {
		actual, err := p.ours.Bind(at)
		if err != nil {
			p.Fatal(err)
		}
		p.driver.Must("open", with(with(p.args(), "type", p.theirs), "connect", actual))
	} else {
		actual := p.driver.Must("open", with(with(p.args(), "type", p.theirs), "bind", at))
		if err := p.ours.Connect(text(p.T, actual)); err != nil {
			p.Fatal(err)
		}
	}
	switch p.theirs {
	case "SUB":
		p.driver.Must("subscribe", with(p.args(), "topic", ""))
	case "XSUB":
		p.send([][]byte{{1}}) // its way to subscribe to everything
	}
}

func (p pairTest) exchange(f flow) {
	if f == thereAndBack {
		p.driver.Must("echo", p.args())
	}
	switch ours := p.ours.(type) {
	case *socket.Pub:
		eventually(p.T, 10*time.Second, "the subscription has arrived", func() bool {
			p.driver.Must("poll", p.args()) // libzmq subscribes when it takes in the connection
			return ours.Subscriptions() > 0
		})
	case *socket.Sub:
		p.synchronise(ours)
	}
	for _, m := range messages {
		if p.theirs == "REP" {
			m = append([][]byte{nil}, m...) // REP's envelope
		}
		switch f {
		case thereAndBack:
			p.weSend(m)
			p.weGet(m, false)
		case backAndForth:
			p.send(m)
			got := p.weGet(m, true)
			p.weSend(got)
			p.get(m)
		case out:
			p.weSend(m)
			p.get(m)
		case in:
			p.send(m)
			p.weGet(m, false)
		}
	}
	if f == out || f == in {
		p.burst(f)
	}
}

// synchronise sends until something arrives: a publisher drops what nobody has
// subscribed to yet.
func (p pairTest) synchronise(ours *socket.Sub) {
	p.Helper()
	arrived := func(within time.Duration) bool {
		ctx, cancel := context.WithTimeout(p.Context(), within)
		defer cancel()
		_, err := ours.Recv(ctx)
		return err == nil
	}
	sent := 0
	eventually(p.T, 10*time.Second, "the subscription has arrived", func() bool {
		p.send([][]byte{[]byte("sync")})
		sent++
		return arrived(20 * time.Millisecond)
	})
	for arrived(50 * time.Millisecond) { // those that came late
		sent--
	}
}

// burst sends so many messages that every queue on the way fills and drains; a
// publisher may drop, so those get fewer than its queue holds.
func (p pairTest) burst(f flow) {
	p.Helper()
	count := 20000
	if p.theirs == "SUB" || p.theirs == "XSUB" || p.theirs == "PUB" || p.theirs == "XPUB" {
		count = 900 // within the HWM of 1,000
	}
	if f == in {
		sent := p.driver.Start("burst", with(with(p.args(), "frames", frames([][]byte{[]byte("n")})), "count", count))
		for i := range count {
			got, err := p.ours.(receiver).Recv(p.Context())
			if err != nil {
				p.Fatal(err)
			}
			if n := binary.BigEndian.Uint32(got[0][1:]); n != uint32(i) {
				p.Fatalf("burst: message %d is number %d", i, n)
			}
		}
		sent.Wait(10 * time.Second)
		return
	}
	drained := p.driver.Start("drain", with(with(p.args(), "count", count), "timeout", 10))
	for i := range count {
		b := binary.BigEndian.AppendUint32([]byte("n"), uint32(i))
		if err := p.ours.(sender).Send(p.Context(), b); err != nil {
			p.Fatal(err)
		}
	}
	same(p.T, "burst", drained.Wait(60*time.Second).OK, fmt.Sprintf(`{"count": %d, "ordered": true}`, count))
}

// weSend sends by our socket.
func (p pairTest) weSend(m [][]byte) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 10*time.Second)
	defer cancel()
	if err := p.ours.(sender).Send(ctx, m...); err != nil {
		p.Fatalf("sending: %v", err)
	}
}

// weGet receives by our socket; a Router's first frame is the routing id.
func (p pairTest) weGet(want [][]byte, routed bool) [][]byte {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 10*time.Second)
	defer cancel()
	got, err := p.ours.(receiver).Recv(ctx)
	if err != nil {
		p.Fatalf("receiving: %v", err)
	}
	if _, ok := p.ours.(*socket.Router); ok && routed {
		body := got[1:]
		if p.theirs == "REQ" {
			body = got[2:] // REQ's empty delimiter
		}
		p.equal(body, want)
		return got
	}
	p.equal(got, want)
	return got
}

// send sends by libzmq's socket.
func (p pairTest) send(m [][]byte) {
	p.Helper()
	p.driver.Must("send", with(p.args(), "frames", frames(m)))
}

// get receives by libzmq's socket.
func (p pairTest) get(want [][]byte) {
	p.Helper()
	p.equal(unframes(p.T, p.driver.Must("recv", p.args())), want)
}

func (p pairTest) equal(got, want [][]byte) {
	p.Helper()
	if strings.Join(frames(got), ",") != strings.Join(frames(want), ",") || len(got) != len(want) {
		p.Errorf("got frames %.200q, want %.200q", got, want)
	}
}

// frames are frames in hex, as the driver takes them.
func frames(m [][]byte) []string {
	out := make([]string, len(m))
	for i, f := range m {
		out[i] = hex.EncodeToString(f)
	}
	return out
}

// unframes are a driver's frames.
func unframes(t *testing.T, spelling json.RawMessage) [][]byte {
	t.Helper()
	var in []string
	if err := json.Unmarshal(spelling, &in); err != nil {
		t.Fatalf("%v in %.200s", err, spelling)
	}
	out := make([][]byte, len(in))
	for i, f := range in {
		b, err := hex.DecodeString(f)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = b
	}
	return out
}
