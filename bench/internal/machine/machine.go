// Package machine asks the operating system what the figures depend on: the CPU
// time of a process, the load that others put on the machine, and where processes
// may run. On systems other than Linux it knows only what Go itself tells; the
// report shows a dash for the rest.
package machine

import "time"

// Load is the CPU time that the whole machine has spent busy since it started, all
// CPUs added up. Stolen is the part that the hypervisor gave to other guests.
type Load struct {
	Busy, Stolen time.Duration
}

// Foreign returns what share (0 to 1) of all CPUs was busy with anything but the
// processes measured, between the readings a and b that lie wall apart, in which the
// measured processes used own. Stolen time counts as foreign: it was not ours.
func Foreign(a, b Load, own, wall time.Duration, cpus int) float64 {
	if wall <= 0 || cpus <= 0 {
		return 0
	}
	f := (b.Busy - a.Busy) + (b.Stolen - a.Stolen) - own
	// The kernel counts in ticks, so a quiet machine may come out a little below zero.
	return max(0, f.Seconds()/(wall.Seconds()*float64(cpus)))
}
