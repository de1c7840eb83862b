package interop

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// zrpcProperty is what our READY announces.
var zrpcProperty = zmtp.Property{Name: "X-Zrpc", Value: "1"}

// extensionKeys are header pairs of zrpc's own, encoded, alone and all together.
func extensionKeys(t *testing.T) map[string][]byte {
	t.Helper()
	keys := map[string][]byte{}
	var all []byte
	for _, pair := range []struct {
		key   string
		value any
	}{
		{"deadline", 60_000},
		{"md", map[string]string{"user": "ann", "empty": "", "hé": "☃"}},
		{"idem", "4f6d1c0a-7b39-4a53-9d1e-2f7a5f0f6f11"},
		{"service", "billing"},
		{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
		{"tracestate", "vendor=opaque,other=1"},
	} {
		b, err := event.AppendValue(event.AppendString(nil, pair.key), pair.value)
		if err != nil {
			t.Fatal(err)
		}
		keys[pair.key] = b
		all = append(all, b...)
	}
	keys["all"] = all
	return keys
}

// byHand is a caller whose events the test makes one by one: it says to a real
// server what our client says to zrpc alone.
type byHand struct {
	t      *testing.T
	d      *socket.Dealer
	lastID int
}

func callByHand(t *testing.T, endpoint string) *byHand {
	t.Helper()
	d := socket.NewDealer(socket.Options{Conn: zmtp.Config{Property: zrpcProperty}})
	t.Cleanup(func() { d.Close() })
	if err := d.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	return &byHand{t: t, d: d}
}

// send sends an event with further header pairs, on the channel of a request or,
// with "", as a request itself, and returns its id.
func (h *byHand) send(channel, name string, extra []byte, pairs int, args ...any) string {
	h.t.Helper()
	h.lastID++
	id := fmt.Sprintf("by-hand-%024d", h.lastID)
	head := event.Head{ID: []byte(id), Extra: extra, NExtra: pairs, Name: name}
	if channel != "" {
		head.ResponseTo = event.AppendBin(nil, []byte(channel))
	}
	b := event.AppendArrayHeader(event.AppendHead(nil, &head), len(args))
	var err error
	for _, arg := range args {
		if b, err = event.AppendValue(b, arg); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := h.d.Send(h.t.Context(), nil, b); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// cancel says that the caller gave up.
func (h *byHand) cancel(channel string) { h.send(channel, "_zrpc_cancel", nil, 0) }

// want returns the args of the next event that is no housekeeping, which must
// have this name and be on this channel.
func (h *byHand) want(why, channel, name string) any {
	h.t.Helper()
	ctx, end := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer end()
	for {
		frames, err := h.d.Recv(ctx)
		if err != nil {
			h.t.Fatalf("%s: %v", why, err)
		}
		var e event.Event
		if err := event.Parse(frames[len(frames)-1], &e); err != nil {
			h.t.Fatalf("%s: %v", why, err)
		}
		if string(e.Name) == "_zpc_hb" || string(e.Name) == "_zpc_more" {
			continue
		}
		on, _ := event.Text(e.ResponseTo)
		args, err := event.DecodeAny(e.Args)
		if err != nil || string(e.Name) != name || string(on) != channel {
			h.t.Fatalf("%s: got %s %.200v on %q (%v), want %s on %q", why, e.Name, args, on, err, name, channel)
		}
		return args
	}
}

// TestExtensionsAreHarmless says to the real servers everything that zrpc adds to
// the protocol. Nothing may change: not the answers, not the streams, not the log.
func TestExtensionsAreHarmless(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		name  string
		of    kind
		start func(testing.TB) *peer.Process
	}{
		{"python", python, pythonServer},
		{"node", node, nodeServer},
	} {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel()
			server := of.start(t)
			h := callByHand(t, server.Endpoint())
			for name, extra := range extensionKeys(t) {
				pairs := 1
				if name == "all" {
					pairs = 6
				}
				t.Log("header key", name)
				h.headerKeys(extra, pairs)
			}
			if of.of == python { // which can show that they did arrive
				id := h.send("", "header", extensionKeys(t)["all"], 6)
				got := fmt.Sprint(h.want("the header as Python sees it", id, "OK"))
				for _, want := range []string{`["deadline", 60000]`, `["md", {"map": `, `["idem", `, `["service", "billing"]`, `["traceparent", "00-`, `["tracestate", `} {
					if !strings.Contains(got, want) {
						t.Errorf("Python's header %s lacks %s", got, want)
					}
				}
			}
			h.cancels()
			ourExtensions(t, server.Endpoint())
			calm(t, server, of.of)
		})
	}
}

