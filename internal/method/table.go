package method

import (
	"context"
	"reflect"

	"github.com/zrpc-go/zrpc/event"
)

// lookup finds the typed route for a function of the usual types: no argument,
// one or two of string, int, int64, float64, []byte, *event.Bytes, bool and any,
// and a result of these or none; with or without context and error. ok is false if
// the function must be called by reflection.
//
// Each line of the table is compiled for its types, so the table names the
// pairs that services have rather than all of them.
func lookup(v reflect.Value, s *signature) (f Func, ok bool) {
	if s.variadic || s.reply != nil || s.in != nil || s.out != outNone || len(s.params) > 2 {
		return Func{}, false
	}
	fn := v.Interface()
	// A named function type hides its signature from a type switch.
	if s.typ.PkgPath() != "" {
		fn = v.Convert(unnamed(s.typ)).Interface()
	}
	for _, try := range tables[len(s.params)] {
		if f, ok = try(fn); ok {
			return f, true
		}
	}
	return Func{}, false
}

// unnamed returns the function type that t is a name for.
func unnamed(t reflect.Type) reflect.Type {
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	out := make([]reflect.Type, t.NumOut())
	for i := range out {
		out[i] = t.Out(i)
	}
	return reflect.FuncOf(in, out, t.IsVariadic())
}

// tryFunc prepares fn if it has one of the four forms, with or without context
// and error, of its types. It leads them all to one form, so that the compiler
// makes the call itself once for each line of the table.
type tryFunc func(fn any) (Func, bool)

// tables holds the entries by the number of arguments.
var tables = [3][]tryFunc{
	{ // a result of each type, and none
		try0none, try0[string], try0[int], try0[int64], try0[float64], try0[[]byte], try0[bool], try0[any],
		try0[*event.Bytes],
	},
	join(results1[string](), results1[int](), results1[int64](), results1[float64](),
		results1[[]byte](), results1[bool](), results1[any](), results1[*event.Bytes]()),
	join(results2[string, string](), results2[int, int](), results2[int64, int64](),
		results2[float64, float64](), results2[any, any](), results2[string, int](),
		results2[string, []byte](), results2[string, any](), results2[string, bool](),
		results2[string, *event.Bytes]()),
}

func join(lists ...[]tryFunc) (all []tryFunc) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// results1 and results2 list the results for given arguments.
func results1[A any]() []tryFunc {
	return []tryFunc{try1none[A], try1[A, string], try1[A, int], try1[A, int64],
		try1[A, float64], try1[A, []byte], try1[A, bool], try1[A, any],
		try1[A, *event.Bytes]}
}

func results2[A, B any]() []tryFunc {
	return []tryFunc{try2none[A, B], try2[A, B, string], try2[A, B, int], try2[A, B, int64],
		try2[A, B, float64], try2[A, B, []byte], try2[A, B, bool], try2[A, B, any],
		try2[A, B, *event.Bytes]}
}

func try0[R any](fn any) (Func, bool) {
	var g func(context.Context) (R, error)
	switch f := fn.(type) {
	case func(context.Context) (R, error):
		g = f
	case func() (R, error):
		g = func(context.Context) (R, error) { return f() }
	case func(context.Context) R:
		g = func(ctx context.Context) (R, error) { return f(ctx), nil }
	case func() R:
		g = func(context.Context) (R, error) { return f(), nil }
	default:
		return Func{}, false
	}
	return func0(fn, g), true
}

func try0none(fn any) (Func, bool) {
	var g func(context.Context) (none, error)
	switch f := fn.(type) {
	case func(context.Context) error:
		g = func(ctx context.Context) (none, error) { return none{}, f(ctx) }
	case func() error:
		g = func(context.Context) (none, error) { return none{}, f() }
	case func(context.Context):
		g = func(ctx context.Context) (none, error) { f(ctx); return none{}, nil }
	case func():
		g = func(context.Context) (none, error) { f(); return none{}, nil }
	default:
		return Func{}, false
	}
	return func0(fn, g), true
}

func try1[A, R any](fn any) (Func, bool) {
	var g func(context.Context, A) (R, error)
	switch f := fn.(type) {
	case func(context.Context, A) (R, error):
		g = f
	case func(A) (R, error):
		g = func(_ context.Context, a A) (R, error) { return f(a) }
	case func(context.Context, A) R:
		g = func(ctx context.Context, a A) (R, error) { return f(ctx, a), nil }
	case func(A) R:
		g = func(_ context.Context, a A) (R, error) { return f(a), nil }
	default:
		return Func{}, false
	}
	return func1(fn, g), true
}

func try1none[A any](fn any) (Func, bool) {
	var g func(context.Context, A) (none, error)
	switch f := fn.(type) {
	case func(context.Context, A) error:
		g = func(ctx context.Context, a A) (none, error) { return none{}, f(ctx, a) }
	case func(A) error:
		g = func(_ context.Context, a A) (none, error) { return none{}, f(a) }
	case func(context.Context, A):
		g = func(ctx context.Context, a A) (none, error) { f(ctx, a); return none{}, nil }
	case func(A):
		g = func(_ context.Context, a A) (none, error) { f(a); return none{}, nil }
	default:
		return Func{}, false
	}
	return func1(fn, g), true
}

func try2[A, B, R any](fn any) (Func, bool) {
	var g func(context.Context, A, B) (R, error)
	switch f := fn.(type) {
	case func(context.Context, A, B) (R, error):
		g = f
	case func(A, B) (R, error):
		g = func(_ context.Context, a A, b B) (R, error) { return f(a, b) }
	case func(context.Context, A, B) R:
		g = func(ctx context.Context, a A, b B) (R, error) { return f(ctx, a, b), nil }
	case func(A, B) R:
		g = func(_ context.Context, a A, b B) (R, error) { return f(a, b), nil }
	default:
		return Func{}, false
	}
	return func2(fn, g), true
}

func try2none[A, B any](fn any) (Func, bool) {
	var g func(context.Context, A, B) (none, error)
	switch f := fn.(type) {
	case func(context.Context, A, B) error:
		g = func(ctx context.Context, a A, b B) (none, error) { return none{}, f(ctx, a, b) }
	case func(A, B) error:
		g = func(_ context.Context, a A, b B) (none, error) { return none{}, f(a, b) }
	case func(context.Context, A, B):
		g = func(ctx context.Context, a A, b B) (none, error) { f(ctx, a, b); return none{}, nil }
	case func(A, B):
		g = func(_ context.Context, a A, b B) (none, error) { f(a, b); return none{}, nil }
	default:
		return Func{}, false
	}
	return func2(fn, g), true
}
