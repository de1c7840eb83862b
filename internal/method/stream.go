package method

import (
	"context"
	"iter"
	"reflect"

	"github.com/zrpc-go/zrpc/event"
)

// sink encodes the items of one answer and hands them on. Used by the
// goroutine that runs the method.
type sink struct {
	ctx  context.Context
	m    *Method
	send func([]byte) error
	buf  []byte // the item in the making; send copies, so it serves for all
	err  error  // why the stream ended early
}

// put hands on the item that enc has appended to s.buf[:0], and reports whether
// the stream goes on.
func (s *sink) put(item []byte, err error) bool {
	if err != nil {
		s.err = s.m.resultError(err)
		return false
	}
	s.buf = item
	if s.err = s.send(item); s.err != nil {
		return false
	}
	// An iterator that never waits for anything must not outlive its caller,
	// whatever send thinks of it.
	if s.ctx.Err() != nil {
		s.err = context.Cause(s.ctx)
		return false
	}
	return true
}

// sendSeq, sendSeq2 and sendChan run a stream to its end. A nil stream is an
// empty one.
func sendSeq[X any](ctx context.Context, m *Method, seq iter.Seq[X], encode encoder[X], send func([]byte) error) error {
	if seq == nil {
		return nil
	}
	s := sink{ctx: ctx, m: m, send: send}
	for x := range seq {
		if !s.put(encode(s.buf[:0], x)) {
			break
		}
	}
	return s.err
}

func sendSeq2[X any](ctx context.Context, m *Method, seq iter.Seq2[X, error], encode encoder[X], send func([]byte) error) error {
	if seq == nil {
		return nil
	}
	s := sink{ctx: ctx, m: m, send: send}
	for x, err := range seq {
		if err != nil {
			return err // an error is the last pair
		}
		if !s.put(encode(s.buf[:0], x)) {
			break
		}
	}
	return s.err
}

func sendChan[X any](ctx context.Context, m *Method, ch <-chan X, encode encoder[X], send func([]byte) error) error {
	if ch == nil {
		return nil
	}
	s := sink{ctx: ctx, m: m, send: send}
	for {
		select {
		case x, ok := <-ch:
			if !ok || !s.put(encode(s.buf[:0], x)) {
				return s.err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pump runs the stream that a function returned.
type pump func(ctx context.Context, m *Method, stream reflect.Value, send func([]byte) error) error

// itemKind is how streams of one item type are run without reflection.
type itemKind struct {
	pumps   [outChan + 1]pump // by outKind
	receive receiveFunc
}

// itemKinds holds the usual item types.
var itemKinds = map[reflect.Type]itemKind{
	reflect.TypeFor[string]():         kindOf[string](),
	reflect.TypeFor[int]():            kindOf[int](),
	reflect.TypeFor[int64]():          kindOf[int64](),
	reflect.TypeFor[float64]():        kindOf[float64](),
	reflect.TypeFor[[]byte]():         kindOf[[]byte](),
	reflect.TypeFor[bool]():           kindOf[bool](),
	reflect.TypeFor[any]():            kindOf[any](),
	reflect.TypeFor[map[string]any](): kindOf[map[string]any](),
	reflect.TypeFor[event.Raw]():      kindOf[event.Raw](),
}

// kindOf makes the entry for item type X.
func kindOf[X any]() itemKind {
	encode, decode := encoderFor[X](), decoderFor[X]()
	k := itemKind{receive: func(ctx context.Context, m *Method, in Source) reflect.Value {
		return reflect.ValueOf(receive(ctx, m, in, decode))
	}}
	k.pumps[outSeq] = func(ctx context.Context, m *Method, v reflect.Value, send func([]byte) error) error {
		return sendSeq(ctx, m, as[iter.Seq[X]](v), encode, send)
	}
	k.pumps[outSeq2] = func(ctx context.Context, m *Method, v reflect.Value, send func([]byte) error) error {
		return sendSeq2(ctx, m, as[iter.Seq2[X, error]](v), encode, send)
	}
	k.pumps[outChan] = func(ctx context.Context, m *Method, v reflect.Value, send func([]byte) error) error {
		return sendChan(ctx, m, as[<-chan X](v), encode, send)
	}
	return k
}

// as returns v, whose type has T's structure under whatever name.
func as[T any](v reflect.Value) T {
	return v.Convert(reflect.TypeFor[T]()).Interface().(T)
}

// pumpFor returns the pump for streams of kind out and the given item type.
func pumpFor(out outKind, item reflect.Type) pump {
	if k, ok := itemKinds[item]; ok {
		return k.pumps[out]
	}
	encode := slotEncoder(item)
	return func(ctx context.Context, m *Method, v reflect.Value, send func([]byte) error) error {
		switch {
		case v.IsNil():
			return nil
		case out == outSeq:
			return sendSeq(ctx, m, v.Seq(), encode, send)
		case out == outSeq2:
			return sendSeq2(ctx, m, withError(v.Seq2()), encode, send)
		}
		return sendChanValue(ctx, m, v, encode, send)
	}
}

// withError gives the pairs of a reflected iterator their type back.
func withError(seq iter.Seq2[reflect.Value, reflect.Value]) iter.Seq2[reflect.Value, error] {
	return func(yield func(reflect.Value, error) bool) {
		for x, e := range seq {
			err, _ := e.Interface().(error)
			if !yield(x, err) {
				return
			}
		}
	}
}

// sendChanValue is sendChan for an item type that only reflection knows.
func sendChanValue(ctx context.Context, m *Method, ch reflect.Value, encode encoder[reflect.Value], send func([]byte) error) error {
	s := sink{ctx: ctx, m: m, send: send}
	// Built once: reflect.Select is the dear part of this road as it is.
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: ch},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())},
	}
	for {
		i, x, ok := reflect.Select(cases)
		if i == 1 {
			return context.Cause(ctx)
		}
		if !ok || !s.put(encode(s.buf[:0], x)) {
			return s.err
		}
	}
}
