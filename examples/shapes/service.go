package main

import "iter"

// Shapes is the service. A last parameter iter.Seq2 streams from the caller, a result iter.Seq2 to it.
type Shapes struct{}

func (Shapes) Add(a, b int) int { return a + b }

func (Shapes) Count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 1; i <= n && yield(i); i++ {
		}
	}
}

func (Shapes) Sum(numbers iter.Seq2[int, error]) (sum int, err error) {
	for n, err := range numbers {
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func (Shapes) Sums(numbers iter.Seq2[int, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		sum := 0
		for n, err := range numbers {
			if err != nil {
				yield(0, err)
				return
			}
			sum += n
			if !yield(sum, nil) {
				return
			}
		}
	}
}
