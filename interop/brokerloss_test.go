package interop

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/broker"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// child is a process of our command.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// command starts our command. It is killed and reaped when the test ends.
func command(t *testing.T, path string, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(path, args...), ended: make(chan struct{})}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		_ = c.cmd.Wait() // how it ended matters to no test
	}()
	t.Cleanup(c.kill)
	return c
}

// signal sends a signal; that the process has ended already is fine.
func (c *child) signal(s syscall.Signal) { _ = c.cmd.Process.Signal(s) }

func (c *child) kill() {
	c.signal(syscall.SIGKILL)
	<-c.ended
}

// demoWorker starts zrpc --server demo, connected to a broker.
func demoWorker(t *testing.T, path, back string) *child {
	t.Helper()
	return command(t, path, "--server", "--connect", back, "--heartbeat", fmt.Sprint(beat.Seconds()), "demo")
}

func pythonWorker(t *testing.T, back string) *peer.Process {
	t.Helper()
	return peer.Python(t, "server.py", "--connect", back, "--heartbeat", fmt.Sprint(beat.Seconds()))
}

// brokerSays checks for an error that the broker answered.
func brokerSays(t *testing.T, err error, name string) {
	t.Helper()
	if e, ok := errors.AsType[*zrpc.RemoteError](err); !ok || e.Name != name {
		t.Errorf("got %v, want %s from the broker", err, name)
	}
}

// TestBrokerWorkerLost: a worker is killed, or stopped, with a call and a stream
// of our client and of Python's; all end within two heartbeats, and the next
// calls go to the other worker.
func TestBrokerWorkerLost(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			b := ourBroker(t, broker.Options{Heartbeat: beat})
			victim := pythonWorker(t, b.back)
			b.staffed(t, 1)
			c := ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat})
			driver := peer.PythonClient(t)
			driver.Must("new", peer.Args{"client": "c", "endpoint": b.front, "heartbeat": beat.Seconds()})
			called, streamed := make(chan error, 1), make(chan error, 1)
			go func() {
				_, err := zrpc.Call[any](t.Context(), c, "sleep", 60)
				called <- err
			}()
			go func() {
				var last error
				for _, err := range zrpc.Stream[int](t.Context(), c, "slow_stream", 1000, 0.1) {
					last = err
				}
				streamed <- last
			}()
			theirs := driver.Start("call", call("sleep", 60))
			victim.WaitMethod(10*time.Second, "sleep", "begin")
			victim.WaitMethod(10*time.Second, "sleep", "begin")
			victim.WaitMethod(10*time.Second, "slow_stream", "begin")
			pythonWorker(t, b.back)
			b.staffed(t, 2)

			begun := time.Now()
			way.do(victim)
			brokerSays(t, <-called, "LostRemote")
			within(t, time.Since(begun), 2*beat)
			brokerSays(t, <-streamed, "LostRemote")
			within(t, time.Since(begun), 2*beat)
			if o := theirs.Wait(10 * time.Second); o.Error == nil || o.Error.Name != "LostRemote" {
				t.Errorf("Python's call: %+v, want LostRemote", o)
			}
			within(t, time.Since(begun), 2*beat)
			for range 10 {
				if got, err := zrpc.Call[int](t.Context(), c, "add", 1, 2); got != 3 || err != nil {
					t.Fatalf("a call after the loss: %v, %v", got, err)
				}
			}
			if way.name == "stopped" {
				victim.Resume()
				b.staffed(t, 2) // it connects again by itself
			}
			b.empty(t, 6*beat)
		})
	}
}

// TestBrokerIdempotent: a call that its caller marks as one that may run twice is
// run again elsewhere when its worker is killed or stopped, within two heartbeats,
// though the worker has sent heartbeats of it; a stopped one is back when it goes on.
func TestBrokerIdempotent(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			b := ourBroker(t, broker.Options{Heartbeat: beat})
			victim := demoWorker(t, path, b.back)
			b.staffed(t, 1)
			c := ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat})
			const seconds = 6 // a second worker has joined long before
			called := make(chan error, 1)
			begun := time.Now()
			go func() {
				_, err := zrpc.Call[any](t.Context(), c.With(zrpc.CallOptions{Idempotent: true}), "sleep", seconds)
				called <- err
			}()
			eventually(t, 10*time.Second, "the call runs", func() bool { return b.Status().Running == 1 })
			demoWorker(t, path, b.back)
			b.staffed(t, 2)
			<-time.After(time.Until(begun.Add(2 * beat))) // the victim has sent a heartbeat by now
			victim.signal(sig)
			lost := time.Now()
			if err := <-called; err != nil {
				t.Errorf("the call: %v", err)
			}
			within(t, time.Since(lost), 2*beat+seconds*time.Second)
			if s := b.Status(); s.Moved != 1 {
				t.Errorf("%d calls were sent again, want 1", s.Moved)
			}
			if sig == syscall.SIGSTOP {
				victim.signal(syscall.SIGCONT)
				b.staffed(t, 2)
			}
			b.empty(t, 6*beat)
		})
	}
}

