package peers

import (
	"context"
	"io"
	"strings"

	"github.com/zrpc-go/zrpc/pubsub"
)

// zrpc's pub-sub and push-pull with default options: queues of 1000 events, handlers
// one after the other.

const zrpcEvent = "message"

// zrpcOut is a Publisher or a Pusher.
type zrpcOut interface {
	Bind(endpoint string) (string, error)
	Emit(ctx context.Context, name string, args ...any) error
	Close() error
}

// zrpcEmitter emits an event with the bytes as its only argument.
type zrpcEmitter struct{ zrpcOut }

func (e zrpcEmitter) Emit(p []byte) error {
	return e.zrpcOut.Emit(context.Background(), zrpcEvent, p)
}

// Flush has nothing to do: events leave by themselves.
func (zrpcEmitter) Flush() error { return nil }

func zrpcPublish(addr string, push bool) (Emitter, string, error) {
	var out zrpcOut = pubsub.NewPublisher(nil)
	if push {
		out = pubsub.NewPusher(nil)
	}
	endpoint, err := out.Bind(zrpcScheme + addr)
	if err != nil {
		return nil, "", err
	}
	return zrpcEmitter{out}, strings.TrimPrefix(endpoint, zrpcScheme), nil
}

// zrpcIn is a Subscriber or a Puller.
type zrpcIn interface {
	Handle(name string, fn any) error
	Connect(endpoint string) error
	Serve(ctx context.Context) error
	Close() error
}

// zrpcSubscribe registers a plain function. Serve ends when the socket is closed.
func zrpcSubscribe(addr string, push bool, got func(p []byte)) (io.Closer, error) {
	var in zrpcIn = pubsub.NewSubscriber(nil)
	if push {
		in = pubsub.NewPuller(nil)
	}
	if err := in.Handle(zrpcEvent, got); err != nil {
		return nil, err
	}
	if err := in.Connect(zrpcScheme + addr); err != nil {
		return nil, err
	}
	go in.Serve(context.Background())
	return in, nil
}
