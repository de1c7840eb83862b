package method

import (
	"context"
	"iter"
)

// The functions of this file give item types that only the user's program knows
// the route without reflection, which costs two allocations and more for each
// item.

// Stream0 prepares a function that answers with a stream and takes no arguments.
func Stream0[X any](fn func(context.Context) iter.Seq2[X, error]) Func {
	return Func{fn: fn, shape: ServerStream, bind: func(m *Method) {
		encode := encoderFor[X]()
		m.stream = func(ctx context.Context, args []byte, _ Source, send func([]byte) error) (Feed, error) {
			if _, _, _, err := m.open(args); err != nil {
				return nil, err
			}
			return &seq2Feed[X]{sink{ctx: ctx, m: m, send: send}, encode, fn(ctx)}, nil
		}
	}}
}

// Stream1 prepares a function of one argument that answers with a stream.
func Stream1[A, X any](fn func(context.Context, A) iter.Seq2[X, error]) Func {
	return Func{fn: fn, shape: ServerStream, bind: func(m *Method) {
		decode, encode := decoderFor[A](), encoderFor[X]()
		m.stream = func(ctx context.Context, args []byte, _ Source, send func([]byte) error) (Feed, error) {
			a, err := arg1(m, args, decode)
			if err != nil {
				return nil, err
			}
			return &seq2Feed[X]{sink{ctx: ctx, m: m, send: send}, encode, fn(ctx, a)}, nil
		}
	}}
}

// Stream2 prepares a function of two arguments that answers with a stream.
func Stream2[A, B, X any](fn func(context.Context, A, B) iter.Seq2[X, error]) Func {
	return Func{fn: fn, shape: ServerStream, bind: func(m *Method) {
		decodeA, decodeB, encode := decoderFor[A](), decoderFor[B](), encoderFor[X]()
		m.stream = func(ctx context.Context, args []byte, _ Source, send func([]byte) error) (Feed, error) {
			a, b, err := arg2(m, args, decodeA, decodeB)
			if err != nil {
				return nil, err
			}
			return &seq2Feed[X]{sink{ctx: ctx, m: m, send: send}, encode, fn(ctx, a, b)}, nil
		}
	}}
}

// Collect prepares a function that reads a stream from the caller and answers
// with one value.
func Collect[X, R any](fn func(context.Context, iter.Seq2[X, error]) (R, error)) Func {
	return Func{fn: fn, shape: ClientStream, bind: func(m *Method) {
		decode, encode := decoderFor[X](), encoderFor[R]()
		m.call = func(ctx context.Context, args []byte, in Source, out []byte) ([]byte, error) {
			if _, _, _, err := m.open(args); err != nil {
				return out, err
			}
			r, err := fn(ctx, receive(ctx, m, in, decode))
			return finish(m, out, r, err, encode)
		}
	}}
}

// Converse prepares a function that reads a stream and answers with one.
func Converse[X, Y any](fn func(context.Context, iter.Seq2[X, error]) iter.Seq2[Y, error]) Func {
	return Func{fn: fn, shape: Bidi, bind: func(m *Method) {
		decode, encode := decoderFor[X](), encoderFor[Y]()
		m.stream = func(ctx context.Context, args []byte, in Source, send func([]byte) error) (Feed, error) {
			if _, _, _, err := m.open(args); err != nil {
				return nil, err
			}
			return &seq2Feed[Y]{sink{ctx: ctx, m: m, send: send}, encode, fn(ctx, receive(ctx, m, in, decode))}, nil
		}
	}}
}
