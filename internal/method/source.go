package method

import (
	"context"
	"iter"
	"reflect"
)

// Source delivers the items of a client stream, in the caller's order.
type Source interface {
	// Next waits for the next item, as encoded, which is valid until the next
	// Next. ok is false at the end of the stream; an error is its end too.
	Next(ctx context.Context) (raw []byte, ok bool, err error)
}

// reader reads one client stream for one call. Used by the function that is
// called, one goroutine at a time.
type reader struct {
	m    *Method
	in   Source
	item int  // items read so far
	done bool // the source has ended and is asked no more
}

// next returns the next item; at the end of the stream ok is false.
func (r *reader) next(ctx context.Context) (raw []byte, ok bool, err error) {
	if r.done || r.in == nil {
		return nil, false, nil
	}
	raw, ok, err = r.in.Next(ctx)
	if err != nil || !ok {
		r.done = true
		return nil, false, err
	}
	r.item++
	return raw, true, nil
}

// wrap names the item that could not be decoded. The stream ends with it: what
// follows in a stream that is not understood means nothing.
func (r *reader) wrap(err error) error {
	r.done = true
	return r.m.argError(len(r.m.Params)-1, r.item, err)
}

// receive returns the client stream as the function sees it. An error, of the
// source or of an item that does not fit, is the last pair. The iterator goes
// on where it stopped if the function ranges over it again.
func receive[X any](ctx context.Context, m *Method, in Source, decode decoder[X]) iter.Seq2[X, error] {
	r := &reader{m: m, in: in}
	return func(yield func(X, error) bool) {
		for {
			raw, ok, err := r.next(ctx)
			var x X
			if ok {
				if x, err = decode(raw); err != nil {
					err = r.wrap(err)
				}
			}
			if err != nil {
				var zero X
				yield(zero, err)
				return
			}
			if !ok || !yield(x, nil) {
				return
			}
		}
	}
}

// receiveFunc makes the value of a client stream parameter.
type receiveFunc func(ctx context.Context, m *Method, in Source) reflect.Value

// receiver returns the receiveFunc for a parameter of type t, an iter.Seq2 of
// item and error.
func receiver(t, item reflect.Type) receiveFunc {
	if k, ok := itemKinds[item]; ok {
		return func(ctx context.Context, m *Method, in Source) reflect.Value {
			return k.receive(ctx, m, in).Convert(t)
		}
	}
	noError := reflect.Zero(errorType)
	return func(ctx context.Context, m *Method, in Source) reflect.Value {
		r := &reader{m: m, in: in}
		return reflect.MakeFunc(t, func(a []reflect.Value) []reflect.Value {
			for pair := []reflect.Value{{}, noError}; ; {
				raw, ok, err := r.next(ctx)
				x := reflect.New(item).Elem()
				if ok {
					if err = decodeSlot(raw, x); err != nil {
						err = r.wrap(err)
					}
				}
				if err != nil {
					a[0].Call([]reflect.Value{reflect.Zero(item), reflect.ValueOf(&err).Elem()})
					return nil
				}
				if !ok {
					return nil
				}
				pair[0] = x
				if !a[0].Call(pair)[0].Bool() {
					return nil
				}
			}
		})
	}
}
