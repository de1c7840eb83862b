// Package machine asks the operating system what the figures depend on: the CPU
// time of a process, the load that others put on the machine, and where processes
// may run. On systems other than Linux it knows only what Go itself tells; the
// report shows a dash for the rest.
package machine

import "time"

// Load is what the CPUs have done since the machine started, all added up: nothing, and
// interrupts where the kernel does not count them as the time of processes. The rest was
// the time of processes, or stolen by the hypervisor.
//
// It is not drawn from the kernel's counters of busy time: those are sampled at ticks,
// and miss much of what processes use that wake and sleep between two.
type Load struct {
	Idle, Interrupts time.Duration
}

// Foreign returns what share (0 to 1) of all CPUs was busy with anything but the
// processes measured, between the readings a and b that lie wall apart, in which the
// measured processes used own. Stolen time counts as foreign: it was not ours.
func Foreign(a, b Load, own, wall time.Duration, cpus int) float64 {
	if wall <= 0 || cpus <= 0 {
		return 0
	}
	all := wall * time.Duration(cpus)
	f := all - (b.Idle - a.Idle) - (b.Interrupts - a.Interrupts) - own
	// The kernel counts in ticks, so a quiet machine may come out a little below zero.
	return max(0, f.Seconds()/all.Seconds())
}
