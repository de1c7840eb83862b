package method

import (
	"context"
	"fmt"
	"reflect"
)

// Shape says on which sides of a call a stream flows.
type Shape int

// The four shapes of a call.
const (
	Unary        Shape = iota // one request, one answer
	ServerStream              // one request, a stream of answers
	ClientStream              // a stream of requests, one answer
	Bidi                      // a stream each way
)

// String returns the shape in words: "unary", "server stream", ….
func (s Shape) String() string {
	switch s {
	case Unary:
		return "unary"
	case ServerStream:
		return "server stream"
	case ClientStream:
		return "client stream"
	case Bidi:
		return "bidirectional"
	}
	return fmt.Sprintf("Shape(%d)", int(s))
}

// Streams reports whether the answer is a stream: such a method is run by
// [Method.Stream], the others by [Method.Call].
func (s Shape) Streams() bool { return s == ServerStream || s == Bidi }

// Doc is what cannot be read from a function value: its comment and the names
// of its parameters.
type Doc struct {
	Doc string // the comment as text
	// Params names the parameters in order, without the context, streams
	// included. Empty: they are called arg0, arg1, ….
	Params []string
}

// Param describes one parameter for inspection.
type Param struct {
	Name     string // as declared by Doc, else arg0, arg1, …
	Type     string // "int", "str", "bin", "float", "bool", "list", "map", "time", "ext", "any"; "stream" for a client stream
	Item     string // the type of one item, for a "list", a variadic parameter or a stream
	Variadic bool
	// Default is what an absent argument stands for, if HasDefault. Go has no
	// defaults; the fields serve methods that are described from elsewhere.
	Default    any
	HasDefault bool
}

// Method is a function made callable. All fields are set at creation; a Method
// may be used by any number of goroutines at once.
type Method struct {
	Name   string
	Doc    string
	Params []Param
	Shape  Shape
	Result string // type of the result or of one item of the answer; "nil": none

	// Context says that the function takes a context, and so may keep it. Of one
	// that does not, neither the context nor what it leads to outlives the call.
	Context bool

	named  bool // the names in Params were declared, so errors may use them
	minArg int  // fewest arguments
	maxArg int  // most arguments; maxVariadic for a variadic function

	call   callFunc   // nil if Shape.Streams()
	stream streamFunc // nil unless Shape.Streams()
}

// callFunc and streamFunc are the closures that New leaves behind; their
// contracts are those of Call and Open.
type (
	callFunc   func(ctx context.Context, args []byte, in Source, out []byte) ([]byte, error)
	streamFunc func(ctx context.Context, args []byte, in Source, send func(item []byte) error) (Feed, error)
)

// New makes fn, a function or a [Func], callable under name. doc may be nil.
// What cannot be exposed is refused with a [*SignatureError].
func New(name string, fn any, doc *Doc) (*Method, error) {
	typed, isFunc := fn.(Func)
	if isFunc {
		fn = typed.fn
	}
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func {
		return nil, refuse(name, fmt.Sprintf("%s is no function", describe(fn)),
			"pass a func, or register the methods of a value")
	}
	if v.IsNil() {
		return nil, refuse(name, "the function is nil", "pass a func that is set")
	}
	sig, err := analyse(name, v.Type())
	if err != nil {
		return nil, err
	}
	m := &Method{Name: name, Shape: sig.shape(), Context: sig.ctx, minArg: len(sig.params), maxArg: len(sig.params)}
	if sig.variadic {
		m.minArg--
		m.maxArg = maxVariadic
	}
	if err := m.describe(sig, doc); err != nil {
		return nil, err
	}
	if !isFunc {
		typed, isFunc = lookup(v, sig)
	}
	if isFunc && typed.shape == m.Shape {
		typed.bind(m)
		return m, nil
	}
	newCaller(m, v, sig).bind()
	return m, nil
}

// Call runs a method whose answer is one value: it decodes args, the args value
// of an event as encoded, calls the function, and appends the encoded result
// (not wrapped in an array) to out. It returns the extended slice, or out as it
// was and the error: an [*ArgError] if the arguments do not fit, a
// [*ResultError] if the result cannot be encoded, else the function's own.
//
// in delivers the items of a client stream; nil means there are none. Nothing
// the function gets refers to args afterwards, and the result is whole, unless ctx is
// an [Owner] that says otherwise.
func (m *Method) Call(ctx context.Context, args []byte, in Source, out []byte) ([]byte, error) {
	if m.call == nil {
		return out, fmt.Errorf("method %s (%s) is run by Stream, not Call", m.Name, m.Shape)
	}
	return m.call(ctx, args, in, out)
}

// Stream runs a method whose answer is a stream: each item is encoded and
// handed to send, which may block and must copy what it keeps. An error of send
// ends the iteration and is returned, and so does the end of ctx, with its
// cause. The other errors are those of Call.
func (m *Method) Stream(ctx context.Context, args []byte, in Source, send func(item []byte) error) error {
	f, err := m.Open(ctx, args, in, send)
	if err != nil {
		return err
	}
	return f.Run()
}

// Open is the first half of Stream: it calls the function, and what it returns runs
// the stream. So that may have a goroutine of its own, with nothing else on its stack:
// a server may have a hundred thousand streams that wait.
func (m *Method) Open(ctx context.Context, args []byte, in Source, send func(item []byte) error) (Feed, error) {
	if m.stream == nil {
		return nil, fmt.Errorf("method %s (%s) is run by Call, not Stream", m.Name, m.Shape)
	}
	return m.stream(ctx, args, in, send)
}

// describe returns what v is, for an error text.
func describe(v any) string {
	if v == nil {
		return "nil"
	}
	return "a value of type " + reflect.TypeOf(v).String()
}
