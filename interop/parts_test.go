package interop

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

// TestMain lets this binary play our side in a process of its own, which a test
// can kill and stop as it does Python's and Node's.
func TestMain(m *testing.M) {
	// The tests wait more than they work: more at once than there are
	// processors. A flag on the command line still has the last word.
	if f := flag.Lookup("test.parallel"); f != nil {
		_ = f.Value.Set("8") // a number is what it takes
	}
	peer.Main(m, map[string]func([]string) error{
		"server": serverPart,
		"client": clientPart,

		"big server": bigServer,
		"big client": bigClient,
	})
}

// serverPart serves at args[0] with heartbeats of args[1].
func serverPart(args []string) error {
	heartbeat, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	s, err := start(heartbeat)
	if err != nil {
		return err
	}
	at, err := s.srv.Bind(args[0])
	if err != nil {
		return err
	}
	fmt.Println("ready", at)
	go func() {
		for note := range s.notes {
			var what, method string
			_, _ = fmt.Sscan(note, &what, &method) // both are ours
			fmt.Printf("{\"note\": %q, \"method\": %q}\n", what, method)
		}
	}()
	return s.srv.Serve(context.Background())
}

// clientPart calls a method of args[0], with heartbeats of args[1], that takes
// for ever: "sleep", or "slow_stream".
func clientPart(args []string) error {
	heartbeat, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	c := zrpc.NewClient(&zrpc.ClientOptions{Heartbeat: heartbeat})
	if err := c.Connect(args[0]); err != nil {
		return err
	}
	fmt.Println("ready")
	if args[2] == "sleep" {
		_, err = zrpc.Call[any](context.Background(), c, "sleep", 600)
		return err
	}
	for _, err := range zrpc.Stream[int](context.Background(), c, "slow_stream", 600, 1) {
		if err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, "the stream ended")
	return nil
}
