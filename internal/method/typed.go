package method

import "context"

// Func is a function together with a way to call it that needs no reflection,
// because its types are known to the compiler. [New] takes it in place of the
// function. Make one with [Func0], [Func1], [Func2] for an answer of one value,
// with the functions of typedstream.go for streams.
type Func struct {
	fn    any             // the function itself, for its signature
	shape Shape           // the shape that bind serves
	bind  func(m *Method) // puts the call into m
}

// Func0 prepares a function without arguments.
func Func0[R any](fn func(context.Context) (R, error)) Func {
	return func0(fn, fn)
}

// Func1 prepares a function of one argument.
func Func1[A, R any](fn func(context.Context, A) (R, error)) Func {
	return func1(fn, fn)
}

// Func2 prepares a function of two arguments.
func Func2[A, B, R any](fn func(context.Context, A, B) (R, error)) Func {
	return func2(fn, fn)
}

// func0 prepares fn, which stands for the user's function orig.
func func0[R any](orig any, fn func(context.Context) (R, error)) Func {
	return Func{fn: orig, bind: func(m *Method) {
		encode, give := encoderFor[R](), giverFor[R]()
		m.call = func(ctx context.Context, args []byte, _ Source, out []byte) ([]byte, error) {
			if _, _, _, err := m.open(args); err != nil {
				return out, err
			}
			r, err := fn(ctx)
			if give != nil && err == nil {
				return given(m, out, give, ctx, r)
			}
			return finish(m, out, r, err, encode)
		}
	}}
}

func func1[A, R any](orig any, fn func(context.Context, A) (R, error)) Func {
	return Func{fn: orig, bind: func(m *Method) {
		decode, lend := decoderFor[A](), lenderFor[A]()
		encode, give := encoderFor[R](), giverFor[R]()
		m.call = func(ctx context.Context, args []byte, _ Source, out []byte) ([]byte, error) {
			d := decode
			if lend != nil {
				if o := owner(ctx, len(args)); o != nil {
					d = lend(o, decode)
				}
			}
			a, err := arg1(m, args, d)
			if err != nil {
				return out, err
			}
			r, err := fn(ctx, a)
			if give != nil && err == nil {
				return given(m, out, give, ctx, r)
			}
			return finish(m, out, r, err, encode)
		}
	}}
}

func func2[A, B, R any](orig any, fn func(context.Context, A, B) (R, error)) Func {
	return Func{fn: orig, bind: func(m *Method) {
		decodeA, decodeB := decoderFor[A](), decoderFor[B]()
		lendA, lendB := lenderFor[A](), lenderFor[B]()
		encode, give := encoderFor[R](), giverFor[R]()
		m.call = func(ctx context.Context, args []byte, _ Source, out []byte) ([]byte, error) {
			dA, dB := decodeA, decodeB
			if o := owner(ctx, len(args)); o != nil {
				// The second copies if the first took the memory.
				if lendA != nil {
					dA = lendA(o, decodeA)
				}
				if lendB != nil {
					dB = lendB(o, decodeB)
				}
			}
			a, b, err := arg2(m, args, dA, dB)
			if err != nil {
				return out, err
			}
			r, err := fn(ctx, a, b)
			if give != nil && err == nil {
				return given(m, out, give, ctx, r)
			}
			return finish(m, out, r, err, encode)
		}
	}}
}

// arg1 and arg2 decode the arguments of one call. They are functions of their
// own, so that an inlined decoder does not grow each of the routes.
func arg1[A any](m *Method, args []byte, decode decoder[A]) (a A, err error) {
	raw, err := m.open1(args)
	if err != nil {
		return a, err
	}
	if a, err = decode(raw); err != nil {
		return a, m.argError(0, 0, err)
	}
	return a, nil
}

func arg2[A, B any](m *Method, args []byte, decodeA decoder[A], decodeB decoder[B]) (a A, b B, err error) {
	rawA, rawB, err := m.open2(args)
	if err != nil {
		return a, b, err
	}
	if a, err = decodeA(rawA); err != nil {
		return a, b, m.argError(0, 0, err)
	}
	if b, err = decodeB(rawB); err != nil {
		return a, b, m.argError(1, 0, err)
	}
	return a, b, nil
}

// finish appends the result r to out, unless the function returned err.
func finish[R any](m *Method, out []byte, r R, err error, encode encoder[R]) ([]byte, error) {
	if err != nil {
		return out, err
	}
	b, err := encode(out, r)
	if err != nil {
		return out, m.resultError(err)
	}
	return b, nil
}

// given is finish for a result that is handed over.
func given[R any](m *Method, out []byte, give giver[R], ctx context.Context, r R) ([]byte, error) {
	b, err := give(ctx, out, r)
	if err != nil {
		return out, m.resultError(err)
	}
	return b, nil
}
