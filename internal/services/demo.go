package services

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// newDemo returns the demo service: the methods of the well-known RPC tutorials, each under the name that its
// tutorial uses, so that any of their clients has something to call.
func newDemo() *Service {
	return &Service{Name: "demo", Entries: []Entry{
		{"Greeter.AllStream", greeterAllStream, "Answer every {data} of the caller's stream with the same {data}, as it comes.", []string{"stream"}},
		{"Greeter.GetStream", greeterGetStream, "Stream ten {data}: the data of the request with the item's number, \"DATA 0\" to \"DATA 9\".", []string{"request"}},
		{"Greeter.PutStream", greeterPutStream, "Read a stream of {data} to its end and answer one {data}: all of them joined by commas.\n\nAt most 1 MiB of data is joined; more is a ValueError.", []string{"stream"}},
		{"Greeter.SayHello", greeterSayHello, "Greet: {name} is answered by {message: \"hello NAME\"}.", []string{"request"}},
		{"Js.J", jsJ, "Return \"123,\" followed by s.", []string{"s"}},
		{"add", add, "Return a + b.\n\nNumbers are summed; two strings or two lists are joined, as Python's + does.", []string{"a", "b"}},
		{"divide", divide, "Return x / y, always a float.", []string{"x", "y"}},
		{"echo", echo, "Return the argument unchanged.", []string{"x"}},
		{"fail", fail, "Raise a RuntimeError with the message given.", []string{"message"}},
		{"getpow", power, "Return n ** m.\n\nAn int result beyond 64 bits is an OverflowError.", []string{"n", "m"}},
		{"h.Hello", hHello, "Return \"hello,\" followed by s.", []string{"s"}},
		{"hello", hello, "Say hello to NAME.", []string{"name"}},
		{"js.J", jsJ, "Return \"123,\" followed by s.", []string{"s"}},
		{"listinfo", listinfo, "Return \"get info : \" followed by the message.", []string{"message"}},
		{"multiply", multiply, "Return x * y.", []string{"x", "y"}},
		{"sleep", demoSleep, "Return after so many seconds.\n\nThe number may come as text, since a command line sends strings. The sleep ends early if the caller goes away.", []string{"seconds"}},
		{"streaming_range", streamingRange, "Stream the ints from fr up to, not including, to, by step.\n\nA negative step counts down, as Python's range does.", []string{"fr", "to", "step"}},
		{"subtract", subtract, "Return abs(x - y).", []string{"x", "y"}},
	}}
}

// hello is the first method of zerorpc's own introduction.
func hello(name string) string { return "Hello, " + name }

// echo hands the argument back as it was encoded: no detour through Go's types, so float32, integer widths, extension
// types and maps with any keys come back as they went.
func echo(x event.Raw) event.Raw { return x }

// listinfo, jsJ and hHello are the methods of three tutorials; their odd texts are what their readers expect.
func listinfo(message string) string { return "get info : " + message }

func jsJ(s string) string { return "123," + s }

func hHello(s string) string { return "hello," + s }

// fail answers a RuntimeError: the name a Python method gives by "raise RuntimeError(message)".
func fail(message string) error { return &Error{Name: "RuntimeError", Message: message} }

// demoSleep is sleep with the number of seconds also accepted as text, unlike time's.
func demoSleep(ctx context.Context, seconds any) error {
	if s, ok := seconds.(string); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil {
			return valueError("could not convert string to float: '%.64s'", s)
		}
		seconds = f
	}
	return sleep(ctx, seconds)
}

// sleep returns after so many seconds, or with ctx's error as soon as ctx ends.
func sleep(ctx context.Context, seconds any) error {
	d, err := duration(seconds)
	if err != nil {
		return err
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// streamingRange yields Python's range(fr, to, step). The items are made one by one, so a range of any length
// costs nothing until it is read.
func streamingRange(fr, to, step int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		if step == 0 {
			yield(0, valueError("range() arg 3 must not be zero"))
			return
		}
		for i := fr; (step > 0 && i < to) || (step < 0 && i > to); {
			if !yield(i, nil) {
				return
			}
			next := i + step
			if (next > i) != (step > 0) {
				return // the next one would be outside int64, hence outside the range
			}
			i = next
		}
	}
}
