package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// draws is enough for the ends of an interval of 90 % to stand on ten draws each.
const draws = 200

// Interval says between which two values a figure drawn from n blocks of measurements
// would lie nine times out of ten, were they measured anew (a bootstrap over blocks).
// figure gets the blocks to use, some of them more than once; its NaN are left out.
// The same measurements have the same interval. NaN if there is none.
func Interval(n int, figure func(blocks []int) float64) (low, high float64) {
	low, high = math.NaN(), math.NaN()
	r := rand.New(rand.NewPCG(1, uint64(n)))
	blocks := make([]int, n)
	var v []float64
	for range draws {
		for i := range blocks {
			blocks[i] = r.IntN(n)
		}
		if f := figure(blocks); !math.IsNaN(f) {
			v = append(v, f)
		}
	}
	if len(v) == 0 {
		return low, high
	}
	slices.Sort(v)
	return v[len(v)/20], v[len(v)-1-len(v)/20]
}
