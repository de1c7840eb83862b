//go:build !race

package method

const poolMisses = 0
