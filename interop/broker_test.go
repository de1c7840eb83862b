package interop

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/broker"
	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// brokered is a broker in this process.
type brokered struct {
	*broker.Broker
	front, back string
}

// ourBroker serves a broker until the test ends, and sees to it that no channel
// is left in its table.
func ourBroker(t *testing.T, o broker.Options) *brokered {
	t.Helper()
	b := &brokered{Broker: broker.New(&o)}
	var err error
	if b.front, err = b.BindFrontend(anyPort); err != nil {
		t.Fatal(err)
	}
	if b.back, err = b.BindBackend(anyPort); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- b.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("closing the broker: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return b
}

// staffed waits until n workers take calls.
func (b *brokered) staffed(t *testing.T, n int) {
	t.Helper()
	eventually(t, 20*time.Second, fmt.Sprintf("%d workers have joined", n), func() bool {
		joined := 0
		for _, w := range b.Status().Workers {
			if w.State == "joined" {
				joined++
			}
		}
		return joined == n
	})
}

// empty waits until the broker has no open channel.
func (b *brokered) empty(t *testing.T, within time.Duration) {
	t.Helper()
	eventually(t, within, "the broker's table is empty", func() bool { return b.Status().Channels == 0 })
}

// brokerWorkers start workers that have connected out to the broker.
var brokerWorkers = []struct {
	name  string
	of    kind
	start func(t *testing.T, back string, heartbeat time.Duration)
}{
	{"python", python, func(t *testing.T, back string, heartbeat time.Duration) {
		peer.Python(t, "server.py", "--connect", back, "--shim", "--heartbeat", fmt.Sprint(heartbeat.Seconds()))
	}},
	{"python 3.11", python, func(t *testing.T, back string, heartbeat time.Duration) {
		peer.Python(t, "server.py", "--connect", back, "--heartbeat", fmt.Sprint(heartbeat.Seconds()))
	}},
	{"node", node, func(t *testing.T, back string, heartbeat time.Duration) {
		peer.Node(t, "server.js", "--connect", back, "--heartbeat", fmt.Sprint(heartbeat.Seconds()))
	}},
	{"ours", ours, func(t *testing.T, back string, heartbeat time.Duration) {
		if err := ourServer(t, heartbeat).srv.Connect(back); err != nil {
			t.Fatal(err)
		}
	}},
}

// TestBrokerSuite runs what every server must do through a broker: the client
// must not be able to tell.
func TestBrokerSuite(t *testing.T) {
	t.Parallel()
	const heartbeat = suiteHeartbeat * time.Second
	for _, worker := range brokerWorkers {
		for _, client := range []struct {
			name  string
			of    kind
			start func(testing.TB) *peer.Driver
		}{
			{"python", python, peer.PythonClient},
			{"node", node, peer.NodeClient},
		} {
			t.Run(client.name+" to "+worker.name, func(t *testing.T) {
				t.Parallel()
				b := ourBroker(t, broker.Options{Heartbeat: heartbeat})
				worker.start(t, b.back, heartbeat)
				b.staffed(t, 1)
				clientSuite{client.start(t), client.of, worker.of, b.front}.run(t)
				// A caller that left is missed by the worker after three heartbeats,
				// and the worker by the broker after three more: of the longest seen.
				b.empty(t, 10*heartbeat)
			})
		}
		t.Run("ours to "+worker.name, func(t *testing.T) {
			t.Parallel()
			b := ourBroker(t, broker.Options{Heartbeat: heartbeat})
			worker.start(t, b.back, heartbeat)
			b.staffed(t, 1)
			s := serverSuite{ourClient(t, b.front, zrpc.ClientOptions{Heartbeat: heartbeat}), worker.of}
			t.Run("call", s.call)
			t.Run("large", s.large)
			t.Run("streams", s.streams)
			t.Run("slow reader", s.slowReader)
			t.Run("early stop", s.earlyStop)
			t.Run("errors", s.errors)
			t.Run("stream errors", s.streamErrors)
			t.Run("concurrent", s.concurrent)
			t.Run("timeout", s.timeout)
			b.empty(t, 6*heartbeat)
		})
	}
}
