package services

import (
	"context"
	"errors"
	"iter"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// entry returns a method of a built-in service.
func entry(t *testing.T, service, name string) Entry {
	t.Helper()
	s, ok := Lookup(service)
	if !ok {
		t.Fatalf("no service %q", service)
	}
	i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		t.Fatalf("%s has no method %q", service, name)
	}
	return s.Entries[i]
}

// wireName returns the name that an error travels under, found as the RPC layer finds it.
func wireName(err error) string {
	var w interface{ WireName() string }
	if errors.As(err, &w) {
		return w.WireName()
	}
	return ""
}

func TestLookup(t *testing.T) {
	if got := Names(); !slices.Equal(got, []string{"demo", "time"}) {
		t.Errorf("Names() = %q; the documented services are demo and time", got)
	}
	for _, n := range Names() {
		if s, ok := Lookup(n); !ok || s.Name != n {
			t.Errorf("Lookup(%q) = %v, %v", n, s, ok)
		}
	}
	if s, ok := Lookup("cooler"); ok || s != nil {
		t.Error("an unknown name finds a service; the command line would not go on to look for a Python module")
	}
}

// The names are a contract: tutorials' clients call them.
func TestMethodNames(t *testing.T) {
	want := map[string]string{
		"demo": "Greeter.AllStream Greeter.GetStream Greeter.PutStream Greeter.SayHello Js.J add divide echo fail getpow h.Hello " +
			"hello js.J listinfo multiply sleep streaming_range subtract",
		"time": "ctime gmtime localtime sleep strftime time",
	}
	for name, names := range want {
		s, _ := Lookup(name)
		var got []string
		for _, e := range s.Entries {
			got = append(got, e.Name)
		}
		if strings.Join(got, " ") != names {
			t.Errorf("%s has the methods\n%q, want, sorted,\n%q", name, got, names)
		}
	}
}

// A listing shows the first line of each doc, and -? the parameters by name: both must fit the function.
func TestDocsFitFunctions(t *testing.T) {
	for _, name := range Names() {
		s, _ := Lookup(name)
		for _, e := range s.Entries {
			summary, _, _ := strings.Cut(e.Doc, "\n")
			if summary == "" || len(summary) > 100 || !strings.HasSuffix(summary, ".") {
				t.Errorf("%s.%s: the first line of its doc is no summary: %q", name, e.Name, summary)
			}
			ft := reflect.TypeOf(e.Func)
			n := ft.NumIn()
			if n > 0 && ft.In(0) == reflect.TypeFor[context.Context]() {
				n--
			}
			if len(e.Params) != n {
				t.Errorf("%s.%s: %d parameter names for %d parameters", name, e.Name, len(e.Params), n)
			}
		}
	}
}

func TestTutorialAnswers(t *testing.T) {
	for _, c := range []struct {
		method string
		args   []any
		want   any
		why    string
	}{
		{"hello", []any{"RPC"}, "Hello, RPC", "zerorpc's first example"},
		{"echo", []any{event.Raw("\x81\x01\xca\x3f\x80\x00\x00")}, event.Raw("\x81\x01\xca\x3f\x80\x00\x00"), "{1: a float32} as it was encoded"},
		{"add", []any{int64(1), int64(5)}, int64(6), "ints"},
		{"add", []any{"1", "5"}, "15", "a command line without --json sends strings"},
		{"add", []any{int64(math.MaxInt64), int64(1)}, uint64(1 << 63), "int64 overflows where msgpack does not"},
		{"subtract", []any{int64(3), int64(10)}, int64(7), "the tutorial's subtract is abs(x-y)"},
		{"multiply", []any{int64(6), 7.5}, 45.0, "int with float"},
		{"divide", []any{int64(6), int64(3)}, 2.0, "true division is a float"},
		{"getpow", []any{int64(2), int64(63)}, uint64(1 << 63), "beyond int64, within msgpack"},
		{"listinfo", []any{"m"}, "get info : m", "with the tutorial's space before the colon"},
		{"js.J", []any{"456"}, "123,456", "net/rpc's tutorial"},
		{"Js.J", []any{"456"}, "123,456", "and under its other spelling"},
		{"h.Hello", []any{"x"}, "hello,x", "net/rpc's tutorial"},
		{"Greeter.SayHello", []any{nameRequest{"Bob"}}, messageReply{"hello Bob"}, "gRPC's tutorial"},
	} {
		in := make([]reflect.Value, len(c.args))
		for i, a := range c.args {
			in[i] = reflect.ValueOf(a)
		}
		out := reflect.ValueOf(entry(t, "demo", c.method).Func).Call(in)
		if got := out[0].Interface(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s(%v) = %T %v, want %T %v: %s", c.method, c.args, got, got, c.want, c.want, c.why)
		}
		if len(out) == 2 && !out[1].IsNil() {
			t.Errorf("%s(%v): %v", c.method, c.args, out[1])
		}
	}
}

