package method

import (
	"context"
	"fmt"
	"reflect"
)

// outKind says how a function returns a stream.
type outKind int

const (
	outNone outKind = iota // no stream
	outSeq                 // iter.Seq[T]
	outSeq2                // iter.Seq2[T, error]
	outChan                // <-chan T
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	boolType    = reflect.TypeFor[bool]()
)

// signature is what a function's type says about the calls it takes. Set by
// analyse, read-only afterwards.
type signature struct {
	typ      reflect.Type
	ctx      bool           // the first parameter is the context
	params   []reflect.Type // the arguments of a call; the last one is the element type if variadic
	variadic bool
	in       reflect.Type // the client stream's parameter type, or nil
	inItem   reflect.Type
	reply    reflect.Type // net/rpc's R of *R, or nil
	result   reflect.Type // the result's type (the stream's own type if out is set), or nil
	out      outKind
	outItem  reflect.Type
	err      bool // the last result is an error
}

// shape combines the two sides.
func (s *signature) shape() Shape {
	shape := Unary
	if s.out != outNone {
		shape = ServerStream
	}
	if s.in != nil {
		shape += ClientStream - Unary
	}
	return shape
}

// analyse reads the signature of the function type t, or says why a method
// cannot have it. Parameters are counted from 1 as the source shows them.
func analyse(name string, t reflect.Type) (*signature, error) {
	s := &signature{typ: t}
	if err := s.results(name); err != nil {
		return nil, err
	}
	if isNetRPC(t) {
		return s, s.netRPC(name)
	}
	for i := range t.NumIn() {
		if err := s.param(name, i); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// param takes in parameter i.
func (s *signature) param(name string, i int) error {
	t, last := s.typ.In(i), i == s.typ.NumIn()-1
	what := fmt.Sprintf("parameter %d is %s", i+1, t)
	switch {
	case t == contextType && i == 0:
		s.ctx = true
		return nil
	case t == contextType:
		return refuse(name, what, "the context must be the first parameter")
	case t == errorType:
		return refuse(name, what, "an error does not travel as an argument: take a string")
	case t.Kind() == reflect.Chan:
		// A channel could not say why it ended, and a function that stopped
		// reading would leave whoever fills it blocked.
		return refuse(name, what+", which cannot travel",
			fmt.Sprintf("to read a stream from the caller take iter.Seq2[%s, error] as the last parameter", t.Elem()))
	case t.Kind() == reflect.Func:
		kind, item := iterator(t)
		switch {
		case kind == outSeq2 && last:
			s.in, s.inItem = t, item
			return s.travels(name, fmt.Sprintf("parameter %d is a stream of", i+1), item, true)
		case kind == outSeq2:
			return refuse(name, what, "the caller's stream must be the last parameter")
		case kind == outSeq:
			return refuse(name, what, fmt.Sprintf("take iter.Seq2[%s, error], so that you learn when the caller is lost", item))
		}
		return refuse(name, what+", which cannot travel",
			"take a plain value, or iter.Seq2[T, error] as the last parameter for a stream from the caller")
	}
	if last && s.typ.IsVariadic() {
		s.variadic = true
		t = t.Elem()
	}
	s.params = append(s.params, t)
	return s.travels(name, fmt.Sprintf("parameter %d is", i+1), t, true)
}

// results takes in all results.
func (s *signature) results(name string) error {
	t := s.typ
	n := t.NumOut()
	if n > 0 && t.Out(n-1) == errorType {
		s.err = true
		n--
	}
	switch {
	case n == 0:
		return nil
	case n == 1 && t.Out(0) == errorType:
		return refuse(name, "its first result is an error", "return one error, as the last result")
	case t.NumOut() == 2 && !s.err && t.Out(0) == errorType:
		return refuse(name, "its first result is an error", "return the error last")
	case t.NumOut() == 2 && !s.err:
		return refuse(name, fmt.Sprintf("its second result is %s", t.Out(1)),
			"return a value and an error; several values go into one struct or slice")
	case n > 1:
		return refuse(name, fmt.Sprintf("it has %d results", t.NumOut()),
			"return at most a value and an error; several values go into one struct or slice")
	}
	return s.value(name, t.Out(0))
}

// value takes in the result that is no error.
func (s *signature) value(name string, r reflect.Type) error {
	s.result = r
	switch {
	case r == contextType:
		return refuse(name, "it returns a context.Context", "return a value that can travel")
	case r.Kind() == reflect.Chan && r.ChanDir() != reflect.RecvDir:
		return refuse(name, "it returns "+r.String(),
			fmt.Sprintf("return <-chan %s, from which this side only reads", r.Elem()))
	case r.Kind() == reflect.Chan:
		s.out, s.outItem = outChan, r.Elem()
	case r.Kind() == reflect.Func:
		s.out, s.outItem = iterator(r)
		if s.out == outNone {
			return refuse(name, fmt.Sprintf("it returns %s, which cannot travel", r),
				"return a value, or iter.Seq[T], iter.Seq2[T, error] or <-chan T for a stream")
		}
	default:
		return s.travels(name, "it returns", r, false)
	}
	return s.travels(name, "it returns a stream of", s.outItem, false)
}

// isNetRPC reports whether t has the shape of a net/rpc method,
// func(args A, reply *R) error. With a context in front the same is an ordinary
// method that takes a pointer, so whoever means that adds the context.
func isNetRPC(t reflect.Type) bool {
	return t.NumIn() == 2 && !t.IsVariadic() && t.In(0) != contextType &&
		t.In(1).Kind() == reflect.Pointer &&
		t.NumOut() == 1 && t.Out(0) == errorType
}

// netRPC takes in the two parameters of net/rpc's shape.
func (s *signature) netRPC(name string) error {
	s.params = []reflect.Type{s.typ.In(0)}
	s.reply = s.typ.In(1).Elem()
	if err := s.travels(name, "parameter 1 is", s.params[0], true); err != nil {
		return err
	}
	return s.travels(name, "the reply, parameter 2, is a pointer to", s.reply, false)
}

// travels returns the refusal for a type that msgpack cannot carry.
func (s *signature) travels(name, where string, t reflect.Type, in bool) error {
	if problem, fix := obstacle(t, in, nil); problem != "" {
		return refuse(name, where+" "+t.String()+": "+problem, fix)
	}
	return nil
}

// iterator tells whether the function type t is iter.Seq[item] or
// iter.Seq2[item, error], under whatever name.
func iterator(t reflect.Type) (outKind, reflect.Type) {
	if t.NumIn() != 1 || t.NumOut() != 0 || t.IsVariadic() || t.In(0).Kind() != reflect.Func {
		return outNone, nil
	}
	yield := t.In(0)
	if yield.IsVariadic() || yield.NumOut() != 1 || yield.Out(0) != boolType {
		return outNone, nil
	}
	switch {
	case yield.NumIn() == 1:
		return outSeq, yield.In(0)
	case yield.NumIn() == 2 && yield.In(1) == errorType:
		return outSeq2, yield.In(0)
	}
	return outNone, nil
}
