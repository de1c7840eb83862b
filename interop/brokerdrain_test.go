package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/broker"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// calls is Python's calls under way.
type calls []*peer.Call

// start makes n more calls at once.
func (c *calls) start(d *peer.Driver, n int, method string, args ...any) {
	for range n {
		*c = append(*c, d.Start("call", call(method, args...)))
	}
}

// answered checks that each ends well.
func (c calls) answered(t *testing.T, why string) {
	t.Helper()
	for i, one := range c {
		if o := one.Wait(20 * time.Second); o.Error != nil {
			t.Errorf("%s: Python's call %d: %v", why, i, o.Error)
		}
	}
}

// ends waits for a process that was asked to end.
func (c *child) ends(t *testing.T, what string) {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(15 * time.Second):
		t.Errorf("%s does not end", what)
	}
}

// refusal checks for an error that says that a call has not run.
func refusal(t *testing.T, err error, name string) {
	t.Helper()
	brokerSays(t, err, name)
	if !zrpc.Unsent(err) {
		t.Errorf("%v is not known for an error of a call that did not run", err)
	}
}

// TestBrokerDrain: SIGTERM of one of two workers under the load of a Go and a
// Python client costs no call, and the worker ends once it has done what it had.
func TestBrokerDrain(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	b := ourBroker(t, broker.Options{Heartbeat: beat})
	victim := demoWorker(t, path, b.back)
	demoWorker(t, path, b.back)
	b.staffed(t, 2)
	driver := peer.PythonClient(t)
	driver.Must("new", peer.Args{"client": "c", "endpoint": b.front, "heartbeat": beat.Seconds()})
	l := startLoad(t, ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat}), 200, "sleep", 0.3)
	var theirs calls
	theirs.start(driver, 20, "sleep", 0.5)
	l.pass(t, 100)
	victim.signal(syscall.SIGTERM)
	theirs.start(driver, 20, "sleep", 0.1)
	victim.ends(t, "the worker")
	theirs.start(driver, 20, "sleep", 0)
	l.pass(t, 200)
	l.end()
	if n := l.failed.Load(); n != 0 {
		t.Errorf("%d calls failed", n)
		l.report(t)
	}
	theirs.answered(t, "a worker drained")
	b.empty(t, 6*beat)
}

// TestBrokerDrainAtRest: SIGTERM of a worker that has nothing to do at that moment,
// but will within microseconds: nor does that cost a call, of many quick ones.
func TestBrokerDrainAtRest(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	b := ourBroker(t, broker.Options{Heartbeat: beat})
	present := demoWorker(t, path, b.back)
	b.staffed(t, 1)
	c := ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat})
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := zrpc.Call[string](t.Context(), c, "hello", "x"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 10 {
		next := demoWorker(t, path, b.back)
		b.staffed(t, 2)
		present.signal(syscall.SIGTERM)
		present.ends(t, "the worker")
		present = next
	}
	close(stop)
	callers.Wait()
	b.empty(t, beat)
}

// TestBrokerLastWorkerDrains: what the last worker has it ends, and new calls are
// told that no worker is there. That is not the broker's own refusal, so with the
// next worker all goes on.
func TestBrokerLastWorkerDrains(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	b := ourBroker(t, broker.Options{Heartbeat: beat})
	last := demoWorker(t, path, b.back)
	b.staffed(t, 1)
	c := ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: beat})
	driver := peer.PythonClient(t)
	driver.Must("new", peer.Args{"client": "c", "endpoint": b.front, "heartbeat": beat.Seconds()})
	running := make(chan error, 1)
	go func() {
		_, err := zrpc.Call[any](t.Context(), c, "sleep", 4)
		running <- err
	}()
	var theirs calls
	theirs.start(driver, 1, "sleep", 4)
	eventually(t, 10*time.Second, "both calls are with the worker", func() bool { return b.Status().Running == 2 })
	// They run: what it has not read yet it would refuse, and it reads in order.
	if _, err := zrpc.Call[string](t.Context(), c, "hello", "x"); err != nil {
		t.Fatal(err)
	}
	last.signal(syscall.SIGTERM)
	eventually(t, 5*time.Second, "the worker takes no calls", func() bool {
		_, err := zrpc.Call[string](t.Context(), c, "hello", "x")
		if err != nil {
			refusal(t, err, "ServerBusy")
		}
		return err != nil
	})
	if o := driver.Do("call", call("hello", "x")); o.Error == nil || o.Error.Name != "ServerBusy" {
		t.Errorf("Python's new call: %+v, want ServerBusy", o)
	}
	if err := <-running; err != nil {
		t.Errorf("the call that ran: %v", err)
	}
	theirs.answered(t, "the last worker drained")
	last.ends(t, "the worker")
	demoWorker(t, path, b.back)
	if got, err := zrpc.Call[string](t.Context(), c, "hello", "again"); got != "Hello, again" || err != nil {
		t.Errorf("a call to the next worker: %q, %v", got, err)
	}
	same(t, "Python's call to the next worker", driver.Must("call", call("hello", "again")), `"Hello, again"`)
	b.empty(t, 6*beat)
}

// brokerProcess starts zrpc broker.
func brokerProcess(t *testing.T, path string) (b *child, front, back string) {
	t.Helper()
	front, back = freeEndpoint(t), freeEndpoint(t)
	return command(t, path, "broker", "--frontend", front, "--backend", back, "--heartbeat", fmt.Sprint(beat.Seconds())), front, back
}

