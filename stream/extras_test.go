package stream

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zrpc-go/zrpc/event"
)

// keys spells what the header of an event has under a and b.
func keys(r received) string {
	a, _ := r.Lookup("a")
	b, _ := r.Lookup("b")
	return fmt.Sprintf("%s %x %x", r.Name, a, b)
}

// TestExtrasOnTheWire: the pairs are where a Python peer looks for them, on each
// kind of answer and on none of the protocol's own events.
func TestExtrasOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := func(c *Call, key string, v byte) {
			if !c.Extras().Set(key, []byte{v}) {
				t.Errorf("%s was refused", key)
			}
		}
		_, client, end := newServer(t, nil, nil,
			&Method{Name: "ok", Unary: func(c *Call, out []byte) ([]byte, error) {
				set(c, "a", 1)
				return append(out, c.Args[1:]...), nil
			}},
			&Method{Name: "fails", Unary: func(c *Call, out []byte) ([]byte, error) {
				set(c, "a", 1)
				set(c, "a", 2)
				return out, &RemoteError{Name: "No"}
			}},
			&Method{Name: "items", Stream: func(c *Call) ([]byte, error) {
				set(c, "a", 1)
				for i := range byte(4) {
					if i == 2 {
						set(c, "b", 5)
					}
					if err := c.SendItem([]byte{i}); err != nil {
						return nil, err
					}
				}
				set(c, "a", 3)
				return nil, nil
			}},
			&Method{Name: "sum", Stream: func(c *Call) ([]byte, error) { set(c, "b", 4); return []byte{7}, nil }},
		)
		defer end()
		for i := range byte(100) { // inline in the end
			client.request("ok", i)
			if r := client.want("the answer", "OK"); keys(r) != "OK 01 " || string(r.Args) != "\x91"+string(event.AppendInt(nil, int64(i))) {
				t.Fatalf("answer %d is %s %x", i, keys(r), r.Args)
			}
		}
		client.request("fails")
		if r := client.want("the error", "ERR"); keys(r) != "ERR 02 " {
			t.Errorf("the error has %s", keys(r))
		}
		client.request("sum")
		if r := client.want("the one result of a stream", "OK"); keys(r) != "OK  04" {
			t.Errorf("the result has %s", keys(r))
		}
		id := client.request("items")
		client.on(id, "_zpc_more", []any{100})
		var got []string
		for range 4 {
			got = append(got, keys(client.want("an item", "STREAM")))
		}
		got = append(got, keys(client.want("the end", "STREAM_DONE")))
		if want := "STREAM 01 ,STREAM  ,STREAM 01 05,STREAM  ,STREAM_DONE 03 05"; strings.Join(got, ",") != want {
			t.Errorf("the stream's events have %s, want %s", strings.Join(got, ","), want)
		}
	})
}

// TestExtrasAreBounded: no caller takes a header beyond its bound.
func TestExtrasAreBounded(t *testing.T) {
	var x Extras
	if x.Set("k", make([]byte, event.MaxHeaderLen)) {
		t.Error("a value as large as a header may be was taken")
	}
	for range 3 { // replaced, not added
		if !x.Set("k", make([]byte, maxExtras-100)) {
			t.Error("a value that fits was refused")
		}
	}
	if x.Set("l", make([]byte, 200)) {
		t.Error("the sum is too large")
	}
	if b, n := x.due(true); n != 1 || len(b) > maxExtras {
		t.Errorf("%d pairs of %d bytes", n, len(b))
	}
}

// TestAnswerHeaderIsGathered: only a caller who wants it pays for the header, and
// gets that of its own call; hostile ones are read like others.
func TestAnswerHeaderIsGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, server, end := newClient(t, nil)
		defer end()
		pairs := func(n int, b string) []byte { return append([]byte{0x80 | byte(n)}, b...) }
		var h AnswerHeader
		for _, test := range []struct {
			why   string
			extra []byte // after message_id, v and response_to
			want  string
		}{
			{"a key", []byte("\xa1k\x07"), "07 true"},
			{"none", nil, " false"},
			{"of two alike, the last", []byte("\xa1k\x01\xa1k\x02"), "02 true"},
			{"keys that are no text", []byte("\x01\x01\xa1k\x03"), "03 true"},
		} {
			done := make(chan error, 1)
			go func() {
				r, err := m.Call(context.Background(), &Request{Method: "f", Args: encodeArray(t), Answer: &h})
				r.Release()
				done <- err
			}()
			req := server.want("the request", "f")
			n := 3 + strings.Count(string(test.extra), "k") + strings.Count(string(test.extra), "\x01\x01")
			b := append([]byte{0x93}, pairs(n, "\xaamessage_id\xa1x\xa1v\x03\xabresponse_to"+string(req.ID))...)
			b = append(append(b, test.extra...), "\xa2OK\x91\x01"...)
			if err := server.conn.Send(t.Context(), req.envelope, b, Now); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Errorf("%s: %v", test.why, err)
			}
			if raw, ok := h.Lookup("k"); fmt.Sprintf("%x %v", raw, ok) != test.want {
				t.Errorf("%s: %x, %v, want %s", test.why, raw, ok, test.want)
			}
		}
	})
}
