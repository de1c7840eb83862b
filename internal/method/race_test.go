//go:build race

package method

// poolMisses is the part of a frame's allocations that a call by reflection has
// to make under the race detector, where sync.Pool forgets at random.
const poolMisses = 4
