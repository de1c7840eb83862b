package interop

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/broker"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// chaosTime is how long processes are killed and stopped: 60 s when the test is
// asked for by name, 10 s among all others.
func chaosTime() time.Duration {
	if f := flag.Lookup("test.run"); f != nil && strings.Contains(f.Value.String(), "Chaos") {
		return time.Minute
	}
	return 10 * time.Second
}

// restartable is a process that the chaos ends and starts again.
type restartable struct {
	name  string
	start func() chaosProcess
	chaosProcess
}

// chaosProcess is what the chaos does to a process.
type chaosProcess interface {
	signal(syscall.Signal)
	kill()
}

// pythonProcess is a Python worker as the chaos sees it.
type pythonProcess struct{ *peer.Process }

func (p pythonProcess) kill() { p.Kill() }

func (p pythonProcess) signal(s syscall.Signal) {
	switch s {
	case syscall.SIGSTOP:
		p.Pause()
	case syscall.SIGCONT:
		p.Resume()
	default:
		p.Kill() // SIGTERM is no different: Python has no drain
	}
}

// chaosCalls makes one call after another until stopped, and checks each
// outcome: the right answer, or an error that says what happened.
func chaosCalls(t *testing.T, c *zrpc.Client, stop *atomic.Bool, n int, good, bad *atomic.Int64) {
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	for i := 0; !stop.Load(); i++ {
		// Every failure must be found long before this.
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		var err error
		begun := time.Now()
		switch rng.IntN(3) {
		case 0:
			var got string
			want := fmt.Sprintf("%d-%d", n, i)
			if got, err = zrpc.Call[string](ctx, c, "echo", want); err == nil && got != want {
				t.Errorf("echo of %s: got %s, another's answer", want, got)
			}
		case 1:
			_, err = zrpc.Call[any](ctx, c, "sleep", 0.1)
		case 2:
			next := 0
			for item, e := range zrpc.Stream[int](ctx, c, "streaming_range", 0, 300, 1) {
				if err = e; e == nil && item != next {
					t.Errorf("item %d of a stream is %d", next, item)
				}
				next++
			}
			if err == nil && next != 300 {
				t.Errorf("a stream of 300 ended well after %d items", next)
			}
		}
		cancel()
		if err == nil {
			good.Add(1)
			continue
		}
		bad.Add(1)
		e, ok := errors.AsType[*zrpc.RemoteError](err)
		switch {
		case ok && (e.Name == "LostRemote" || e.Name == "ServerBusy" || e.Name == "ServerStopping"):
		case errors.Is(err, zrpc.ErrLostRemote) || errors.Is(err, zrpc.ErrUnavailable):
		default:
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	}
}

// TestBrokerChaos kills, stops and restarts workers and the broker at random
// while clients call. In the end every call was answered, rightly, or failed
// with an error that says what happened, and nothing is left in the broker.
func TestBrokerChaos(t *testing.T) {
	path := zrpcCommand(t)
	front, back := freeEndpoint(t), freeEndpoint(t)
	beats := fmt.Sprint(beat.Seconds())
	box := &restartable{name: "broker", start: func() chaosProcess {
		return command(t, path, "broker", "--frontend", front, "--backend", back, "--heartbeat", beats)
	}}
	workers := []*restartable{
		{name: "go 1", start: func() chaosProcess { return demoWorker(t, path, back) }},
		{name: "go 2", start: func() chaosProcess { return demoWorker(t, path, back) }},
		{name: "python 1", start: func() chaosProcess { return pythonProcess{pythonWorker(t, back)} }},
		{name: "python 2", start: func() chaosProcess { return pythonProcess{pythonWorker(t, back)} }},
	}
	for _, p := range append([]*restartable{box}, workers...) {
		p.chaosProcess = p.start()
	}
	var stop atomic.Bool
	var good, bad atomic.Int64
	var callers sync.WaitGroup
	watcher := ourClient(t, front, zrpc.ClientOptions{Heartbeat: beat})
	for n := range 16 {
		c := watcher
		if n >= 8 {
			c = ourClient(t, front, zrpc.ClientOptions{Heartbeat: beat})
		}
		callers.Go(func() { chaosCalls(t, c, &stop, n, &good, &bad) })
	}

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	pause := func(least, span time.Duration) { <-time.After(least + time.Duration(rng.Int64N(int64(span)))) }
	deeds := map[string]int{}
	for end := time.Now().Add(chaosTime()); time.Now().Before(end); {
		pause(100*time.Millisecond, 600*time.Millisecond)
		p := workers[rng.IntN(len(workers))]
		deed := rng.IntN(10)
		switch {
		case deed == 0:
			p = box
			if rng.IntN(2) == 0 {
				p.signal(syscall.SIGSTOP)
				pause(50*time.Millisecond, 2*beat)
				p.signal(syscall.SIGCONT)
				break
			}
			p.kill()
			p.chaosProcess = p.start()
		case deed <= 3:
			p.kill()
			p.chaosProcess = p.start()
		case deed <= 6:
			p.signal(syscall.SIGTERM)
			p.chaosProcess = p.start()
		default:
			p.signal(syscall.SIGSTOP)
			pause(50*time.Millisecond, 3*beat)
			p.signal(syscall.SIGCONT)
		}
		deeds[p.name]++
	}
	stop.Store(true)
	callers.Wait() // each call ended, in time
	t.Logf("%d calls answered, %d failed; deeds %v", good.Load(), bad.Load(), deeds)
	if good.Load() == 0 {
		t.Error("no call was answered")
	}
	var s broker.Status
	eventually(t, 15*time.Second, "all four workers are back and the broker's table is empty", func() bool {
		var err error
		s, err = zrpc.Call[broker.Status](t.Context(), watcher, "_broker_status")
		joined := 0
		for _, w := range s.Workers {
			if w.State == "joined" {
				joined++
			}
		}
		return err == nil && s.Channels == 0 && s.Queued == 0 && joined == 4
	})
	for range 20 {
		if got, err := zrpc.Call[string](t.Context(), watcher, "hello", "all"); got != "Hello, all" || err != nil {
			t.Errorf("a call afterwards: %q, %v", got, err)
		}
	}
	t.Logf("the last broker: calls %d, moved %d, lost %d, idle %d, late %d, errors %v", s.Calls, s.Moved, s.Lost, s.Idle, s.Late, s.Errors)
}