// headerKeys makes a call, a stream and a failing call that carry header pairs,
// on every event that a caller sends.
func (h *byHand) headerKeys(extra []byte, pairs int) {
	h.t.Helper()
	id := h.send("", "hello", extra, pairs, "RPC")
	if got := h.want("a call", id, "OK"); fmt.Sprint(got) != "[Hello, RPC]" {
		h.t.Errorf("hello: %v", got)
	}
	id = h.send("", "slow_stream", extra, pairs, 3, 0.02)
	for i := range 3 {
		if got := h.want("an item of a stream", id, "STREAM"); fmt.Sprint(got) != fmt.Sprint(i) {
			h.t.Errorf("item %d is %v", i, got)
		}
		h.send(id, "_zpc_more", extra, pairs, 2)
	}
	h.want("the end of a stream", id, "STREAM_DONE")
}

// cancels sends _zrpc_cancel where a caller may: to a server that does not know
// it, the call just goes on.
func (h *byHand) cancels() {
	h.t.Helper()
	id := h.send("", "sleep", nil, 0, 0.3)
	h.cancel(id)
	h.want("a call that was cancelled ends as if it were not", id, "OK")

	id = h.send("", "slow_stream", nil, 0, 5, 0.05)
	h.want("a stream begins", id, "STREAM")
	h.send(id, "_zpc_more", nil, 0, 10)
	h.cancel(id)
	for range 4 {
		h.want("a stream that was cancelled goes on", id, "STREAM")
	}
	h.want("and ends well", id, "STREAM_DONE")

	h.cancel(id) // the answer had crossed it
	h.cancel("no such channel")
	id = h.send("", "hello", nil, 0, "RPC")
	h.want("the call after a cancel that came too late", id, "OK")
}