func TestAddLeavesItsOperands(t *testing.T) {
	b := append(make([]byte, 0, 8), 'a')
	l := append(make([]any, 0, 8), "a")
	for range 2 { // a second sum on the same operand must not have been written over by the first
		sum, _ := add(b, []byte("b"))
		if _, _ = add(b, []byte("c")); string(sum.([]byte)) != "ab" {
			t.Errorf("bytes: %q after another sum, want \"ab\"", sum)
		}
		list, _ := add(l, []any{"b"})
		if _, _ = add(l, []any{"c"}); list.([]any)[1] != "b" {
			t.Errorf("lists: %q after another sum", list)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
		text string
		why  string
	}{
		{"fail", fail("boom"), "RuntimeError", "boom", "the text arrives as it was given"},
		{"repeat", second(multiply("ab", int64(1<<40))), "TypeError", "unsupported operand type(s) for *: 'str' and 'int'", "a small request must not ask for a TB"},
		{"power", second(power(int64(10), int64(1<<60))), "OverflowError", "Integer value out of range", "refused before the work"},
		{"-power", second(power(int64(-1), int64(1<<60+1))), "", "", "-1 to any power is cheap"},
		{"ext", second(add(struct{}{}, int64(1))), "TypeError", "unsupported operand type(s) for +: 'ExtType' and 'int'", "a msgpack extension type"},
		{"time", second(add(time.Time{}, int64(1))), "TypeError", "unsupported operand type(s) for +: 'Timestamp' and 'int'", "a msgpack timestamp"},
		{"format", second(strftime(strings.Repeat("é", maxFormat), &tm{})), "", "", "the longest format, counted in characters"},
		{"format+1", second(strftime(strings.Repeat("x", maxFormat+1), &tm{})), "ValueError",
			"strftime: the format has 4097 characters, more than the 4096 that this server takes", "a result may be 256 times its format"},
		{"sleep", demoSleep(t.Context(), "soon"), "ValueError", "could not convert string to float: 'soon'", "not a number"},
		{"sleep list", demoSleep(t.Context(), []any{}), "TypeError", "'list' object cannot be interpreted as an integer", "not a number"},
		{"sleep str", sleep(t.Context(), "1"), "TypeError", "'str' object cannot be interpreted as an integer", "time's sleep is Python's"},
	} {
		switch {
		case c.want == "" && c.err != nil:
			t.Errorf("%s: %v, want no error: %s", c.name, c.err, c.why)
		case c.want != "" && (c.err == nil || wireName(c.err) != c.want || c.err.Error() != c.text):
			t.Errorf("%s: %q %v, want %q %s: %s", c.name, wireName(c.err), c.err, c.want, c.text, c.why)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestDirectOperands(t *testing.T) {
	// A Go caller's own types, which the wire's decoder never makes.
	for _, v := range []any{int(2), int64(2), uint64(2), float32(2), 2.0} {
		got, err := add(v, int64(1))
		if n, ok := toNumber(got); err != nil || !ok || n.float() != 3 {
			t.Errorf("add(%T 2, 1) = %v, %v", v, got, err)
		}
	}
}

func TestStreamingRangeStopsWithItsReader(t *testing.T) {
	n := 0
	for i := range streamingRange(0, math.MaxInt64, 1) {
		if n++; i == 4 {
			break
		}
	}
	if n != 5 {
		t.Errorf("%d items were made for 5 read", n)
	}
	for range 3 {
		for _, err := range streamingRange(0, 1, 0) {
			if wireName(err) != "ValueError" {
				t.Errorf("a step of 0 gives %v", err)
			}
		}
	}
}

func TestSleep(t *testing.T) {
	for _, seconds := range []any{2.5, "2.5", " 2.5\n"} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			if err := demoSleep(t.Context(), seconds); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d != 2500*time.Millisecond {
				t.Errorf("sleep(%q) took %v", seconds, d)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("the caller is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(gone) })
		start := time.Now()
		if err := sleep(ctx, int64(3600)); err != gone {
			t.Errorf("an interrupted sleep gives %v, want the context's cause", err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("the sleep went on for %v after its caller had gone", d-time.Second)
		}
	})
}

// of plays the caller's stream: the items, then err if it is not nil.
func of(err error, items ...string) iter.Seq2[streamData, error] {
	return func(yield func(streamData, error) bool) {
		for _, s := range items {
			if !yield(streamData{s}, nil) {
				return
			}
		}
		if err != nil {
			yield(streamData{}, err)
		}
	}
}

func TestGreeterStreams(t *testing.T) {
	got := slices.Collect(greeterGetStream(streamData{"x"}))
	if len(got) != 10 || got[0].Data != "x 0" || got[9].Data != "x 9" {
		t.Errorf("GetStream: %v, want x 0 to x 9", got)
	}
	for range greeterGetStream(streamData{"x"}) {
		break // must not go on after its reader
	}

	lost := errors.New("lost")
	for _, c := range []struct {
		in   iter.Seq2[streamData, error]
		want string
		err  string
	}{
		{of(nil), "", ""},
		{of(nil, "a"), "a", ""},
		{of(nil, "a", "", "b"), "a,,b", ""},
		{of(lost, "a"), "", "lost"},
		{of(nil, strings.Repeat("x", maxPutStream-1)), strings.Repeat("x", maxPutStream-1), ""},
		{of(nil, "x", strings.Repeat("x", maxPutStream-1)), "", "Greeter.PutStream joins at most 1048576 bytes of data; send less, or use Greeter.AllStream"},
	} {
		got, err := greeterPutStream(t.Context(), c.in)
		if text := errText(err); got.Data != c.want || text != c.err {
			t.Errorf("PutStream: %.20q, %q; want %.20q, %q", got.Data, text, c.want, c.err)
		}
	}

	var items []string
	var last error
	for item, err := range greeterAllStream(t.Context(), of(lost, "a", "b")) {
		if last = err; err == nil {
			items = append(items, item.Data)
		}
	}
	if !slices.Equal(items, []string{"a", "b"}) || last != lost {
		t.Errorf("AllStream: %q, %v; want each item back, and the caller's error at the end", items, last)
	}
	for range greeterAllStream(t.Context(), of(nil, "a", "b")) {
		break
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A clock of its own: what the functions answer without a time given is now, in the zone given.
func TestNow(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 1, 22, 30, 15, 250_000_000, time.UTC)
	c := clock{now: func() time.Time { return now }, loc: func() *time.Location { return zone }}
	if got := c.time(); got != float64(now.Unix())+0.25 {
		t.Errorf("time() = %v", got)
	}
	for _, args := range [][]any{nil, {nil}} {
		if got, err := c.localtime(args...); err != nil || !slices.Equal(got, []int{2026, 7, 2, 0, 30, 15, 3, 183, 1}) {
			t.Errorf("localtime(%v) = %v, %v", args, got, err)
		}
		if got, err := c.gmtime(args...); err != nil || !slices.Equal(got, []int{2026, 7, 1, 22, 30, 15, 2, 182, 0}) {
			t.Errorf("gmtime(%v) = %v, %v", args, got, err)
		}
		if got, err := c.ctime(args...); err != nil || got != "Thu Jul  2 00:30:15 2026" {
			t.Errorf("ctime(%v) = %q, %v", args, got, err)
		}
	}
	if got, err := c.strftime("%Y/%m/%d %H %Z %z %s"); err != nil || got != "2026/07/02 00 CEST +0200 1782945015" {
		t.Errorf("strftime = %q, %v", got, err)
	}
}

func TestLocalZone(t *testing.T) {
	for _, tz := range []string{"", ":Europe/Berlin", "Europe/Berlin", "/etc/localtime"} {
		if localZone(tz) != time.Local {
			t.Errorf("TZ=%q: Go reads this one itself", tz)
		}
	}
	// C takes a rule that it cannot read for UTC.
	if name, offset := time.Unix(0, 0).In(localZone("no rule")).Zone(); name != "UTC" || offset != 0 {
		t.Errorf("a wrong rule gives %s %d", name, offset)
	}
	if systemClock().loc() == nil {
		t.Error("the service runs in no zone")
	}
}

// %s of fields whose DST flag contradicts the date: read by the offset of the neighbouring period that fits, as mktime.
func TestUnixWithContradictingDST(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c := clock{now: time.Now, loc: func() *time.Location { return zone }}
	noon := func(month, isdst int64) []any {
		return []any{int64(2026), month, int64(1), int64(12), int64(0), int64(0), int64(0), int64(1), isdst}
	}
	for _, v := range []struct {
		month, isdst int64
		utcHour      int
	}{{1, 0, 11}, {1, 1, 10}, {1, -1, 11}, {7, 1, 10}, {7, 0, 11}} {
		got, err := c.strftime("%s", noon(v.month, v.isdst))
		want := time.Date(2026, time.Month(v.month), 1, v.utcHour, 0, 0, 0, time.UTC).Unix()
		if err != nil || got != strconv.FormatInt(want, 10) {
			t.Errorf("month %d, DST %d: %s, %v, want %d:00 UTC", v.month, v.isdst, got, err, v.utcHour)
		}
	}
}
