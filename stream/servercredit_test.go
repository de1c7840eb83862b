package stream

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

func TestServerCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		_, client, end := newServer(t, &Options{Heartbeat: -1}, nil, count(10, &sent))
		defer end()
		id := client.request("count")
		client.want("one item is free", "STREAM")
		client.wantNone("nothing without credit", time.Hour)
		wantItems := func(why string, n int) {
			t.Helper()
			for range n {
				client.want(why, "STREAM")
			}
			client.wantNone(why, time.Minute/2)
		}
		client.on(id, "_zpc_more", []any{2})
		wantItems("two granted", 2)
		client.on(id, "_zpc_more", []any{1.9})
		wantItems("a float is cut", 1)
		client.on(id, "_zpc_more", []any{"2"})
		wantItems("a number in a string counts", 2)
		client.on(id, "_zpc_more", []any{true})
		wantItems("true is one", 1)
		for _, junk := range []any{[]any{"abc"}, []any{}, nil, 5, []any{nil}, []any{[]any{1}}, []any{0}, []any{-5}} {
			client.on(id, "_zpc_more", junk)
		}
		wantItems("junk is ignored", 0)
		client.on(id, "_zpc_more", []any{3})
		wantItems("three more: the last items", 3)
		client.wantNone("the end costs a credit too", time.Minute/2)
		client.on(id, "_zpc_more", []any{uint64(1) << 63})
		if r := client.want("with credit the stream ends", "STREAM_DONE"); string(r.Args) != "\xc0" {
			t.Errorf("STREAM_DONE has %x, want nil", r.Args)
		}
		if sent.Load() != 10 {
			t.Errorf("%d items sent", sent.Load())
		}
	})
}

func TestServerOldPeerCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		_, client, end := newServer(t, &Options{Heartbeat: -1}, nil, count(3, &sent))
		defer end()
		id := client.newID()
		client.requestAs(id, 2, "count")
		client.want("one item is free", "STREAM")
		client.on(id, "_zpc_hb", []any{2})
		client.want("protocol 2 grants by heartbeat", "STREAM")
		client.want("protocol 2 grants by heartbeat", "STREAM")
		client.on(id, "_zpc_more", []any{1})
		client.want("and as protocol 3 does", "STREAM_DONE")
	})
}

func TestServerClientStream(t *testing.T) {
	sum := &Method{Name: "sum", Stream: func(c *Call) ([]byte, error) {
		total := int64(0)
		for {
			raw, err := c.NextItem(c)
			if err != nil {
				if err.Error() == "EOF" {
					return event.AppendInt(nil, total), nil
				}
				return nil, err
			}
			n, err := event.Int(raw)
			if err != nil {
				return nil, err
			}
			total += n
		}
	}}
	synctest.Test(t, func(t *testing.T) {
		_, client, end := newServer(t, nil, nil, sum)
		defer end()
		id := client.request("sum")
		client.on(id, "STREAM", 1)
		credit := client.want("the handler asks for more", "_zpc_more")
		if !strings.HasSuffix(string(credit.Args), "\x64") {
			t.Errorf("granted %x, want 100", credit.Args)
		}
		client.on(id, "STREAM", 2)
		client.on(id, "STREAM_DONE", nil)
		if r := client.want("the answer to the stream", "OK"); string(r.Args) != "\x91\x03" {
			t.Errorf("answer %x, want [3]", r.Args)
		}
		id = client.request("sum")
		client.on(id, "ERR", []any{"ValueError", "stop", ""})
		if r := client.want("the caller's error reaches the handler", "ERR"); !strings.Contains(string(r.Args), "stop") {
			t.Errorf("ERR %q", r.Args)
		}
	})
}
