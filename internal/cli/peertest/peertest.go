// Package peertest plays a zerorpc server for tests of the command line: one that answers as a Python server was once
// recorded to answer, defaults and docstrings included, which no Go function can.
package peertest

import (
	"context"
	_ "embed"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
)

// Answer is the event that a server answers a request with. Args is one encoded value. Without a Name there is no
// answer, nor a heartbeat: the server is there and mute.
type Answer struct {
	Name string // "OK" or "ERR"
	Args []byte
}

// OK is an answer with one result.
func OK(result any) Answer { return encode("OK", []any{result}) }

// Err is a remote error.
func Err(name, message, traceback string) Answer {
	return encode("ERR", []any{name, message, traceback})
}

func encode(name string, args []any) Answer {
	b, err := event.AppendValue(nil, args)
	if err != nil {
		panic(err) // a test's own value
	}
	return Answer{name, b}
}

// Serve answers requests by method, and with the method and its first argument ("_zerorpc_help hello") before that,
// until the test ends. It returns the endpoint. Other methods are answered as unknown.
func Serve(tb testing.TB, answers map[string]Answer) string {
	tb.Helper()
	endpoint, stop := serve(tb, func(e *event.Event) Answer { return find(answers, e) })
	tb.Cleanup(stop)
	return endpoint
}

// ServeUntil tells asked of each method that is called, and answers none. stop ends its connections; it must be called.
func ServeUntil(tb testing.TB, asked func(method string)) (endpoint string, stop func()) {
	tb.Helper()
	return serve(tb, func(e *event.Event) Answer {
		asked(string(e.Name))
		return Answer{}
	})
}

func serve(tb testing.TB, answer func(e *event.Event) Answer) (endpoint string, stop func()) {
	tb.Helper()
	r := socket.NewRouter(socket.Options{})
	endpoint, err := r.Bind("tcp://127.0.0.1:*")
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			frames, err := r.Recv(context.Background())
			if err != nil {
				return // closed
			}
			var e event.Event
			if event.Parse(frames[len(frames)-1], &e) != nil || e.ResponseTo != nil {
				continue // a heartbeat, or what no client sends
			}
			a := answer(&e)
			if a.Name == "" {
				continue
			}
			body := event.AppendHead(nil, &event.Head{
				ID: []byte(strings.Repeat("0", 32)), ResponseTo: e.ID, Name: a.Name})
			_ = r.Send(context.Background(), append(frames[:len(frames)-1], append(body, a.Args...))...)
		}
	}()
	return endpoint, func() {
		r.Close()
		<-done
	}
}

func find(answers map[string]Answer, e *event.Event) Answer {
	elems, _ := event.AppendElems(nil, e.Args)
	if len(elems) > 0 {
		if arg, ok := event.Text(elems[0]); ok {
			if a, ok := answers[string(e.Name)+" "+string(arg)]; ok {
				return a
			}
		}
	}
	if a, ok := answers[string(e.Name)]; ok {
		return a
	}
	return Err("NameError", string(e.Name), "")
}

//go:embed cooler.hex
var coolerHex string

// Cooler is the answer of zerorpc-python 0.6.3 to _zerorpc_inspect, byte for byte, for a class with docstrings,
// defaults and a method without documentation.
func Cooler() map[string]Answer {
	body, err := hex.DecodeString(strings.TrimSpace(coolerHex))
	var e event.Event
	if err == nil {
		err = event.Parse(body, &e)
	}
	if err != nil {
		panic(err) // the file beside this one
	}
	return map[string]Answer{"_zerorpc_inspect": {Name: "OK", Args: e.Args}}
}

// Python311 answers as zerorpc-python 0.6.3 on Python 3.11: its _zerorpc_inspect and _zerorpc_args always fail.
func Python311() map[string]Answer {
	gone := Err("AttributeError", "module 'inspect' has no attribute 'getargspec'",
		"Traceback (most recent call last):\n  …\nAttributeError: module 'inspect' has no attribute 'getargspec'\n")
	return map[string]Answer{
		"_zerorpc_inspect":    gone,
		"_zerorpc_args":       gone,
		"_zerorpc_name":       OK("HelloRPC"),
		"_zerorpc_list":       OK([]any{"add", "hello"}),
		"_zerorpc_help hello": OK("Say hello.\n\nLonger text here."),
		"_zerorpc_help add":   OK(nil),
		"_zerorpc_help nope":  Err("KeyError", "'nope'", ""),
	}
}

// Annotated answers as zerorpc-python 0.6.3 on Python 3.9 does for a class one method of which has annotations: the
// whole inspection fails for its sake, while _zerorpc_args works for the others.
func Annotated() map[string]Answer {
	a := Python311()
	a["_zerorpc_args hello"] = OK([]any{[]any{"self", "name"}, nil, nil, nil})
	a["_zerorpc_args add"] = OK([]any{[]any{"self", "a", "b"}, nil, nil, []any{2}})
	return a
}
