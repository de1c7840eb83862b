package interop

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestPythonHeaders: what a Python client's middleware adds to a request reaches
// our handler, and our answer's header is what Python's own would be.
func TestPythonHeaders(t *testing.T) {
	t.Parallel()
	s := ourServer(t, 0)
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{
		"client": "c", "endpoint": s.bind(t),
		"headers": peer.Args{"trace_id": "T1", "deep": []any{1, peer.Args{"bin": "00"}}},
	})
	same(t, "a text key", client.Must("call", call("header", "trace_id")), `"T1"`)
	same(t, "a nested key", client.Must("call", call("header", "deep")), `[1, {"bin": "00"}]`)
	if e := client.MustFail("call", call("header", "absent")); e.Name != "KeyError" {
		t.Errorf("a key that is not there: %v", e)
	}
	got := string(client.Must("call", with(call("hello", "RPC"), "reply_header", true)))
	var keys []string
	for _, key := range []string{"message_id", "v", "response_to"} {
		if at := strings.Index(got, `["`+key+`", `); at >= 0 {
			keys = append(keys, key)
		}
	}
	if len(keys) != 3 || strings.Index(got, "message_id") > strings.Index(got, "response_to") {
		t.Errorf("the answer's header: %s", got)
	}
	// A stream's client must not mind, either.
	o := client.Do("stream", call("streaming_range", 0, 3, 1)).Stream(t)
	if o.End != "done" || len(o.Items) != 3 {
		t.Errorf("a stream with header keys: %+v", o)
	}
}

// TestHeadersToOurClient: a Python server's middleware adds keys to every answer;
// our client must not mind, and its trace shows them.
func TestHeadersToOurClient(t *testing.T) {
	t.Parallel()
	server := peer.Python(t, "server.py", "--bind", anyPort, "--headers", `{"trace_id": "S1", "n": [1, {"k": null}]}`)
	var mu sync.Mutex
	var traced [][]byte
	c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{Trace: func(sent bool, event []byte) {
		mu.Lock()
		defer mu.Unlock()
		if !sent {
			traced = append(traced, bytes.Clone(event))
		}
	}})
	if got, err := zrpc.Call[string](t.Context(), c, "hello", "RPC"); err != nil || got != "Hello, RPC" {
		t.Errorf("hello: %q, %v", got, err)
	}
	_, err := zrpc.Call[any](t.Context(), c, "fail", "ValueError", "x")
	serverSuite{}.isRemote(t, err, "ValueError", "x", "Traceback")
	serverSuite{c, python}.readRange(t, c, 3, func() {})
	mu.Lock()
	defer mu.Unlock()
	if len(traced) != 6 { // OK, ERR, 3 STREAM, STREAM_DONE
		t.Errorf("%d events came, want 6", len(traced))
	}
	for _, e := range traced {
		if !bytes.Contains(e, []byte("\xa8trace_id\xa2S1")) {
			t.Errorf("event %q lacks the server's header key", e)
		}
	}
}

// TestOurHeaders: Python's server sees in our requests what zerorpc needs and
// nothing that it does not know.
func TestOurHeaders(t *testing.T) {
	t.Parallel()
	c := ourClient(t, pythonServer(t).Endpoint(), zrpc.ClientOptions{})
	got, err := zrpc.Call[string](t.Context(), c, "header")
	if err != nil {
		t.Fatal(err)
	}
	var id string
	if n, err := fmt.Sscanf(got, `{"map": [["message_id", {"bin": "%64s`, &id); n != 1 || err != nil {
		t.Errorf("our header %s: no message_id of 32 bytes: %v", got, err)
	}
	if want := `{"map": [["message_id", {"bin": "` + id + `"}], ["v", 3]]}`; got != want {
		t.Errorf("our header is %s, want %s", got, want)
	}
}
