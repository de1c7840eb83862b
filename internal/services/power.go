package services

import (
	"math"
	"math/big"
)

// power returns n ** m: an int for ints with m >= 0, else a float.
func power(n, m any) (any, error) {
	return arithmetic("** or pow()", n, m,
		func(a, b *big.Int) (any, error) {
			if b.Sign() < 0 {
				return floatPower(number{i: a}.float(), number{i: b}.float())
			}
			// Beyond 1 bit of base, 64 is the largest exponent whose result can fit; the check comes before the
			// work, because 2 ** 2**60 would take all memory. 0, 1 and -1 are fine with any exponent.
			if a.BitLen() > 1 && b.Cmp(big.NewInt(64)) > 0 {
				return nil, overflowError("Integer value out of range")
			}
			if a.BitLen() <= 1 && b.BitLen() > 1 {
				b = big.NewInt(2 + int64(b.Bit(0))) // only whether it is odd matters; saves the big exponentiation
			}
			return integer(new(big.Int).Exp(a, b, nil))
		},
		floatPower)
}

// floatPower is Python's float ** float.
func floatPower(a, b float64) (any, error) {
	finite := a-a == 0 && b-b == 0 // neither infinite nor NaN
	switch {
	case a == 0 && b < 0 && finite:
		return nil, zeroDivisionError("0.0 cannot be raised to a negative power")
	case a < 0 && finite && b != math.Trunc(b):
		// Python's result is complex, which its msgpack packer then refuses with these words.
		return nil, typeError("can not serialize 'complex' object")
	}
	p := math.Pow(a, b)
	if math.IsInf(p, 0) && finite {
		return nil, overflowError("(34, 'Numerical result out of range')")
	}
	if finite && p != 0 {
		p = math.Copysign(exactPower(math.Abs(a), b), p)
	}
	return p, nil
}

// powerBits is the precision of exactPower: 53 bits of result, 64 for the errors that squaring up to 2^63 times
// multiplies, and as many again to make wrong rounding a matter of chance below 2^-64.
const powerBits = 192

// exactPower returns a ** b, rounded to nearest, for a positive a and a finite result. math.Pow is off by several
// units in the last place ("64 ** -2.5" shows it), where C's pow, hence Python's, is not.
func exactPower(a, b float64) float64 {
	whole, frac := math.Modf(math.Abs(b))
	base := new(big.Float).SetPrec(powerBits).SetFloat64(a)
	result := new(big.Float).SetPrec(powerBits).SetInt64(1)
	if whole >= 1<<63 {
		return math.Pow(a, b) // a is 1: any other base has left the range of a float64 long before
	}
	square := new(big.Float).Copy(base)
	for n := uint64(whole); n > 0; n >>= 1 {
		if n&1 == 1 {
			result.Mul(result, square)
		}
		square.Mul(square, square)
	}
	// The n-th square root stands for the n-th binary digit of the fraction. Digits beyond powerBits change nothing.
	root := base
	for range powerBits {
		if frac == 0 {
			break
		}
		root = new(big.Float).SetPrec(powerBits).Sqrt(root)
		if frac *= 2; frac >= 1 {
			result.Mul(result, root)
			frac--
		}
	}
	if b < 0 {
		result.Quo(big.NewFloat(1).SetPrec(powerBits), result)
	}
	f, _ := result.Float64()
	return f
}
