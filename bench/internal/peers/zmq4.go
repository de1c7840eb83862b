package peers

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// go-zeromq/zmq4's own sockets: DEALER calls ROUTER. Over a plain echo of messages
// there is just a number that tells the calls apart; a stream is a request answered
// by many messages.

const (
	zmq4Echo  = 'e'
	zmq4Range = 's'
	zmq4Head  = 9 // a kind byte and a number of 8
)

var zmq4Peer = Peer{Name: "zmq4", Title: "go-zeromq/zmq4 sockets", Serve: zmq4Serve, Dial: zmq4Dial,
	Publish: zmq4Publish, Subscribe: zmq4Subscribe}

// zmq4Serve answers from the goroutine that receives: a ROUTER socket here has one
// queue, which more goroutines would only contend for.
func zmq4Serve(addr string) (string, error) {
	r := zmq4.NewRouter(context.Background())
	if err := r.Listen("tcp://" + addr); err != nil {
		return "", err
	}
	go func() {
		for {
			m, err := r.Recv()
			if err != nil {
				continue // that a client left comes as an error too
			}
			zmq4Answer(r, m)
		}
	}()
	return r.Addr().String(), nil
}

// zmq4Answer sends the answer to m; the ROUTER's first frame leads it back.
func zmq4Answer(r zmq4.Socket, m zmq4.Msg) {
	body := m.Frames[len(m.Frames)-1]
	if len(body) < zmq4Head {
		return
	}
	if body[0] != zmq4Range {
		r.SendMulti(m)
		return
	}
	for i := range binary.LittleEndian.Uint64(body[zmq4Head:]) {
		item := append(make([]byte, 0, zmq4Head+8), body[:zmq4Head]...)
		item = binary.LittleEndian.AppendUint64(item, i)
		frames := append(append([][]byte(nil), m.Frames[:len(m.Frames)-1]...), item)
		if r.SendMulti(zmq4.NewMsgFrom(frames...)) != nil {
			return
		}
	}
}

// zmq4Conn matches answers to calls, which a DEALER socket leaves to its user.
type zmq4Conn struct {
	s zmq4.Socket

	mu    sync.Mutex
	next  uint64                 // mu
	calls map[uint64]chan []byte // mu
	ended error                  // mu
}

// zmq4Dial returns after the handshake; the socket is ready to send then.
func zmq4Dial(addr string) (Conn, error) {
	s := zmq4.NewDealer(context.Background())
	if err := s.Dial("tcp://" + addr); err != nil {
		return nil, err
	}
	c := &zmq4Conn{s: s, calls: map[uint64]chan []byte{}}
	go c.read()
	return c, nil
}

// read hands each answer to its call until the socket ends, and then ends the calls.
// It never holds the lock while it waits for a reader.
func (c *zmq4Conn) read() {
	for {
		m, err := c.s.Recv()
		c.mu.Lock()
		if err != nil {
			c.ended = err
			for _, ch := range c.calls {
				close(ch)
			}
			c.calls = nil
			c.mu.Unlock()
			return
		}
		body := m.Frames[len(m.Frames)-1]
		var ch chan []byte
		if len(body) >= zmq4Head {
			ch = c.calls[binary.LittleEndian.Uint64(body[1:])]
		}
		c.mu.Unlock()
		if ch != nil {
			ch <- body[zmq4Head:]
		}
	}
}

// call sends a request whose answers come on the channel, which has room for room
// answers. done must be called when no more are wanted.
func (c *zmq4Conn) call(kind byte, p []byte, room int) (ch chan []byte, done func(), err error) {
	ch = make(chan []byte, room)
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return nil, nil, c.ended
	}
	c.next++
	id := c.next
	c.calls[id] = ch
	c.mu.Unlock()
	body := append(make([]byte, 0, zmq4Head+len(p)), kind)
	body = binary.LittleEndian.AppendUint64(body, id)
	body = append(body, p...)
	if err := c.s.SendMulti(zmq4.NewMsgFrom([]byte{}, body)); err != nil {
		return nil, nil, err
	}
	return ch, func() {
		c.mu.Lock()
		delete(c.calls, id)
		c.mu.Unlock()
	}, nil
}

var errZmq4Ended = errors.New("zmq4: the connection ended")

func (c *zmq4Conn) Echo(s string) (string, error) {
	b, err := c.EchoBytes([]byte(s))
	return string(b), err
}

// EchoBytes returns the socket's own frame, which nobody uses again.
func (c *zmq4Conn) EchoBytes(p []byte) ([]byte, error) {
	ch, done, err := c.call(zmq4Echo, p, 1)
	if err != nil {
		return nil, fmt.Errorf("zmq4: send: %w", err)
	}
	defer done()
	b, ok := <-ch
	if !ok {
		return nil, errZmq4Ended
	}
	return b, nil
}

// Stream gives the channel room for a good many items, so that the reading goroutine
// and this one seldom wait for each other.
func (c *zmq4Conn) Stream(n int) (int, error) {
	ch, done, err := c.call(zmq4Range, binary.LittleEndian.AppendUint64(nil, uint64(n)), 1024)
	if err != nil {
		return 0, fmt.Errorf("zmq4: send: %w", err)
	}
	defer done()
	for i := range n {
		b, ok := <-ch
		if !ok {
			return i, errZmq4Ended
		}
		if binary.LittleEndian.Uint64(b) != uint64(i) {
			return i, errOrder
		}
	}
	return n, nil
}

func (c *zmq4Conn) Close() error { return c.s.Close() }