// load makes calls at a steady rate, and counts how they end.
type load struct {
	answered, failed atomic.Int64
	slowest          atomic.Int64 // the longest time to a failure, in ns
	errs             sync.Map     // texts of errors
	wg               sync.WaitGroup
	stop             chan struct{}
}

// startLoad makes calls a second of method until stopped.
func startLoad(t *testing.T, c *zrpc.Client, calls int, method string, args ...any) *load {
	l := &load{stop: make(chan struct{})}
	l.wg.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(calls))
		defer tick.Stop()
		for {
			select {
			case <-l.stop:
				return
			case <-tick.C:
			}
			l.wg.Go(func() {
				begun := time.Now()
				if _, err := zrpc.Call[any](t.Context(), c, method, args...); err == nil {
					l.answered.Add(1)
				} else {
					l.failed.Add(1)
					l.slowest.Store(max(l.slowest.Load(), int64(time.Since(begun))))
					l.errs.Store(err.Error(), true)
				}
			})
		}
	})
	return l
}

func (l *load) end() {
	close(l.stop)
	l.wg.Wait()
}

// report lists the errors.
func (l *load) report(t *testing.T) {
	t.Helper()
	l.errs.Range(func(text, _ any) bool {
		t.Log(text)
		return true
	})
}

// pass waits until so many more calls were answered.
func (l *load) pass(t *testing.T, n int64) {
	t.Helper()
	until := l.answered.Load() + n
	eventually(t, 30*time.Second, fmt.Sprintf("%d more calls are answered", n), func() bool { return l.answered.Load() >= until })
}

// TestBrokerKillUnderLoad: kill -9 of one of three workers under 200 calls a
// second costs at most the calls that it held, and those fail in under two
// heartbeats.
func TestBrokerKillUnderLoad(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	b := ourBroker(t, broker.Options{Heartbeat: beat})
	victim := demoWorker(t, path, b.back)
	demoWorker(t, path, b.back)
	pythonWorker(t, b.back)
	b.staffed(t, 3)
	l := startLoad(t, ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat}), 200, "sleep", 0.05)
	l.pass(t, 100)
	held := 0
	for _, w := range b.Status().Workers {
		held = max(held, w.Running)
	}
	victim.kill()
	l.pass(t, 300)
	l.end()
	s := b.Status()
	// 200 calls a second of 50 ms on three workers: some four each, or more while
	// the machine keeps a worker waiting; and those of the moment before the kill.
	if n := l.failed.Load(); n != int64(s.Lost) || n > int64(held)+16 {
		t.Errorf("%d calls failed, the broker lost %d; at most %d were held by one worker", n, s.Lost, held)
		l.report(t)
	}
	if slowest := time.Duration(l.slowest.Load()); slowest > 2*beat+slack {
		t.Errorf("a call failed after %v", slowest)
	}
	b.empty(t, 6*beat)
}

