//go:build linux

package machine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Sleep pauses the calling thread, which must be locked to its goroutine, to within some
// µs: Go's own timers wake an idle process a millisecond late at worst.
func Sleep(d time.Duration) {
	t := unix.NsecToTimespec(d.Nanoseconds())
	for unix.Nanosleep(&t, &t) == unix.EINTR { // t is what is left
	}
}

// FineTimers lets Sleep on the calling thread end on time instead of up to 50 µs late.
func FineTimers() {
	unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // where it fails, sleeping is coarser
}

// Memory is the size of a process's memory that is present, in KiB.
func Memory(pid int) (kib float64, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(b) {
		if v, found := bytes.CutPrefix(line, []byte("VmRSS:")); found {
			n, err := strconv.ParseFloat(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(v), []byte("kB")))), 64)
			return n, err == nil
		}
	}
	return 0, false
}

// Files is how many file descriptors this process may have.
func Files() int {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 256 // the least that systems give by default
	}
	return int(min(r.Cur, 1<<30))
}

// tick is the unit of /proc/stat. USER_HZ is 100 on every architecture that Go runs on.
const tick = 10 * time.Millisecond

// CanPin says that Pin works here.
const CanPin = true

// CPUTime is what this process has used so far, user and system, all threads.
func CPUTime() time.Duration {
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// allowed is the set of CPUs that this process started with: all of them, or those
// that a container or taskset left it. Children inherit it.
var allowed = func() (set unix.CPUSet) {
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		set.Set(0) // cannot fail for oneself; one CPU is a safe guess
	}
	return set
}()

// CPUs is the number of CPUs that this process and its children may use.
func CPUs() int { return allowed.Count() }

// ReadLoad reads the counters of those CPUs. ok is false where they cannot be read.
func ReadLoad() (l Load, ok bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return l, false
	}
	if l, ok = parseLoad(b, &allowed); !interruptsApart() {
		l.Interrupts = 0
	}
	return l, ok
}

// parseLoad adds up the lines of the CPUs in set:
// cpuN user nice system idle iowait irq softirq steal guest guest_nice
func parseLoad(b []byte, set *unix.CPUSet) (l Load, ok bool) {
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) < 9 {
			continue
		}
		name, isCPU := bytes.CutPrefix(f[0], []byte("cpu"))
		n, err := strconv.Atoi(string(name))
		if !isCPU || err != nil || !set.IsSet(n) {
			continue // the total, another CPU, another counter
		}
		for i, col := range f[1:9] {
			n, err := strconv.ParseInt(string(col), 10, 64)
			if err != nil {
				return Load{}, false
			}
			switch d := time.Duration(n) * tick; i {
			case 3, 4:
				l.Idle += d
			case 5, 6:
				l.Interrupts += d
			}
		}
		ok = true
	}
	return l, ok
}

// PinCPU is the CPU that Pin uses: the last one allowed, as the first takes most
// interrupts.
func PinCPU() int {
	last := 0
	for i := range len(allowed) * 64 {
		if allowed.IsSet(i) {
			last = i
		}
	}
	return last
}

// Pin lets all threads of the process pid run on PinCPU only.
func Pin(pid int) error {
	var set unix.CPUSet
	set.Set(PinCPU())
	return setAffinity(pid, &set)
}

// Unpin lets the process run on every CPU again that this one started with.
func Unpin(pid int) error { return setAffinity(pid, &allowed) }

// setAffinity sets it for each thread; threads started later inherit it.
func setAffinity(pid int, set *unix.CPUSet) error {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	// Twice: a thread started while the first pass ran may have escaped it.
	for range 2 {
		tasks, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("set CPUs of process %d: %w", pid, err)
		}
		for _, t := range tasks {
			tid, err := strconv.Atoi(t.Name())
			if err != nil {
				continue
			}
			err = unix.SchedSetaffinity(tid, set)
			if err != nil && !errors.Is(err, unix.ESRCH) { // it ended meanwhile
				return fmt.Errorf("set CPUs of thread %d of process %d: %w", tid, pid, err)
			}
		}
	}
	return nil
}
