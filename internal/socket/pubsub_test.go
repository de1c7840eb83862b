package socket

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Both forms of subscription, as bytes (ZMTP.md section 5).
var (
	subMsg = func(topic string) []byte { return frames("\x01" + topic) }
	canMsg = func(topic string) []byte { return frames("\x00" + topic) }
	subCmd = func(topic string) []byte { return command("\x09SUBSCRIBE" + topic) }
	canCmd = func(topic string) []byte { return command("\x06CANCEL" + topic) }
)

func command(body string) []byte { return append([]byte{4, byte(len(body))}, body...) }

// RFC 29 PUB: "SHALL perform a binary comparison of the subscription against
// the start of the first frame of the message"; "SHALL receive subscribe and
// unsubscribe requests … depending on the transport protocol used".
func TestSpecSubscriptions(t *testing.T) {
	for _, tc := range []struct {
		why  string
		in   [][]byte
		subs int    // subscriptions in force afterwards
		want string // of the messages a1 ab b "" \x00, those that come, joined by space
	}{
		{"nothing is sent unasked", nil, 0, ""},
		{"message form", [][]byte{subMsg("a")}, 1, "a1 ab"},
		{"command form", [][]byte{subCmd("a")}, 1, "a1 ab"},
		{"the empty prefix is everything", [][]byte{subCmd("")}, 1, "a1 ab b  \x00"},
		{"binary", [][]byte{subMsg("\x00")}, 1, "\x00"},
		{"a message goes to a peer once", [][]byte{subMsg("a"), subMsg("ab"), subMsg("")}, 3, "a1 ab b  \x00"},
		{"cancelled", [][]byte{subMsg("a"), subMsg("b"), canMsg("a")}, 1, "b"},
		{"forms may be mixed", [][]byte{subMsg("a"), subCmd("b"), canCmd("a")}, 1, "b"},
		{"not idempotent", [][]byte{subMsg("a"), subCmd("a"), canMsg("a")}, 1, "a1 ab"},
		{"cancelled as often", [][]byte{subMsg("a"), subMsg("a"), canMsg("a"), canMsg("a"), subMsg("b")}, 1, "b"},
		{"cancelled more often than subscribed", [][]byte{canMsg("a"), subMsg("b")}, 1, "b"},
		{"SHALL silently discard any messages that subscribers send it",
			[][]byte{frames("\x02user"), frames("\x01a", "more"), frames(""), command("\x07UNKNOWN"), command("\xffX"), subMsg("b")}, 1, "b"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			pub := closing(t, NewPub(soon()))
			r := rawInproc(t, bind(t, pub, anyEndpoint(t, "inproc")), "SUB", "")
			r.write(append(bytes.Join(tc.in, nil), subCmd("last")...))
			wait(t, "subscriptions arrive", func() bool { return pub.Subscriptions() == tc.subs+1 })
			for _, m := range []string{"a1", "ab", "b", "", "\x00", "last"} {
				send(t, pub, m)
			}
			var got []string
			for {
				head := r.read(2)
				m := string(r.read(int(head[1])))
				if m == "last" {
					break
				}
				got = append(got, m)
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Fatalf("got %q, want %q", s, tc.want)
			}
			r.Close()
			wait(t, "a gone peer's subscriptions go", func() bool { return pub.Subscriptions() == 0 })
			if pub.bytes != 0 || len(pub.topics.lens) != 0 {
				t.Fatalf("left behind: %d bytes, lengths %v", pub.bytes, pub.topics.lens)
			}
		})
	}
}

// "SHALL silently drop the message if the queue for a subscriber is full";
// "SHALL NOT block on sending". The neighbour misses nothing.
func TestSpecPubDrops(t *testing.T) {
	o := soon()
	o.Conn.SendHWM = 4
	pub := closing(t, NewPub(o))
	ep := bind(t, pub, anyEndpoint(t, "inproc"))
	stalled := rawInproc(t, ep, "SUB", "")
	stalled.write(subMsg(""))
	good := closing(t, NewSub(soon()))
	if err := good.Subscribe(""); err != nil {
		t.Fatal(err)
	}
	connect(t, good, ep)
	wait(t, "both have subscribed", func() bool { return pub.Subscriptions() == 2 })
	for i := range 100 {
		if err := pub.Send(t.Context(), []byte(fmt.Sprint(i)), big); err != nil {
			t.Fatal(err)
		}
		// In step with the good one: its queue is never full.
		if m := recvFrames(t, good); string(m[0]) != fmt.Sprint(i) {
			t.Fatalf("message %d: got %q", i, m[0])
		}
	}
	if d := pub.Stats().DroppedFull; d < 80 || d >= 100 {
		t.Fatalf("%d of 100 dropped; the stalled one has room for a dozen", d)
	}
}