// TestBrokerBalance: three workers of two kinds get within 10 % of equal load,
// and one that comes late has its share of the calls since.
func TestBrokerBalance(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	b := ourBroker(t, broker.Options{Heartbeat: beat})
	demoWorker(t, path, b.back)
	demoWorker(t, path, b.back)
	pythonWorker(t, b.back)
	b.staffed(t, 3)
	l := startLoad(t, ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat}), 200, "sleep", 0.05)
	l.pass(t, 600)
	share := func(s broker.Status, since map[uint64]uint64) (each map[uint64]float64) {
		each = map[uint64]float64{}
		total := 0.0
		for _, w := range s.Workers {
			each[w.ID] = float64(w.Calls - since[w.ID])
			total += each[w.ID]
		}
		for id := range each {
			each[id] *= float64(len(each)) / total
		}
		return each
	}
	// Least outstanding gives less to a worker that the machine keeps waiting, so
	// it may take more calls until all had their turn.
	eventually(t, 20*time.Second, "each of three workers has an equal share, within 10 %", func() bool {
		for _, got := range share(b.Status(), nil) {
			if got < 0.9 || got > 1.1 {
				return false
			}
		}
		return true
	})
	demoWorker(t, path, b.back)
	b.staffed(t, 4)
	came := time.Now()
	since := map[uint64]uint64{}
	for _, w := range b.Status().Workers {
		since[w.ID] = w.Calls
	}
	l.pass(t, 200) // a second's calls, or more, as above
	eventually(t, 20*time.Second, "with a late worker each of four has an equal share, within 20 %", func() bool {
		for _, got := range share(b.Status(), since) {
			if got < 0.8 || got > 1.2 {
				return false
			}
		}
		return true
	})
	t.Logf("the late worker had its share after %v", time.Since(came))
	l.end()
	b.empty(t, 6*beat)
}

// TestBrokerLongCall: calls of eight heartbeats, between each kind of client and
// worker: the heartbeats go through.
func TestBrokerLongCall(t *testing.T) {
	t.Parallel()
	for _, worker := range brokerWorkers {
		t.Run(worker.name, func(t *testing.T) {
			t.Parallel()
			b := ourBroker(t, broker.Options{Heartbeat: beat})
			worker.start(t, b.back, beat)
			b.staffed(t, 1)
			driver := peer.PythonClient(t)
			driver.Must("new", peer.Args{"client": "c", "endpoint": b.front, "heartbeat": beat.Seconds()})
			theirs := driver.Start("call", call("sleep", 8))
			c := ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat})
			if got, err := zrpc.Call[int](t.Context(), c, "sleep", 8); got != 8 || err != nil {
				t.Errorf("our call: %v, %v", got, err)
			}
			if o := theirs.Wait(20 * time.Second); o.Error != nil {
				t.Errorf("Python's call: %v", o.Error)
			}
			b.empty(t, beat)
		})
	}
}

// TestBrokerRestart: the broker is killed and started again. The calls in flight
// fail clearly, ours at once and Python's at its next heartbeat; clients and
// workers come back by themselves.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	front, back := freeEndpoint(t), freeEndpoint(t)
	args := []string{"broker", "--frontend", front, "--backend", back, "--heartbeat", fmt.Sprint(beat.Seconds())}
	first := command(t, path, args...)
	worker := pythonWorker(t, back)
	demoWorker(t, path, back)
	c := ourClient(t, front, zrpc.ClientOptions{Heartbeat: beat})
	driver := peer.PythonClient(t)
	driver.Must("new", peer.Args{"client": "c", "endpoint": front, "heartbeat": beat.Seconds()})
	eventually(t, 20*time.Second, "both workers have joined", func() bool {
		s, err := zrpc.Call[broker.Status](t.Context(), c, "_broker_status")
		return err == nil && len(s.Services) == 2
	})
	called := make(chan error, 1)
	go func() {
		_, err := zrpc.Call[any](t.Context(), c, "slow_stream", 60, 10) // only Python has it
		called <- err
	}()
	theirs := driver.Start("call", call("slow_stream", 60, 10))
	worker.WaitMethod(10*time.Second, "slow_stream", "begin")
	worker.WaitMethod(10*time.Second, "slow_stream", "begin")
	first.kill()
	begun := time.Now()
	lost(t, <-called)
	within(t, time.Since(begun), beat)
	command(t, path, args...)
	if o := theirs.Wait(10 * time.Second); o.Error == nil || o.Error.Name != "LostRemote" && o.Error.Type != "LostRemote" {
		t.Errorf("Python's call: %+v, want LostRemote", o)
	}
	within(t, time.Since(begun), 3*beat)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for _, method := range []string{"hello", "hello"} {
		if got, err := zrpc.Call[string](ctx, c, method, "again"); got != "Hello, again" || err != nil {
			t.Errorf("our call after the restart: %q, %v", got, err)
		}
	}
	same(t, "Python's call after the restart", driver.Must("call", call("hello", "again")), `"Hello, again"`)
}