// workersOf waits until the broker behind a client has n workers.
func workersOf(t *testing.T, c *zrpc.Client, n int) {
	t.Helper()
	eventually(t, 20*time.Second, fmt.Sprintf("%d workers have joined", n), func() bool {
		s, err := zrpc.Call[broker.Status](t.Context(), c, "_broker_status")
		joined := 0
		for _, w := range s.Workers {
			if w.State == "joined" {
				joined++
			}
		}
		return err == nil && joined == n
	})
}

// TestBrokerDrains: a broker that gets SIGTERM ends what runs, for a Go and a
// Python client, tells new calls that it is shutting down, and ends.
func TestBrokerDrains(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	b, front, back := brokerProcess(t, path)
	demoWorker(t, path, back)
	c := ourClient(t, front, zrpc.ClientOptions{Heartbeat: beat})
	workersOf(t, c, 1)
	driver := peer.PythonClient(t)
	driver.Must("new", peer.Args{"client": "c", "endpoint": front, "heartbeat": beat.Seconds()})
	running := make(chan error, 1)
	go func() {
		_, err := zrpc.Call[any](t.Context(), c, "sleep", 6)
		running <- err
	}()
	var theirs calls
	theirs.start(driver, 1, "sleep", 6)
	eventually(t, 10*time.Second, "both calls run", func() bool {
		s, err := zrpc.Call[broker.Status](t.Context(), c, "_broker_status")
		return err == nil && s.Running == 2
	})
	b.signal(syscall.SIGTERM)
	eventually(t, 3*time.Second, "the broker refuses new calls", func() bool {
		_, err := zrpc.Call[string](t.Context(), c, "hello", "x")
		if err != nil {
			refusal(t, err, "ServerStopping")
		}
		return err != nil
	})
	if o := driver.Do("call", call("hello", "x")); o.Error == nil || o.Error.Name != "ServerStopping" {
		t.Errorf("Python's new call: %+v, want ServerStopping", o)
	}
	if err := <-running; err != nil {
		t.Errorf("the call that ran: %v", err)
	}
	theirs.answered(t, "the broker drained")
	b.ends(t, "the broker")
}

// TestTwoBrokers: workers of Go, Python and Node share two brokers. A Go client
// connects to both; Python's and Node's to one each. One broker drains: that
// costs a client of both no call. The other dies, and comes back: calls in flight
// fail and say so, and everybody finds everybody again.
func TestTwoBrokers(t *testing.T) {
	t.Parallel()
	path := zrpcCommand(t)
	one, front1, back1 := brokerProcess(t, path)
	two, front2, back2 := brokerProcess(t, path)
	seconds := fmt.Sprint(beat.Seconds())
	command(t, path, "--server", "--connect", back1, "--connect", back2, "--heartbeat", seconds, "demo")
	peer.Python(t, "server.py", "--connect", back1, "--connect", back2, "--heartbeat", seconds)
	peer.Node(t, "server.js", "--connect", back1, "--connect", back2, "--heartbeat", seconds)
	for _, front := range []string{front1, front2} {
		workersOf(t, ourClient(t, front, zrpc.ClientOptions{Heartbeat: beat}), 3)
	}
	c := ourClient(t, front1, zrpc.ClientOptions{Heartbeat: beat})
	if err := c.Connect(front2); err != nil {
		t.Fatal(err)
	}
	python, node := peer.PythonClient(t), peer.NodeClient(t)
	python.Must("new", peer.Args{"client": "c", "endpoint": front2, "heartbeat": beat.Seconds()})
	node.Must("new", peer.Args{"client": "c", "endpoint": front2, "heartbeat": beat.Seconds()})

	l := startLoad(t, c, 100, "sleep", 0.2)
	l.pass(t, 50)
	one.signal(syscall.SIGTERM)
	one.ends(t, "the first broker")
	l.pass(t, 50)
	l.end()
	if n := l.failed.Load(); n != 0 {
		t.Errorf("%d calls of a client of both failed", n)
		l.report(t)
	}
	for _, d := range []*peer.Driver{python, node} {
		same(t, "a client of the second broker", driverAdds(d), "3")
	}

	two.kill()
	_, err := zrpc.Call[int](t.Context(), ourClient(t, front2, zrpc.ClientOptions{Heartbeat: beat, CallOptions: zrpc.CallOptions{Timeout: beat}}), "add", 1, 2)
	if _, remote := errors.AsType[*zrpc.RemoteError](err); err == nil || remote {
		t.Errorf("a call with no broker: %v", err)
	}
	command(t, path, "broker", "--frontend", front2, "--backend", back2, "--heartbeat", seconds)
	workersOf(t, ourClient(t, front2, zrpc.ClientOptions{Heartbeat: beat}), 3)
	if got, err := zrpc.Call[int](t.Context(), c, "add", 1, 2); got != 3 || err != nil {
		t.Errorf("our call after the restart: %v, %v", got, err)
	}
	for _, d := range []*peer.Driver{python, node} {
		same(t, "a call after the restart", driverAdds(d), "3")
	}
}

// driverAdds makes a call that every worker can answer.
func driverAdds(d *peer.Driver) json.RawMessage { return d.Must("call", call("add", 1, 2)) }