// A peer may not make a publisher keep more than its limits.
func TestSubscriptionLimits(t *testing.T) {
	long := strings.Repeat("x", maxSubscription)
	for _, tc := range []struct {
		why string
		sub func(i int) []byte
		n   int
	}{
		{"count", func(i int) []byte { return subMsg(fmt.Sprint(i)) }, maxSubscriptions + 1},
		{"bytes", func(i int) []byte {
			return append([]byte{2, 0, 0, 0, 0, 0, 0, 4, 1, 1}, long[:len(long)-8]+fmt.Sprintf("%08d", i)...)
		}, maxSubscriptionBytes/len(long) + 1},
		// Each length costs a look-up of that length with each message sent.
		{"length", func(int) []byte { return append([]byte{2, 0, 0, 0, 0, 0, 0, 4, 2, 1}, long+"x"...) }, 1},
	} {
		t.Run(tc.why, func(t *testing.T) {
			pub := closing(t, NewPub(soon()))
			ep := bind(t, pub, "tcp://127.0.0.1:*")
			good := dialRaw(t, ep).shake("SUB", "")
			good.write(subMsg("a"))
			bad := dialRaw(t, ep).shake("SUB", "")
			for i := range tc.n {
				if _, err := bad.Write(tc.sub(i)); err != nil {
					break // closed already
				}
			}
			bad.ends("more subscriptions than allowed")
			wait(t, "its subscriptions are forgotten", func() bool { return pub.Subscriptions() == 1 })
			send(t, pub, "a")
			if got := good.read(3); string(got) != "\x00\x01a" {
				t.Fatalf("the good one got %q", got)
			}
		})
	}
}

// The limit over all peers holds, and what a peer takes up it gives back.
func TestAllSubscriptionLimit(t *testing.T) {
	p := NewPub(Options{})
	defer p.Close()
	subs := make([]*subscriber, 8)
	refused := 0
	for i := range subs {
		s := &subscriber{Peer: &Peer{}, topics: map[string]int{}}
		subs[i] = s
		for k := 0; ; k++ {
			topic := strings.Repeat("t", 1000) + fmt.Sprint(k)
			if s.bytes+len(topic) > maxSubscriptionBytes {
				break
			}
			if err := p.apply(s, &zmtp.Message{Body: []byte("\x01" + topic)}); err != nil {
				refused++
				break
			}
		}
	}
	p.bytes += maxAllSubscriptionBytes // as if others had taken the rest
	if err := p.apply(subs[0], &zmtp.Message{Body: []byte("\x01x")}); err != ErrSubscriptions {
		t.Fatalf("beyond the limit of all: %v", err)
	}
	p.bytes -= maxAllSubscriptionBytes
	for _, s := range subs {
		p.leave(s)
	}
	if p.bytes != 0 || refused != 0 {
		t.Fatalf("%d bytes left, %d refused", p.bytes, refused)
	}
}

// SUB counts its subscriptions and tells publishers only what changes
// something; a publisher that comes back is told each once, sorted.
func TestSubTellsPublishers(t *testing.T) {
	ln, ep := listenRaw(t)
	sub := closing(t, NewSub(soon()))
	for _, topic := range []string{"b", "a", "b", "c"} {
		if err := sub.Subscribe(topic); err != nil {
			t.Fatal(err)
		}
	}
	connect(t, sub, ep)
	pub := acceptRaw(t, ln).shake("PUB", "")
	want := func(why string, b []byte) {
		t.Helper()
		if got := pub.read(len(b)); !bytes.Equal(got, b) {
			t.Fatalf("%s: got %q, want %q", why, got, b)
		}
	}
	want("each once, sorted", slicesConcat(subMsg("a"), subMsg("b"), subMsg("c")))
	_ = sub.Unsubscribe("b") // subscribed twice: nothing yet
	_ = sub.Unsubscribe("never")
	_ = sub.Unsubscribe("b")
	want("cancelled at the second", canMsg("b"))
	_ = sub.Subscribe("d")
	want("a new one", subMsg("d"))
	pub.Close()
	pub = acceptRaw(t, ln).shake("PUB", "")
	want("again after a reconnect", slicesConcat(subMsg("a"), subMsg("c"), subMsg("d")))

	// A cancellation crosses what is on its way, and some publishers send
	// everything: the filter is ours as well.
	pub.write(slicesConcat(frames("b1"), frames("c1", "x"), frames("z"), frames("d")))
	wantRecv(t, "the first that is subscribed to", sub, "c1|x")
	wantRecv(t, "the second", sub, "d")
	if n := sub.Stats().DroppedUnwanted; n != 2 {
		t.Fatalf("%d dropped, want 2", n)
	}
}

