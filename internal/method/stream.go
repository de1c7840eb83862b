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

// A Feed is a stream that a function has answered with, ready to run: Run hands on
// its items to the end, as [Method.Stream] says. It is run once, on any goroutine.
type Feed interface{ Run() error }

// seqFeed, seq2Feed and chanFeed are the kinds of streams. A nil one is empty.
type seqFeed[X any] struct {
	sink
	encode encoder[X]
	seq    iter.Seq[X]
}

func (s *seqFeed[X]) Run() error {
	if s.seq == nil {
		return nil
	}
	for x := range s.seq {
		if !s.put(s.encode(s.buf[:0], x)) {
			break
		}
	}
	return s.err
}

type seq2Feed[X any] struct {
	sink
	encode encoder[X]
	seq    iter.Seq2[X, error]
}

func (s *seq2Feed[X]) Run() error {
	if s.seq == nil {
		return nil
	}
	for x, err := range s.seq {
		if err != nil {
			return err // an error is the last pair
		}
		if !s.put(s.encode(s.buf[:0], x)) {
			break
		}
	}
	return s.err
}

type chanFeed[X any] struct {
	sink
	encode encoder[X]
	ch     <-chan X
}

func (s *chanFeed[X]) Run() error {
	if s.ch == nil {
		return nil
	}
	for {
		select {
		case x, ok := <-s.ch:
			if !ok || !s.put(s.encode(s.buf[:0], x)) {
				return s.err
			}
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// pump makes a Feed of the stream that a function returned.
type pump func(to sink, stream reflect.Value) Feed

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
	k.pumps[outSeq] = func(to sink, v reflect.Value) Feed {
		return &seqFeed[X]{to, encode, as[iter.Seq[X]](v)}
	}
	k.pumps[outSeq2] = func(to sink, v reflect.Value) Feed {
		return &seq2Feed[X]{to, encode, as[iter.Seq2[X, error]](v)}
	}
	k.pumps[outChan] = func(to sink, v reflect.Value) Feed {
		return &chanFeed[X]{to, encode, as[<-chan X](v)}
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
	return func(to sink, v reflect.Value) Feed {
		switch {
		case v.IsNil():
			return &seqFeed[reflect.Value]{}
		case out == outSeq:
			return &seqFeed[reflect.Value]{to, encode, v.Seq()}
		case out == outSeq2:
			return &seq2Feed[reflect.Value]{to, encode, withError(v.Seq2())}
		}
		return &chanValueFeed{to, encode, v}
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

// chanValueFeed is a chanFeed of an item type that only reflection knows.
type chanValueFeed struct {
	sink
	encode encoder[reflect.Value]
	ch     reflect.Value
}

func (s *chanValueFeed) Run() error {
	// Built once: reflect.Select is the dear part of this road as it is.
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: s.ch},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(s.ctx.Done())},
	}
	for {
		i, x, ok := reflect.Select(cases)
		if i == 1 {
			return context.Cause(s.ctx)
		}
		if !ok || !s.put(s.encode(s.buf[:0], x)) {
			return s.err
		}
	}
}
