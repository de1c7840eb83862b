package interop

import (
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interop/peer"
)

// TestClientsOfOurServer runs the suite with the real clients against our server,
// which binds, or dials out to a client that is bound.
func TestClientsOfOurServer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		client func(testing.TB) *peer.Driver
		of     kind
	}{
		{"python", peer.PythonClient, python},
		{"node", peer.NodeClient, node},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ourServer(t, suiteHeartbeat*time.Second)
			clientSuite{test.client(t), test.of, ours, s.bind(t)}.run(t)
			eventually(t, 3*suiteHeartbeat*time.Second, "every call at the server has ended", func() bool {
				return s.srv.Stats().Calls == 0
			})
			if n := s.srv.Stats().Conns; n != 1 {
				t.Errorf("the server has %d connections, want the client's one", n)
			}
		})
	}
}

// TestBoundClients lets our server dial out to clients that are bound.
func TestBoundClients(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		client func(testing.TB) *peer.Driver
	}{
		{"python", peer.PythonClient},
		{"node", peer.NodeClient},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := test.client(t)
			at := text(t, client.Must("new", peer.Args{"client": "c", "bind": true, "endpoint": anyPort}))
			s := ourServer(t, 0)
			if err := s.srv.Connect(at); err != nil {
				t.Fatal(err)
			}
			same(t, "hello", client.Must("call", call("hello", "RPC")), `"Hello, RPC"`)
		})
	}
}
