package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// long are calls that outlast their heartbeats: as zerorpc has them, 5 s, and
// scaled down so that more of them pass in the time.
var long = []struct {
	seconds   float64
	heartbeat float64 // seconds
}{
	{12, 5},
	{3, 0.5},
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// TestLongCalls lets calls and streams last several heartbeats, in each
// direction: they must end well, and on time.
func TestLongCalls(t *testing.T) {
	t.Parallel()
	for _, l := range long {
		beat := fmt.Sprint(l.heartbeat)
		for _, of := range []struct {
			name   string
			client func(testing.TB) *peer.Driver
			server func(testing.TB) *peer.Process
		}{
			{"python", peer.PythonClient, func(t testing.TB) *peer.Process {
				return peer.Python(t, "server.py", "--bind", anyPort, "--heartbeat", beat)
			}},
			{"node", peer.NodeClient, func(t testing.TB) *peer.Process {
				return peer.Node(t, "server.js", "--bind", anyPort, "--heartbeat", beat)
			}},
		} {
			name := fmt.Sprintf("%vs under %vs", l.seconds, l.heartbeat)
			t.Run(name+"/our client to "+of.name, func(t *testing.T) {
				t.Parallel()
				c := ourClient(t, of.server(t).Endpoint(), zrpc.ClientOptions{Heartbeat: seconds(l.heartbeat)})
				ended := make(chan error, 1)
				go func() { ended <- readSlowly(t, c, l.seconds) }()
				begun := time.Now()
				got, err := zrpc.Call[float64](t.Context(), c, "sleep", l.seconds)
				if err != nil || got != l.seconds {
					t.Errorf("sleep: %v, %v", got, err)
				}
				onTime(t, time.Since(begun), l.seconds)
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
			t.Run(name+"/"+of.name+" to our server", func(t *testing.T) {
				t.Parallel()
				s := ourServer(t, seconds(l.heartbeat))
				client := of.client(t)
				client.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t), "heartbeat": l.heartbeat})
				stream := client.Start("stream", call("slow_stream", 2, l.seconds/2))
				begun := time.Now()
				same(t, "sleep", client.Must("call", call("sleep", l.seconds)), fmt.Sprint(l.seconds))
				onTime(t, time.Since(begun), l.seconds)
				if got := stream.Wait(5 * time.Second).Stream(t); got.End != "done" || len(got.Items) != 2 {
					t.Errorf("slow stream: %+v", got)
				}
			})
		}
	}
}

// readSlowly reads a stream of two items that are half the time apart each.
func readSlowly(t *testing.T, c *zrpc.Client, total float64) error {
	items := 0
	for _, err := range zrpc.Stream[int](t.Context(), c, "slow_stream", 2, total/2) {
		if err != nil {
			return fmt.Errorf("slow stream after %d items: %w", items, err)
		}
		items++
	}
	if items != 2 {
		return fmt.Errorf("slow stream: %d items, want 2", items)
	}
	return nil
}

// onTime allows slack for a crowded machine.
func onTime(t *testing.T, took time.Duration, want float64) {
	t.Helper()
	if took < seconds(want) || took > seconds(want)+slack {
		t.Errorf("a call of %v s took %v", want, took)
	}
}

// TestPassiveClient has a Python client that sends no heartbeat until the server
// has: a long call still ends well.
func TestPassiveClient(t *testing.T) {
	t.Parallel()
	s := ourServer(t, 500*time.Millisecond)
	client := peer.PythonClient(t)
	client.Must("new", peer.Args{"client": "c", "endpoint": s.bind(t), "heartbeat": 0.5, "passive": true})
	same(t, "sleep", client.Must("call", call("sleep", 2.5)), `{"float": "2.5"}`)
}

// TestOurPassiveClient is the same the other way round, with a Python server
// whose heartbeats are as the client's, and one that sends none in the time.
func TestOurPassiveClient(t *testing.T) {
	t.Parallel()
	for _, beat := range []string{"0.5", "60"} {
		server := peer.Python(t, "server.py", "--bind", anyPort, "--heartbeat", beat)
		c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{Heartbeat: 500 * time.Millisecond, Passive: true})
		if got, err := zrpc.Call[float64](t.Context(), c, "sleep", 2.5); err != nil || got != 2.5 {
			t.Errorf("server's heartbeat %s s: %v, %v", beat, got, err)
		}
	}
}

// TestNoHeartbeatOfServer: an active client loses a server that is silent, which
// is what its three heartbeats are for.
func TestNoHeartbeatOfServer(t *testing.T) {
	t.Parallel()
	server := peer.Python(t, "server.py", "--bind", anyPort, "--heartbeat", "60")
	c := ourClient(t, server.Endpoint(), zrpc.ClientOptions{Heartbeat: 500 * time.Millisecond})
	begun := time.Now()
	_, err := zrpc.Call[float64](t.Context(), c, "sleep", 10)
	lost(t, err)
	within(t, time.Since(begun), 1500*time.Millisecond)
	if !strings.Contains(fmt.Sprint(err), "sleep") {
		t.Errorf("the error %q does not name the method", err)
	}
}
