package method

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"sync"
	"testing"
	"unsafe"
)

type (
	hiddenFields struct{ _, _ int }
	selfish      struct {
		Next *selfish
		Conn chan int
	}
	tree struct {
		Kids []tree          `msgpack:"kids"`
		Up   *tree           `msgpack:"up"`
		By   map[string]tree `msgpack:"by"`
		Stop chan int        `msgpack:"-"`
	}
	outer struct {
		inner
		_ sync.Mutex
	}
	inner struct{ A int }
	wrap  struct{ sync.Mutex }
)

func TestRefusals(t *testing.T) {
	var nilFunc func()
	for _, tc := range []struct {
		name string
		fn   any
		want string
	}{
		{"no function", 5, "cannot expose m: a value of type int is no function; pass a func, or register the methods of a value"},
		{"nil", nil, "cannot expose m: nil is no function; pass a func, or register the methods of a value"},
		{"nil function", nilFunc, "cannot expose m: the function is nil; pass a func that is set"},
		{"nil typed function", Func0[int](nil), "cannot expose m: the function is nil; pass a func that is set"},
		{"empty Func", Func{}, "cannot expose m: nil is no function; pass a func, or register the methods of a value"},
		{"context second", func(int, context.Context) {},
			"cannot expose m: parameter 2 is context.Context; the context must be the first parameter"},
		{"chan parameter", func(_ context.Context, in <-chan int) {},
			"cannot expose m: parameter 2 is <-chan int, which cannot travel; to read a stream from the caller take iter.Seq2[int, error] as the last parameter"},
		{"func parameter", func(func() int) {},
			"cannot expose m: parameter 1 is func() int, which cannot travel; take a plain value, or iter.Seq2[T, error] as the last parameter for a stream from the caller"},
		{"stream not last", func(iter.Seq2[int, error], int) {},
			"cannot expose m: parameter 1 is iter.Seq2[int,error]; the caller's stream must be the last parameter"},
		{"stream without errors", func(iter.Seq[string]) {},
			"cannot expose m: parameter 1 is iter.Seq[string]; take iter.Seq2[string, error], so that you learn when the caller is lost"},
		{"error parameter", func(error) {}, "cannot expose m: parameter 1 is error; an error does not travel as an argument: take a string"},
		{"interface parameter", func(io.Reader) {},
			"cannot expose m: parameter 1 is io.Reader: nothing says which type to decode into io.Reader; take a concrete type, or any"},
		{"complex parameter", func([]complex128) {},
			"cannot expose m: parameter 1 is []complex128: complex128 cannot travel; use a type made of numbers, strings, bytes, lists, maps and structs"},
		{"unsafe pointer", func(map[string]unsafe.Pointer) {},
			"cannot expose m: parameter 1 is map[string]unsafe.Pointer: unsafe.Pointer cannot travel; use a type made of numbers, strings, bytes, lists, maps and structs"},
		{"variadic of funcs", func(...func()) {},
			"cannot expose m: parameter 1 is func(): func() cannot travel; use a type made of numbers, strings, bytes, lists, maps and structs"},
		{"struct with nothing to send", func(hiddenFields) {},
			"cannot expose m: parameter 1 is method.hiddenFields: method.hiddenFields has no exported fields, so nothing of it would travel; export the fields that should"},
		{"struct result with nothing to send", func() *hiddenFields { return nil },
			"cannot expose m: it returns *method.hiddenFields: method.hiddenFields has no exported fields, so nothing of it would travel; export the fields that should"},
		{"a field that cannot travel", func() selfish { return selfish{} },
			"cannot expose m: it returns method.selfish: field Conn: chan int cannot travel; use a type made of numbers, strings, bytes, lists, maps and structs, or tag the field msgpack:\"-\""},
		{"a field deep down", func(*http.Client) {}, ""},
		{"three results", func() (int, int, error) { return 0, 0, nil },
			"cannot expose m: it has 3 results; return at most a value and an error; several values go into one struct or slice"},
		{"second result no error", func() (int, string) { return 0, "" },
			"cannot expose m: its second result is string; return a value and an error; several values go into one struct or slice"},
		//lint:ignore ST1008 this is the mistake that is refused
		{"error first", func() (error, int) { return nil, 0 }, "cannot expose m: its first result is an error; return the error last"},
		{"two errors", func() (error, error) { return nil, nil },
			"cannot expose m: its first result is an error; return one error, as the last result"},
		{"bidirectional channel", func() chan int { return nil },
			"cannot expose m: it returns chan int; return <-chan int, from which this side only reads"},
		{"send channel", func() chan<- int { return nil },
			"cannot expose m: it returns chan<- int; return <-chan int, from which this side only reads"},
		{"func result", func() func() { return nil },
			"cannot expose m: it returns func(), which cannot travel; return a value, or iter.Seq[T], iter.Seq2[T, error] or <-chan T for a stream"},
		{"pairs that are no errors", func() iter.Seq2[string, int] { return nil },
			"cannot expose m: it returns iter.Seq2[string,int], which cannot travel; return a value, or iter.Seq[T], iter.Seq2[T, error] or <-chan T for a stream"},
		{"stream of channels", func() iter.Seq[chan int] { return nil },
			"cannot expose m: it returns a stream of chan int: chan int cannot travel; use a type made of numbers, strings, bytes, lists, maps and structs"},
		{"stream of connections from the caller", func(iter.Seq2[net.Conn, error]) {},
			"cannot expose m: parameter 1 is a stream of net.Conn: nothing says which type to decode into net.Conn; take a concrete type, or any"},
		{"context result", func() context.Context { return nil }, "cannot expose m: it returns a context.Context; return a value that can travel"},
		{"net/rpc with a reply that cannot travel", func(int, *chan int) error { return nil },
			"cannot expose m: the reply, parameter 2, is a pointer to chan int: chan int cannot travel; use a type made of numbers, strings, bytes, lists, maps and structs"},
		{"net/rpc with arguments that cannot travel", func(io.Reader, *int) error { return nil },
			"cannot expose m: parameter 1 is io.Reader: nothing says which type to decode into io.Reader; take a concrete type, or any"},
		{"a mutex", func(*wrap) {}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New("m", tc.fn, nil)
			if _, ok := errors.AsType[*SignatureError](err); !ok {
				t.Fatalf("got %v, want a *SignatureError", err)
			}
			if tc.want != "" && err.Error() != tc.want {
				t.Errorf("got  %s\nwant %s", err, tc.want)
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	for _, fn := range []any{
		func(tree) *tree { return nil },                // contains itself
		func(*outer) *outer { return nil },             // what is embedded travels, the mutex stays
		func(net.IP, *net.IPNet) net.IP { return nil }, // speaks for itself, and bytes
		func() io.Reader { return nil },                // what is in it is seen when it is encoded
		func() any { return nil },
		func([4]byte, [2]int) {},
		func(string) (<-chan struct{}, error) { return nil, nil },
		func(func(yield func(int, error) bool)) {}, // an iterator by another name
	} {
		if _, err := New("m", fn, nil); err != nil {
			t.Errorf("%T: %v", fn, err)
		}
	}
}

func TestDocMustFit(t *testing.T) {
	_, err := New("m", func(context.Context, int) {}, &Doc{Params: []string{"ctx", "n"}})
	want := "cannot expose m: its Doc names 2 parameters, the function has 1 without the context; name them all in order, or none; after a change run go generate again"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
