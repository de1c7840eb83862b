package zrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
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
// the tag "-" leaves it alone. Its type must be
//
//	func([ctx context.Context,] args...) (error | T, error | iter.Seq2[T, error])
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
var errStubResults = errors.New("its results must be (error), (T, error) or (iter.Seq2[T, error])")

// stubFunc makes the func of one field.
func (c *Client) stubFunc(name string, typ reflect.Type) (reflect.Value, error) {
	takesContext := typ.NumIn() > 0 && typ.In(0) == contextType
	if n := typ.NumOut(); n == 1 {
		if item, ok := seq2Item(typ.Out(0)); ok {
			return c.streamFunc(name, typ, item, takesContext), nil
		}
		if typ.Out(0) != errorType {
			return reflect.Value{}, errStubResults
		}
	} else if n != 2 || typ.Out(1) != errorType {
		return reflect.Value{}, errStubResults
	}
	fn := func(in []reflect.Value) []reflect.Value {
		ctx, args := stubArgs(in, takesContext, typ.IsVariadic())
		var result reflect.Value
		var ptr any = new(event.Raw)
		if typ.NumOut() == 2 {
			result = reflect.New(typ.Out(0))
			ptr = result.Interface()
		}
		err := reflect.Zero(errorType)
		if e := c.call(ctx, name, args, ptr); e != nil {
			err = reflect.ValueOf(&e).Elem()
		}
		if typ.NumOut() == 1 {
			return []reflect.Value{err}
		}
		return []reflect.Value{result.Elem(), err}
	}
	return reflect.MakeFunc(typ, fn), nil
}

// streamFunc makes a func that returns a stream of item.
func (c *Client) streamFunc(name string, typ, item reflect.Type, takesContext bool) reflect.Value {
	return reflect.MakeFunc(typ, func(in []reflect.Value) []reflect.Value {
		ctx, args := stubArgs(in, takesContext, typ.IsVariadic())
		seq := reflect.MakeFunc(typ.Out(0), func(yields []reflect.Value) []reflect.Value {
			yield := func(v reflect.Value, err error) bool {
				e := reflect.Zero(errorType)
				if err != nil {
					e = reflect.ValueOf(&err).Elem()
				}
				return yields[0].Call([]reflect.Value{v, e})[0].Bool()
			}
			c.eachItem(ctx, name, args, item, yield)
			return nil
		})
		return []reflect.Value{seq}
	})
}

// eachItem is Stream for a type known only at run time.
func (c *Client) eachItem(ctx context.Context, name string, args []any, item reflect.Type, yield func(reflect.Value, error) bool) {
	r, err := c.begin(ctx, ServerStream, name, args)
	if err != nil {
		yield(reflect.Zero(item), err)
		return
	}
	defer r.Close()
	for {
		raw, err := r.next(ctx)
		if errors.Is(err, io.EOF) {
			return
		}
		v := reflect.New(item)
		if err == nil {
			err = decodeResult(raw, v.Interface(), name)
		}
		if !yield(v.Elem(), err) || err != nil {
			return
		}
	}
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

// seq2Item returns T if typ is iter.Seq2[T, error].
func seq2Item(typ reflect.Type) (reflect.Type, bool) {
	if typ.Kind() != reflect.Func || typ.NumIn() != 1 || typ.NumOut() != 0 {
		return nil, false
	}
	yield := typ.In(0)
	if yield.Kind() != reflect.Func || yield.NumIn() != 2 || yield.NumOut() != 1 ||
		yield.In(1) != errorType || yield.Out(0).Kind() != reflect.Bool {
		return nil, false
	}
	return yield.In(0), true
}
