package peers

import (
	"bytes"
	"context"
	"io"

	"github.com/go-zeromq/zmq4"
)

// go-zeromq/zmq4's PUB and SUB. Its PUSH sends every message to every PULL, which is not
// what the pattern means, so that is not measured.

type zmq4Emitter struct{ zmq4.Socket }

// Emit copies: the socket hands the message to a queue that outlives the call.
func (e zmq4Emitter) Emit(p []byte) error { return e.Send(zmq4.NewMsg(bytes.Clone(p))) }

// Flush has nothing to do: messages leave by themselves.
func (zmq4Emitter) Flush() error { return nil }

func zmq4Publish(addr string, push bool) (Emitter, string, error) {
	if push {
		return nil, "", ErrNone
	}
	s := zmq4.NewPub(context.Background())
	if err := s.Listen("tcp://" + addr); err != nil {
		return nil, "", err
	}
	return zmq4Emitter{s}, s.Addr().String(), nil
}

// zmq4Subscribe receives on a goroutine that ends with the socket.
func zmq4Subscribe(addr string, push bool, got func(p []byte)) (io.Closer, error) {
	if push {
		return nil, ErrNone
	}
	s := zmq4.NewSub(context.Background())
	if err := s.Dial("tcp://" + addr); err != nil {
		return nil, err
	}
	if err := s.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		return nil, err
	}
	go func() {
		for {
			m, err := s.Recv()
			if err != nil {
				return
			}
			got(m.Bytes())
		}
	}()
	return s, nil
}
