//go:build linux

package machine

import (
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseLoad(t *testing.T) {
	const stat = "cpu  1 1 1 1 1 1 1 1 1 1\n" +
		"cpu0 100 20 30 4000 500 6 7 8 9 9\n" +
		"cpu1 1000 0 0 0 0 0 0 0 0 0\n" +
		"cpu2 1 0 0 0 0 0 0 1 0 0\n" +
		"intr 12345 0 0 0 0 0 0 0 0 0\n"
	var set unix.CPUSet
	set.Set(0)
	set.Set(2)
	l, ok := parseLoad([]byte(stat), &set)
	if want := (4000 + 500) * tick; !ok || l.Idle != want {
		t.Errorf("idle is %v (ok %v), want %v: waiting for a disk is idle, and CPU 1, which we may not use, is no part of it", l.Idle, ok, want)
	}
	if l.Interrupts != 13*tick {
		t.Errorf("interrupts are %v, want %v", l.Interrupts, 13*tick)
	}
	for _, bad := range []string{"", "cpu0 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu0 a b c d e f g h i", "cpu1 1 1 1 1 1 1 1 1 1"} {
		if _, ok := parseLoad([]byte(bad), &set); ok {
			t.Errorf("%q was taken for a load", bad)
		}
	}
}

// TestOwnWorkIsNotForeign: a CPU that this process keeps busy is not idle, and is not
// taken for others' either. The rest is up to whoever else uses the machine.
func TestOwnWorkIsNotForeign(t *testing.T) {
	a, ok := ReadLoad()
	if !ok {
		t.Fatal("/proc/stat cannot be read on this Linux")
	}
	c, start := CPUTime(), time.Now()
	for CPUTime()-c < 100*time.Millisecond { // bounded by the CPU time it burns
	}
	b, _ := ReadLoad()
	own, wall := CPUTime()-c, time.Since(start)
	rest := wall*time.Duration(CPUs()) - own
	if idle := b.Idle - a.Idle; idle < 0 || idle > rest+2*time.Duration(CPUs())*tick {
		t.Errorf("%v idle beside %v of work in %v", idle, own, wall)
	}
	if f := Foreign(a, b, own, wall, CPUs()); f > rest.Seconds()/(wall.Seconds()*float64(CPUs()))+0.01 {
		t.Errorf("%.2f of all CPUs foreign, although %v of %v on %d CPUs was our own work", f, own, wall, CPUs())
	}
}

func TestThreadTimeIsOfWork(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := time.Now()
	before := threadTime()
	for threadTime()-before < 5*time.Millisecond { // ends only if the time moves
	}
	if used := threadTime() - before; used > time.Since(start) {
		t.Errorf("a thread used %v in %v", used, time.Since(start))
	}
}

func TestForeign(t *testing.T) {
	s := time.Second
	for _, tc := range []struct {
		why       string
		a, b      Load
		own, wall time.Duration
		want      float64
	}{
		{"all busy time was ours", Load{Idle: 5 * s}, Load{Idle: 6 * s}, s, s, 0},
		{"one of two CPUs was busy with others, or stolen", Load{}, Load{}, s, s, 0.5},
		{"interrupts that are nobody's time are not foreign", Load{Interrupts: s}, Load{Interrupts: 3 * s / 2, Idle: s / 2}, s, s, 0},
		{"ticks rounded up must not give a negative share", Load{}, Load{Idle: s}, s + 10*time.Millisecond, s, 0},
		{"no time passed", Load{}, Load{}, 0, 0, 0},
	} {
		if got := Foreign(tc.a, tc.b, tc.own, tc.wall, 2); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.why, got, tc.want)
		}
	}
}

func TestPin(t *testing.T) {
	before := CPUs()
	if err := Pin(os.Getpid()); err != nil {
		t.Fatalf("pinning this process: %v", err)
	}
	var now unix.CPUSet
	if err := unix.SchedGetaffinity(0, &now); err != nil {
		t.Fatal(err)
	}
	if now.Count() != 1 || !now.IsSet(PinCPU()) {
		t.Errorf("%d CPUs after pinning, want CPU %d alone", now.Count(), PinCPU())
	}
	if err := Unpin(os.Getpid()); err != nil {
		t.Fatalf("releasing this process: %v", err)
	}
	if err := unix.SchedGetaffinity(0, &now); err != nil {
		t.Fatal(err)
	}
	if now.Count() != before {
		t.Errorf("%d CPUs after releasing, want the %d of the start", now.Count(), before)
	}
	if err := Pin(1 << 30); err == nil {
		t.Error("pinning a process that does not exist succeeded")
	}
}

func TestMemoryGrowsWithWhatIsUsed(t *testing.T) {
	before, ok := Memory(os.Getpid())
	if !ok || before <= 0 {
		t.Fatalf("%v KiB (ok %v): this process has a size", before, ok)
	}
	const size = 32 << 20
	// Of its own: the heap may have what an earlier test has touched.
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	for i := 0; i < size; i += os.Getpagesize() {
		b[i] = 1
	}
	after, _ := Memory(os.Getpid())
	if grown := after - before; grown < size/1024/2 { // the collector may give some back meanwhile
		t.Errorf("%v KiB more after touching %d KiB", grown, size/1024)
	}
	if b[0] != 1 {
		t.Error("the memory must be in use until here")
	}
	if _, ok := Memory(-1); ok {
		t.Error("a process that is not there has a size")
	}
}

func TestSleepIsNotShort(t *testing.T) {
	runtime.LockOSThread() // the thread's timers are not those of other tests: never unlocked
	FineTimers()
	start := time.Now()
	Sleep(3 * time.Millisecond)
	if d := time.Since(start); d < 3*time.Millisecond {
		t.Errorf("slept %v instead of 3 ms", d)
	}
}

func TestFilesIsTheLimit(t *testing.T) {
	if n := Files(); n < 256 {
		t.Errorf("%d files: Go itself raises the limit above that", n)
	}
}
