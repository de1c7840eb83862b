package peers

import (
	"io"

	"github.com/nats-io/nats.go"
)

// NATS publishes through its broker, which here, too, is part of the publisher's process;
// each subscriber has a connection of its own. Push-pull is its queue group: each
// message goes to one member. Nothing tells the publisher to slow down but its
// connection to the broker; the broker drops subscribers that fall too far behind.

const (
	natsTopic = "bench.message"
	natsGroup = "pullers"
)

// natsEmitter is one connection and the broker that was started for it.
type natsEmitter struct {
	c    *nats.Conn
	stop func()
}

func (e natsEmitter) Emit(p []byte) error { return e.c.Publish(natsTopic, p) }
func (e natsEmitter) Flush() error        { return e.c.Flush() }

func (e natsEmitter) Close() error {
	e.c.Close()
	e.stop()
	return nil
}

// natsPublish is the same for both patterns: the receivers choose.
func natsPublish(addr string, _ bool) (Emitter, string, error) {
	s, host, err := natsBroker(addr)
	if err != nil {
		return nil, "", err
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		s.Shutdown()
		return nil, "", err
	}
	return natsEmitter{nc, s.Shutdown}, host, nil
}

// natsCloser makes Close of a connection an io.Closer.
type natsCloser struct{ c *nats.Conn }

func (c natsCloser) Close() error {
	c.c.Close()
	return nil
}

func natsSubscribe(addr string, push bool, got func(p []byte)) (io.Closer, error) {
	nc, err := nats.Connect("nats://" + addr)
	if err != nil {
		return nil, err
	}
	receive := func(m *nats.Msg) { got(m.Data) }
	if push {
		_, err = nc.QueueSubscribe(natsTopic, natsGroup, receive)
	} else {
		_, err = nc.Subscribe(natsTopic, receive)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return natsCloser{nc}, nil
}