func slicesConcat(b ...[]byte) []byte { return bytes.Join(b, nil) }

// Thousands of subscriptions reach a publisher whose queue is far smaller.
func TestManySubscriptions(t *testing.T) {
	o := soon()
	o.Conn.SendHWM = 10
	sub := closing(t, NewSub(o))
	pub := closing(t, NewPub(soon()))
	const n = 3000
	for i := range n / 2 {
		_ = sub.Subscribe(fmt.Sprint("before", i))
	}
	connect(t, sub, bind(t, pub, anyEndpoint(t, "tcp")))
	for i := range n / 2 {
		_ = sub.Subscribe(fmt.Sprint("after", i))
	}
	wait(t, "all arrive", func() bool { return pub.Subscriptions() == n })
	for i := range n / 2 {
		_ = sub.Unsubscribe(fmt.Sprint("before", i))
	}
	wait(t, "all cancellations arrive", func() bool { return pub.Subscriptions() == n/2 })
	send(t, pub, "before1")
	send(t, pub, "after1")
	wantRecv(t, "only what is still subscribed to", sub, "after1")
}

// A publisher that takes no subscriptions must not hold up the application.
func TestSubscribeToStalledPublisher(t *testing.T) {
	o := soon()
	o.Conn.SendHWM = 1
	sub := closing(t, NewSub(o))
	rawInproc(t, bind(t, sub, anyEndpoint(t, "inproc")), "PUB", "") // never reads
	peers(t, sub, 1)
	start := time.Now()
	for i := range 5000 {
		if err := sub.Subscribe(strings.Repeat("x", 100) + fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(start); d > patience/2 {
		t.Fatalf("5000 subscriptions took %v", d)
	}
}

// While all want everything nothing is looked up; whoever comes, goes, or names a
// topic ends that before the next message.
func TestEveryone(t *testing.T) {
	pub := closing(t, NewPub(soon()))
	ep := bind(t, pub, anyEndpoint(t, "inproc"))
	a := rawInproc(t, ep, "SUB", "")
	b := rawInproc(t, ep, "SUB", "")
	subscriptions := func(n int) {
		t.Helper()
		wait(t, "subscriptions arrive", func() bool { return pub.Subscriptions() == n })
	}
	want := func(why string, r *raw, m string) {
		t.Helper()
		if got := r.read(2 + len(m)); string(got[2:]) != m {
			t.Fatalf("%s: got %q, want %q", why, got[2:], m)
		}
	}
	for i, step := range []struct {
		why    string
		do     func()
		n      int // subscriptions afterwards
		toB    bool
		lookUp bool
	}{
		{"one alone", func() { a.write(subMsg("")) }, 1, false, false},
		{"another, for a topic", func() { b.write(subMsg("x")) }, 2, false, true},
		{"for everything as well", func() { b.write(subMsg("")) }, 3, true, true},
		{"for everything only", func() { b.write(canMsg("x")) }, 2, true, false},
		{"twice: still once each", func() { b.write(slicesConcat(subMsg(""), subMsg("y"), canMsg("y"))) }, 2, true, false},
		{"gone", func() { b.Close() }, 1, false, false},
	} {
		step.do()
		if i == 4 {
			wait(t, "it is told apart from the step before", func() bool { return pub.everyone.Load() == nil })
		}
		subscriptions(step.n)
		for _, m := range []string{fmt.Sprint(i), "again"} {
			send(t, pub, m)
			want(step.why, a, m)
			if step.toB {
				want(step.why, b, m)
			}
		}
		if looked := pub.everyone.Load() == nil; looked != step.lookUp {
			t.Errorf("%s: looked up %v", step.why, looked)
		}
	}
}