// ourExtensions has our own client use what it has, and 100 more calls.
func ourExtensions(t *testing.T, endpoint string) {
	t.Helper()
	var mu sync.Mutex
	var sent [][]byte
	stamp := func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if err := req.SetHeader("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"); err != nil {
				return nil, err
			}
			return next(ctx, req)
		}
	}
	c := ourClient(t, endpoint, zrpc.ClientOptions{
		Heartbeat:    suiteHeartbeat * time.Second,
		Interceptors: []zrpc.Interceptor{stamp},
		Trace: func(out bool, event []byte) {
			mu.Lock()
			defer mu.Unlock()
			if out {
				sent = append(sent, bytes.Clone(event))
			}
		},
	})
	full := c.With(zrpc.CallOptions{Timeout: time.Minute, Idempotent: true, Metadata: zrpc.Metadata{"user": "ann"}})
	if got, err := zrpc.Call[string](t.Context(), full, "hello", "RPC"); err != nil || got != "Hello, RPC" {
		t.Errorf("hello with every extension: %q, %v", got, err)
	}
	serverSuite{}.readRange(t, full, 300, func() {})

	// Streams that are left early and calls that time out are where zrpc would
	// say _zrpc_cancel, and here must not: the answers come, and nobody waits.
	seen := 0
	for _, err := range zrpc.Stream[int](t.Context(), full, "slow_stream", 3, 0.05) {
		if seen++; err != nil || seen == 2 {
			break
		}
	}
	short := c.With(zrpc.CallOptions{Timeout: 50 * time.Millisecond})
	if _, err := zrpc.Call[any](t.Context(), short, "sleep", 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call over its time: %v", err)
	}
	for i := range 100 {
		want := fmt.Sprintf("Hello, %d", i)
		if got, err := zrpc.Call[string](t.Context(), c, "hello", fmt.Sprint(i)); err != nil || got != want {
			t.Fatalf("call %d after all that: %q, %v", i, got, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	all := bytes.Join(sent, nil)
	for _, key := range []string{"md", "idem", "traceparent"} { // what its user asked for
		if !bytes.Contains(all, event.AppendString(nil, key)) {
			t.Errorf("our client sent no header key %s", key)
		}
	}
	for _, unasked := range []string{"deadline", "_zrpc_cancel"} {
		if bytes.Contains(all, event.AppendString(nil, unasked)) {
			t.Errorf("our client sent %s to a server that did not announce X-Zrpc", unasked)
		}
	}
}

// calm ends a server and looks for complaints in what it has written.
func calm(t *testing.T, server *peer.Process, of kind) {
	t.Helper()
	server.Kill() // all that it wrote is read then
	for line := range strings.Lines(server.Stderr()) {
		switch {
		case of == python && strings.HasPrefix(line, "WARNING:") && strings.Contains(line, "unable to route event"):
			// As after every answer that crosses one of the caller's events: the
			// late cancels, our heartbeats.
		case of == node && (strings.Contains(line, "DeprecationWarning") || strings.Contains(line, "--trace-deprecation")):
			// zerorpc-node's own, of the first message on.
		default:
			t.Errorf("the server complains: %s", line)
		}
	}
}

// TestReadyProperty: libzmq, through pyzmq's sockets and zeromq.js's, takes the
// property in our READY for what it is, whichever side is bound, and announces
// none itself.
func TestReadyProperty(t *testing.T) {
	t.Parallel()
	o := socket.Options{Conn: zmtp.Config{Property: zrpcProperty}}
	libzmq := peer.Sockets(t)
	for _, bound := range []string{"libzmq", "ours"} {
		router := socket.NewRouter(o)
		defer router.Close()
		var at string
		if bound == "ours" {
			var err error
			if at, err = router.Bind(anyPort); err != nil {
				t.Fatal(err)
			}
			libzmq.Must("open", peer.Args{"socket": bound, "type": "DEALER", "connect": at})
		} else {
			at = text(t, libzmq.Must("open", peer.Args{"socket": bound, "type": "DEALER", "bind": anyPort}))
			if err := router.Connect(at); err != nil {
				t.Fatal(err)
			}
		}
		libzmq.Must("send", peer.Args{"socket": bound, "frames": []string{"", hex.EncodeToString([]byte("there"))}})
		frames, err := router.Recv(t.Context())
		if err != nil || len(frames) != 3 || string(frames[2]) != "there" {
			t.Fatalf("bound is %s: %q, %v", bound, frames, err)
		}
		if err := router.Send(t.Context(), frames[0], nil, []byte("back")); err != nil {
			t.Fatal(err)
		}
		same(t, "what came back", libzmq.Must("recv", peer.Args{"socket": bound}), `["", "`+hex.EncodeToString([]byte("back"))+`"]`)
	}
	// A server knows who speaks zrpc by that property alone.
	s := ourServer(t, 0)
	err := s.srv.Handle("speaks_zrpc", func(ctx context.Context) (bool, error) {
		p, ok := zrpc.PeerFrom(ctx)
		if !ok || p.Address == "" || p.RoutingID == "" {
			return false, fmt.Errorf("peer %+v", p)
		}
		return p.Zrpc, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	at := s.bind(t)
	for name, client := range map[string]*peer.Driver{"python": peer.PythonClient(t), "node": peer.NodeClient(t)} {
		client.Must("new", peer.Args{"client": "c", "endpoint": at})
		same(t, name, client.Must("call", call("speaks_zrpc")), "false")
	}
	if is, err := zrpc.Call[bool](t.Context(), ourClient(t, at, zrpc.ClientOptions{}), "speaks_zrpc"); err != nil || !is {
		t.Errorf("our client is taken for another: %v, %v", is, err)
	}
}
