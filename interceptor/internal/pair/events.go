package pair

import (
	"context"
	"testing"

	"github.com/zrpc-go/zrpc/pubsub"
)

// Events returns a pusher to a puller that register has given its handlers, with
// these interceptors around what is sent and handled. Both end with the test. It
// works in a bubble of testing/synctest.
func Events(t *testing.T, register func(*pubsub.Puller), sender, receiver []pubsub.Interceptor) *pubsub.Pusher {
	t.Helper()
	pull := pubsub.NewPuller(&pubsub.Options{Interceptors: receiver})
	register(pull)
	endpoint, err := pull.Bind("inproc://" + t.Name())
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- pull.Serve(context.Background()) }()
	push := pubsub.NewPusher(&pubsub.Options{Interceptors: sender})
	if err := push.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		push.Close()
		pull.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return push
}
