package zrpc

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/method"
)

// Stub fills the exported func fields of the struct that stub points to with
// calls of c, so that a remote service reads like a local one:
//
//	var calc struct {
//		Add   func(ctx context.Context, a, b int) (int, error)
//		Count func(ctx context.Context, n int) iter.Seq2[int, error] `zrpc:"streaming_range"`
//	}
//	err := client.Stub(&calc)
//	sum, err := calc.Add(ctx, 1, 2)
//
// A field calls the method of its name in snake case, or of its tag `zrpc:"name"`;
// the tag "-" leaves it alone. Its type is one of these, where the context may be
// left out, (T, error) may be (error), and a last parameter iter.Seq2[S, error] is
// the caller's stream:
//
//	func(ctx, args...) (T, error)                        one result
//	func(ctx, args...) iter.Seq2[T, error]               as Stream
//	func(ctx, args..., iter.Seq2[S, error]) (T, error)   as Upload
//	func(ctx, args..., iter.Seq2[S, error]) iter.Seq2[T, error]
//	func(ctx, args...) (*Duplex[S, R], error)            as Open
//
// In the one with two iterators the caller's runs on a goroutine of its own while
// the other is read. What it does last, it may do after the loop has ended: when
// the loop is left it is stopped at its next item.
//
// A field that cannot be filled is an error, and then none is.
func (c *Client) Stub(stub any) error {
	v := reflect.ValueOf(stub)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("zrpc: Stub needs a pointer to a struct of funcs, not %T", stub)
	}
	v = v.Elem()
	funcs := map[int]reflect.Value{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, tagged := field.Tag.Lookup("zrpc")
		if !field.IsExported() || field.Type.Kind() != reflect.Func || name == "-" {
			continue
		}
		if !tagged || name == "" {
			name = method.SnakeCase(field.Name)
		}
		fn, err := c.stubFunc(name, field.Type)
		if err != nil {
			return fmt.Errorf("zrpc: Stub: field %s: %w", field.Name, err)
		}
		funcs[i] = fn
	}
	if len(funcs) == 0 {
		return fmt.Errorf("zrpc: Stub: %T has no exported func fields", stub)
	}
	for i, fn := range funcs {
		v.Field(i).Set(fn)
	}
	return nil
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// errStubResults is the refusal of a func type by its results.
var errStubResults = errors.New("its results must be (error), (T, error), (iter.Seq2[T, error]) or (*zrpc.Duplex[S, R], error)")

// stubType is the func type of a field, taken apart.
type stubType struct {
	typ          reflect.Type
	takesContext bool
	upload       bool         // the last parameter is the caller's stream
	item         reflect.Type // of the server's stream; nil if there is none
	duplex       bool
}

// stubFunc makes the func of one field.
func (c *Client) stubFunc(name string, typ reflect.Type) (reflect.Value, error) {
	t, err := parseStub(typ)
	if err != nil {
		return reflect.Value{}, err
	}
	switch {
	case t.duplex:
		return c.duplexFunc(name, t), nil
	case t.item != nil:
		return c.streamFunc(name, t), nil
	}
	return reflect.MakeFunc(typ, func(in []reflect.Value) []reflect.Value {
		ctx, args, items := t.split(in)
		var result reflect.Value
		var ptr any = new(event.Raw)
		if typ.NumOut() == 2 {
			result = reflect.New(typ.Out(0))
			ptr = result.Interface()
		}
		var err error
		if t.upload {
			err = c.uploadInto(ctx, name, items, args, ptr)
		} else {
			err = c.callInto(ctx, name, args, ptr)
		}
		if typ.NumOut() == 1 {
			return []reflect.Value{errorValue(err)}
		}
		return []reflect.Value{result.Elem(), errorValue(err)}
	}), nil
}

// parseStub says what typ asks for, or why that cannot be had.
func parseStub(typ reflect.Type) (stubType, error) {
	t := stubType{typ: typ, takesContext: typ.NumIn() > 0 && typ.In(0) == contextType}
	for i := range typ.NumIn() {
		in := typ.In(i)
		if _, seq := seq2Item(in); seq && i == typ.NumIn()-1 {
			t.upload = true
		} else if in.Kind() == reflect.Func || in.Kind() == reflect.Chan {
			return t, fmt.Errorf("parameter %d, a %v, cannot be sent; a stream is a last parameter iter.Seq2[T, error]", i+1, in)
		}
	}
	// A Duplex is told by a method, for its two types may be any.
	switch n := typ.NumOut(); {
	case n == 1 && typ.Out(0) == errorType:
	case n == 1:
		item, ok := seq2Item(typ.Out(0))
		if !ok {
			return t, errStubResults
		}
		t.item = item
	case n != 2 || typ.Out(1) != errorType:
		return t, errStubResults
	default:
		t.duplex = typ.Out(0).Implements(opensType)
	}
	if t.duplex && t.upload {
		return t, errors.New("a Duplex sends the caller's stream; leave the parameter iter.Seq2 out")
	}
	return t, nil
}

// split parts what a stub was called with; items is the caller's stream.
func (t *stubType) split(in []reflect.Value) (ctx context.Context, args []any, items iter.Seq2[any, error]) {
	if t.upload {
		items = anyItems(in[len(in)-1])
		in = in[:len(in)-1]
	}
	ctx, args = stubArgs(in, t.takesContext, t.typ.IsVariadic())
	return ctx, args, items
}

// errorValue is err as a result of type error; the zero Value would be none.
func errorValue(err error) reflect.Value {
	if err == nil {
		return reflect.Zero(errorType)
	}
	return reflect.ValueOf(&err).Elem()
}

// stubArgs splits what a stub was called with.
func stubArgs(in []reflect.Value, takesContext, variadic bool) (context.Context, []any) {
	ctx := context.Background()
	if takesContext {
		if given, ok := in[0].Interface().(context.Context); ok {
			ctx = given
		}
		in = in[1:]
	}
	var args []any
	for i, v := range in {
		if variadic && i == len(in)-1 {
			for j := range v.Len() {
				args = append(args, v.Index(j).Interface())
			}
			break
		}
		args = append(args, v.Interface())
	}
	return ctx, args
}
