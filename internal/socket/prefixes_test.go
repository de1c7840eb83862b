package socket

import (
	"bytes"
	"testing"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

func TestPrefixes(t *testing.T) {
	var p prefixes[int]
	if p.matches([]byte("x")) {
		t.Fatal("an empty set matches")
	}
	for i, s := range []string{"abc", "a", "", "b", "a"} {
		p.put(s, i)
	}
	p.remove("never there")
	for _, tc := range []struct {
		in   string
		want []int
	}{
		{"abcd", []int{2, 4, 0}}, {"ab", []int{2, 4}}, {"x", []int{2}}, {"", []int{2}},
	} {
		var got []int
		p.match([]byte(tc.in), func(v int) bool { got = append(got, v); return true })
		if len(got) != len(tc.want) {
			t.Fatalf("%q: %v, want %v", tc.in, got, tc.want)
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Fatalf("%q: %v, want %v, the shortest first", tc.in, got, tc.want)
			}
		}
	}
	n := 0
	p.match([]byte("abc"), func(int) bool { n++; return false })
	if n != 1 {
		t.Fatalf("went on %d times after it was told to stop", n)
	}
	for _, s := range []string{"abc", "a", "", "b"} {
		p.remove(s)
	}
	if len(p.m) != 0 || len(p.lens) != 0 {
		t.Fatalf("left %v %v", p.m, p.lens)
	}
}

// Whatever a subscriber sends, a publisher's books stay right: after it has
// gone nothing is left, and matching agrees with a plain comparison.
func FuzzSubscriptions(f *testing.F) {
	f.Add([]byte("\x02\x01a\x02\x00a\x0b\x09SUBSCRIBEb\x07\x06CANCEL"), []byte("abc"))
	f.Add([]byte("\x01\x01\x03\x01ab\x03\x01ab\x03\x00ab"), []byte("ab"))
	f.Add([]byte("\x00\x01\xff\x03\x09SU"), []byte(""))
	p := NewPub(Options{})
	f.Fuzz(func(t *testing.T, in, topic []byte) {
		s := &subscriber{Peer: &Peer{}, topics: map[string]int{}}
		// in is cut into messages by length bytes; those that look like a
		// command's body are one.
		for len(in) > 0 {
			n := min(int(in[0]), len(in)-1)
			body := in[1 : 1+n]
			in = in[1+n:]
			_ = p.apply(s, &zmtp.Message{Body: body, Command: len(body) > 0 && body[0] > 1})
		}
		want := false
		for prefix, n := range s.topics {
			want = want || bytes.HasPrefix(topic, []byte(prefix))
			if n < 1 {
				t.Fatalf("%q is kept with count %d", prefix, n)
			}
		}
		if got := len(p.appendTargets(nil, topic)) == 1; got != want {
			t.Fatalf("%q is for the subscriber of %v: %v", topic, s.topics, got)
		}
		p.leave(s)
		if p.bytes != 0 || s.bytes != 0 || len(p.topics.m) != 0 || len(p.topics.lens) != 0 {
			t.Fatalf("left: %d %d %v %v", p.bytes, s.bytes, p.topics.m, p.topics.lens)
		}
	})
}
