package interop

import (
	"fmt"
	"testing"

	"github.com/zrpc-go/zrpc/interop/peer"
)

// TestForeignPairs runs the suite among the real peers alone: what fails here is
// a fault of the suite or of a peer, never of ours.
func TestForeignPairs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		client func(testing.TB) *peer.Driver
		of     kind
		server func(testing.TB) *peer.Process
		is     kind
	}{
		{"python to python", peer.PythonClient, python, pythonServer, python},
		{"python to node", peer.PythonClient, python, nodeServer, node},
		{"node to python", peer.NodeClient, node, pythonServer, python},
		{"node to node", peer.NodeClient, node, nodeServer, node},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := test.server(t)
			clientSuite{test.client(t), test.of, test.is, server.Endpoint()}.run(t)
		})
	}
}

func pythonServer(t testing.TB) *peer.Process {
	t.Helper()
	return peer.Python(t, "server.py", "--bind", anyPort, "--shim", "--heartbeat", fmt.Sprint(suiteHeartbeat))
}

func nodeServer(t testing.TB) *peer.Process {
	t.Helper()
	return peer.Node(t, "server.js", "--bind", anyPort, "--heartbeat", fmt.Sprint(suiteHeartbeat))
}
