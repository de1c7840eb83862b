package services

import (
	"math"
	"math/big"
)

// The operators below answer what Python's answer for the same operands, errors included, because the tutorials
// whose methods they serve are Python's. They differ in one point: a sequence is not repeated by multiply, which
// would let a small request ask for a huge answer.

// add returns x + y. Two ints or floats are summed; two strings, two byte strings or two lists are joined, so that
// "add 1 5" from a command line, which sends strings, is "15".
func add(x, y any) (any, error) {
	// Two small ints are the common call and need no big.Int.
	if a, ok := x.(int64); ok {
		if b, ok := y.(int64); ok {
			if s := a + b; (s > a) == (b > 0) {
				return s, nil
			}
		}
	}
	switch a := x.(type) {
	case string:
		if b, ok := y.(string); ok {
			return a + b, nil
		}
		return nil, typeError(`can only concatenate str (not "%s") to str`, pyType(y))
	case []byte:
		if b, ok := y.([]byte); ok {
			return append(a[:len(a):len(a)], b...), nil
		}
		return nil, typeError("can't concat %s to bytes", pyType(y))
	case []any:
		if b, ok := y.([]any); ok {
			return append(a[:len(a):len(a)], b...), nil
		}
		return nil, typeError(`can only concatenate list (not "%s") to list`, pyType(y))
	}
	return arithmetic("+", x, y,
		func(a, b *big.Int) (any, error) { return integer(a.Add(a, b)) },
		func(a, b float64) (any, error) { return a + b, nil })
}

// subtract returns abs(x - y).
func subtract(x, y any) (any, error) {
	return arithmetic("-", x, y,
		func(a, b *big.Int) (any, error) { a.Sub(a, b); return integer(a.Abs(a)) },
		func(a, b float64) (any, error) { return math.Abs(a - b), nil })
}

// multiply returns x * y.
func multiply(x, y any) (any, error) {
	return arithmetic("*", x, y,
		func(a, b *big.Int) (any, error) { return integer(a.Mul(a, b)) },
		func(a, b float64) (any, error) { return a * b, nil })
}

// divide returns x / y, always a float. Two ints are divided exactly and rounded once.
func divide(x, y any) (float64, error) {
	v, err := arithmetic("/", x, y,
		func(a, b *big.Int) (any, error) {
			if b.Sign() == 0 {
				return nil, zeroDivisionError("division by zero")
			}
			if a.Sign() == 0 && b.Sign() < 0 {
				return math.Copysign(0, -1), nil // as 0 / -1.0 is; a fraction has no such zero
			}
			f, _ := new(big.Rat).SetFrac(a, b).Float64()
			return f, nil
		},
		func(a, b float64) (any, error) {
			if b == 0 {
				return nil, zeroDivisionError("float division by zero")
			}
			return a / b, nil
		})
	if err != nil {
		return 0, err
	}
	return v.(float64), nil
}

// arithmetic applies the int or the float form of an operator: ints if both operands are, else floats.
// ints may change its operands.
func arithmetic(op string, x, y any, ints func(a, b *big.Int) (any, error), floats func(a, b float64) (any, error)) (any, error) {
	a, okA := toNumber(x)
	b, okB := toNumber(y)
	switch {
	case !okA || !okB:
		return nil, typeError("unsupported operand type(s) for %s: '%s' and '%s'", op, pyType(x), pyType(y))
	case a.isFloat() || b.isFloat():
		return floats(a.float(), b.float())
	}
	return ints(a.i, b.i)
}
