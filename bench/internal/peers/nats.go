package peers

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// NATS request and reply. Every message passes a broker, which the protocol requires:
// the server process runs nats-server and the service, connected to each other over
// loopback TCP as two programs would be. A stream is a request that is answered by
// many messages on the requester's inbox, ended by an empty one; NATS has no flow
// control of its own there.

const (
	natsEcho  = "bench.echo"
	natsRange = "bench.range"
	natsWait  = 20 * time.Second // for an answer; well above any that comes
)

var natsPeer = Peer{Name: "nats", Title: "NATS", Serve: natsServe, Dial: natsDial,
	Publish: natsPublish, Subscribe: natsSubscribe}

// natsServe starts the broker inside this process and connects the service to it. The
// CPU time of the server's side therefore contains the broker's, as a user pays it too.
func natsServe(addr string) (string, error) {
	s, host, err := natsBroker(addr)
	if err != nil {
		return "", err
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		return "", err
	}
	if _, err := nc.Subscribe(natsEcho, func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		return "", err
	}
	// A stream is sent by a goroutine of its own, so that it does not hold up echoes.
	if _, err := nc.Subscribe(natsRange, func(m *nats.Msg) { go natsSendRange(nc, m) }); err != nil {
		return "", err
	}
	if err := nc.Flush(); err != nil {
		return "", err
	}
	return host, nil
}

// natsBroker starts a nats-server inside this process and returns it with its address.
func natsBroker(addr string) (*server.Server, string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, "", err
	}
	p, err := strconv.Atoi(port)
	if err != nil {
		return nil, "", err
	}
	if p == 0 {
		p = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{Host: host, Port: p, NoLog: true, NoSigs: true, MaxPayload: maxMessage})
	if err != nil {
		return nil, "", err
	}
	go s.Start()
	if !s.ReadyForConnections(natsWait) {
		return nil, "", fmt.Errorf("nats-server is not ready after %v", natsWait)
	}
	u, err := url.Parse(s.ClientURL())
	if err != nil {
		return nil, "", err
	}
	return s, u.Host, nil
}

// natsSendRange publishes the items as decimal text: NATS carries bytes, and text is
// what its own examples send. An empty message marks the end.
func natsSendRange(nc *nats.Conn, m *nats.Msg) {
	n, err := strconv.Atoi(string(m.Data))
	if err != nil {
		return // the client's wait for the first item ends in a timeout that names it
	}
	var item []byte
	for i := range n {
		item = strconv.AppendInt(item[:0], int64(i), 10)
		if nc.Publish(m.Reply, item) != nil {
			return
		}
	}
	nc.Publish(m.Reply, nil)
	nc.Flush()
}

// natsConn is one client connection to the broker.
type natsConn struct{ c *nats.Conn }

func natsDial(addr string) (Conn, error) {
	c, err := nats.Connect("nats://" + addr)
	if err != nil {
		return nil, err
	}
	return natsConn{c}, nil
}

// Echo is the library's own Request: one subscription serves all calls in flight.
func (c natsConn) Echo(s string) (string, error) {
	m, err := c.c.Request(natsEcho, []byte(s), natsWait)
	if err != nil {
		return "", err
	}
	return string(m.Data), nil
}

func (c natsConn) EchoBytes(p []byte) ([]byte, error) {
	m, err := c.c.Request(natsEcho, p, natsWait)
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

// Stream subscribes to an inbox of its own before it asks, so that no item is missed.
func (c natsConn) Stream(n int) (int, error) {
	inbox := nats.NewInbox()
	sub, err := c.c.SubscribeSync(inbox)
	if err != nil {
		return 0, err
	}
	defer sub.Unsubscribe()
	// The whole stream may wait here: nothing tells the sender to slow down.
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return 0, err
	}
	if err := c.c.PublishRequest(natsRange, inbox, strconv.AppendInt(nil, int64(n), 10)); err != nil {
		return 0, err
	}
	for i := 0; ; i++ {
		m, err := sub.NextMsg(natsWait)
		if err != nil {
			return i, err
		}
		if len(m.Data) == 0 {
			return i, nil
		}
		if v, err := strconv.Atoi(string(m.Data)); err != nil || v != i {
			return i, errOrder
		}
	}
}

func (c natsConn) Close() error {
	c.c.Close()
	return nil
}
