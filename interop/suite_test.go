package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interop/peer"
)

// kind says whose implementation stands on a side, for the places where the
// three differ (PROTOCOL: Node answers neither unknown methods nor _zerorpc_list).
type kind int

const (
	python kind = iota
	node
	ours
)

// clientSuite drives a real client through everything a server has to do. The
// same suite runs against Python's, Node's and our own server: the foreign pairs
// prove the suite, ours is what it is for.
type clientSuite struct {
	client   *peer.Driver
	of       kind // whose client
	server   kind
	endpoint string
}

// suiteHeartbeat is short, so that a peer gone deaf is found in 6 s; in seconds.
const suiteHeartbeat = 2

func (s clientSuite) on(t *testing.T) clientSuite {
	s.client = s.client.On(t)
	return s
}

func (s clientSuite) run(t *testing.T) {
	s.on(t).connect("c", nil)
	for _, test := range []struct {
		name string
		test func(clientSuite, *testing.T)
	}{
		{"call", clientSuite.call},
		{"values", clientSuite.values},
		{"large", clientSuite.large},
		{"streams", clientSuite.streams},
		{"slow reader", clientSuite.slowReader},
		{"early stop", clientSuite.earlyStop},
		{"errors", clientSuite.errors},
		{"stream errors", clientSuite.streamErrors},
		{"unknown method", clientSuite.unknownMethod},
		{"wrong arguments", clientSuite.wrongArguments},
		{"concurrent", clientSuite.concurrent},
		{"timeout", clientSuite.timeout},
		{"built-ins", clientSuite.builtIns},
		{"nothing left", clientSuite.nothingLeft},
	} {
		t.Run(test.name, func(t *testing.T) { test.test(s.on(t), t) })
	}
}

// connect makes a client of that name in the driver.
func (s clientSuite) connect(name string, more peer.Args) {
	args := peer.Args{"client": name, "endpoint": s.endpoint, "timeout": 20, "heartbeat": suiteHeartbeat}
	for k, v := range more {
		args[k] = v
	}
	s.client.Must("new", args)
}

// args are the fields of a call by client c.
func call(method string, args ...any) peer.Args {
	if args == nil {
		args = []any{}
	}
	return peer.Args{"client": "c", "method": method, "args": args}
}

// with adds a field.
func with(a peer.Args, key string, value any) peer.Args {
	a[key] = value
	return a
}

// same compares two spellings, whatever their white space.
func same(t *testing.T, what string, got json.RawMessage, want string) {
	t.Helper()
	var g, w bytes.Buffer
	if err := json.Compact(&g, got); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := json.Compact(&w, []byte(want)); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	// Python's JSON escapes what is not ASCII; both sides go through Go's.
	if normal(t, g.Bytes()) != normal(t, w.Bytes()) {
		t.Errorf("%s: got %.200s, want %.200s", what, g.Bytes(), w.Bytes())
	}
}

// normal is a JSON text in Go's own escaping; numbers stay as written.
func normal(t *testing.T, b []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("JSON: %v in %.200s", err, b)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (s clientSuite) call(t *testing.T) {
	same(t, "hello", s.client.Must("call", call("hello", "RPC")), `"Hello, RPC"`)
	same(t, "add", s.client.Must("call", call("add", 40, 2)), `42`)
}

func (s clientSuite) values(t *testing.T) {
	values := pythonValues()
	switch {
	case s.server == node:
		// msgpack-lite writes every number beyond 32 bits as a float.
		values = append(nodeValues(), smallIntegers()...)
	case s.of == node:
		values = append(nodeValues(), integers()...)
	}
	for _, v := range values {
		same(t, "echo", s.client.Must("call", call("echo", json.RawMessage(v))), v)
	}
	if s.server != ours {
		return
	}
	// Decoded to Go values and encoded again all is kept but the order of maps.
	for _, v := range values {
		if strings.Count(v, "], [") == 0 && strings.Count(v, "],[") == 0 {
			same(t, "echo_any", s.client.Must("call", call("echo_any", json.RawMessage(v))), v)
		}
	}
}

func (s clientSuite) large(t *testing.T) {
	want := `{"bin": "` + strings.Repeat("a5", 1<<20) + `"}`
	same(t, "1 MiB", s.client.Must("call", call("big", 1<<20)), want)
	same(t, "1 MiB both ways", s.client.Must("call", call("echo", json.RawMessage(want))), want)
	if s.server == ours {
		same(t, "1 MiB handed over", s.client.Must("call", call("hand", json.RawMessage(want))), want)
	}
}

func (s clientSuite) streams(t *testing.T) {
	counts := []int{0, 1, 2, 100, 101, 102, 103, 10000} // about the credit of 1 + 100, and many
	if s.of == node && s.server == python {
		// From item 51 on Node sends credit with every item; a Python server whose
		// stream ends while two of them wait blocks its dispatcher for ever.
		counts = []int{0, 1, 2, 40}
	} else if s.of == node && s.server == node {
		// Each credit resets the count, so the server overruns its own queue of
		// 1,000 and loses items of a long stream.
		counts = []int{0, 1, 2, 100, 500}
	}
	for _, count := range counts {
		if s.server == node && count == 0 {
			continue // Node answers an empty stream with OK: no stream for Python
		}
		got := s.client.Do("stream", call("streaming_range", 0, count, 1)).Stream(t)
		if s.of == node && count == 0 && len(got.Items) == 0 {
			continue
		}
		s.isRange(t, got, count)
	}
}

// isRange checks a stream of the integers below count that came to its end.
func (s clientSuite) isRange(t *testing.T, got peer.StreamOutcome, count int) {
	t.Helper()
	if got.End != "done" || len(got.Items) != count {
		t.Fatalf("stream of %d: %d items, end %q, error %v", count, len(got.Items), got.End, got.Error)
	}
	for i, item := range got.Items {
		if string(item) != fmt.Sprint(i) {
			t.Fatalf("stream of %d: item %d is %s: lost, doubled or out of order", count, i, item)
		}
	}
}

// slowReader takes longer over each item than the server over many, so that the
// server has to wait for credit: Python dies at 100 unread items.
func (s clientSuite) slowReader(t *testing.T) {
	if s.of == node {
		return // Node's callback cannot hold a stream up
	}
	for _, slots := range []int{100, 10, 2} {
		args := with(with(call("streaming_range", 0, 400, 1), "delay", 0.002), "slots", slots)
		s.isRange(t, s.client.Do("stream", args).Stream(t), 400)
	}
}

func (s clientSuite) earlyStop(t *testing.T) {
	if s.of == node {
		return // Node has no way to stop a stream
	}
	// With a pause between items: a Python client that leaves a stream while an
	// item waits in its queue goes deaf for ever (its dispatcher blocks there).
	got := s.client.Do("stream", with(call("slow_stream", 1000, 0.05), "limit", 3)).Stream(t)
	if got.End != "stopped" || len(got.Items) != 3 {
		t.Fatalf("early stop: %d items, end %q, error %v", len(got.Items), got.End, got.Error)
	}
	same(t, "the call after", s.client.Must("call", call("hello", "again")), `"Hello, again"`)
}

func (s clientSuite) errors(t *testing.T) {
	for _, want := range []struct{ name, message string }{
		{"ValueError", "x"},
		{"KeyError", "x"}, // Python's str() of it has quotes
		{"CustomError", "hé"},
		{"ValueError", ""},
	} {
		e := s.client.MustFail("call", call("fail", want.name, want.message))
		if s.of == python && e.Type != "RemoteError" {
			t.Fatalf("fail %s: %v, want a RemoteError", want.name, e)
		}
		if e.Name != want.name || strings.Trim(e.Message, "'") != want.message {
			t.Errorf("fail: got %q %q, want %q %q", e.Name, e.Message, want.name, want.message)
		}
		if !strings.Contains(e.Traceback, want.name) {
			t.Errorf("fail: the traceback %q does not name the error", e.Traceback)
		}
	}
}

func (s clientSuite) streamErrors(t *testing.T) {
	counts := []int{0, 1, 3, 150} // before the first item, in the first credit, in a later one
	if s.of == node && s.server == python {
		counts = counts[:3] // as in streams
	}
	for _, count := range counts {
		o := s.client.Do("stream", call("fail_stream", count))
		if count == 0 && s.of == python {
			// Without an item Python's call itself raises.
			if o.Error == nil || o.Error.Message != "after 0" {
				t.Errorf("failing before the first item: %+v", o)
			}
			continue
		}
		got := o.Stream(t)
		if got.End != "error" || len(got.Items) != count || got.Error == nil || got.Error.Message != fmt.Sprintf("after %d", count) {
			t.Errorf("failing after %d: %d items, end %q, error %v", count, len(got.Items), got.End, got.Error)
		}
	}
}

func (s clientSuite) unknownMethod(t *testing.T) {
	if s.server == node {
		return // Node never answers
	}
	e := s.client.MustFail("call", call("no_such_method", 1))
	if e.Name != "NameError" || e.Message != "no_such_method" {
		t.Errorf("unknown method: got %q %q, want NameError with the method's name", e.Name, e.Message)
	}
}

func (s clientSuite) wrongArguments(t *testing.T) {
	if s.server == node {
		return // JavaScript calls with whatever there is
	}
	for _, args := range [][]any{{}, {1}, {1, 2, 3}} {
		if e := s.client.MustFail("call", call("add", args...)); e.Name != "TypeError" {
			t.Errorf("add%v: got %q %q, want TypeError", args, e.Name, e.Message)
		}
	}
}

func (s clientSuite) concurrent(t *testing.T) {
	const count = 200
	var got []json.RawMessage
	o := s.client.Must("many", with(call("echo"), "count", count))
	if err := json.Unmarshal(o, &got); err != nil || len(got) != count {
		t.Fatalf("%d calls at once: %d outcomes, %v", count, len(got), err)
	}
	for i, g := range got {
		if string(g) != fmt.Sprint(i) {
			t.Fatalf("%d calls at once: call %d got %s, another's answer", count, i, g)
		}
	}
}

func (s clientSuite) timeout(t *testing.T) {
	begun := time.Now()
	e := s.client.MustFail("call", with(call("sleep", 5), "timeout", 1))
	if e.Type != "TimeoutExpired" {
		t.Errorf("a call over its timeout: %v, want TimeoutExpired", e)
	}
	if took := time.Since(begun); took > 4*time.Second { // far from the answer's 5 s
		t.Errorf("a timeout of 1 s took %v", took)
	}
	same(t, "the call after a timeout", s.client.Must("call", call("hello", "again")), `"Hello, again"`)
}

func (s clientSuite) builtIns(t *testing.T) {
	inspected := string(s.client.Must("call", call("_zerorpc_inspect")))
	for _, want := range []string{`"hello"`, `"streaming_range"`, `"add"`} {
		if !strings.Contains(inspected, want) {
			t.Errorf("inspection lacks %s: %.300s", want, inspected)
		}
	}
	if s.server == node {
		ping := strings.ReplaceAll(string(s.client.Must("call", call("_zerorpc_ping"))), " ", "")
		// Its own has no name; a broker answers for it with that of its introspection.
		if ping != `["pong",""]` && ping != `["pong","Object"]` {
			t.Errorf("ping: %s", ping)
		}
		return // it has no other
	}
	same(t, "ping", s.client.Must("call", call("_zerorpc_ping")), `["pong", "Peer"]`)
	same(t, "name", s.client.Must("call", call("_zerorpc_name")), `"Peer"`)
	same(t, "help", s.client.Must("call", call("_zerorpc_help", "add")), `"Adds."`)
	var list []string
	if err := json.Unmarshal(s.client.Must("call", call("_zerorpc_list")), &list); err != nil {
		t.Fatal(err)
	}
	listed := strings.Join(list, " ") + " "
	for _, want := range []string{"hello ", "add ", "streaming_range "} {
		if !strings.Contains(listed, want) {
			t.Errorf("the list lacks %s: %s", want, listed)
		}
	}
	if strings.Contains(listed, "_zerorpc") {
		t.Errorf("the list has built-ins: %s", listed)
	}
}

// nothingLeft looks into the client once all is over: an end that did not reach
// it would have left its channel.
func (s clientSuite) nothingLeft(t *testing.T) {
	if s.of == node && s.server != node {
		// Node's channel lives on after a timeout until its method answers.
		s.client.Must("call", call("sleep", 1.5))
	}
	got := s.client.Must("stats", peer.Args{"client": "c"})
	same(t, "open channels", got, `{"channels": 0}`)
}

// text is a spelling that is a text.
func text(t *testing.T, spelling json.RawMessage) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(spelling, &s); err != nil {
		t.Fatalf("%v in %.200s", err, spelling)
	}
	return s
}
