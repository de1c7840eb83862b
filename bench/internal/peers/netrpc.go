package peers

import (
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"time"
)

// net/rpc of Go's standard library, with its two codecs. It has no streams.

var (
	gobPeer = Peer{Name: "gob", Title: "net/rpc, gob", Dial: gobDial,
		Serve: func(addr string) (string, error) {
			return netrpcServe(addr, func(s *rpc.Server, c net.Conn) { s.ServeConn(c) })
		}}
	jsonPeer = Peer{Name: "json", Title: "net/rpc, JSON", Dial: jsonDial,
		Serve: func(addr string) (string, error) {
			return netrpcServe(addr, func(s *rpc.Server, c net.Conn) { s.ServeCodec(jsonrpc.NewServerCodec(c)) })
		}}
)

// EchoService is what the server registers.
type EchoService struct{}

// Echo sends the string back.
func (EchoService) Echo(a *string, r *string) error { *r = *a; return nil }

// Bytes sends the bytes back.
func (EchoService) Bytes(a *[]byte, r *[]byte) error { *r = *a; return nil }

// Sleep takes its time and answers with it.
func (EchoService) Sleep(d *time.Duration, r *time.Duration) error {
	time.Sleep(*d)
	*r = *d
	return nil
}

// netrpcServe runs one codec a connection; net/rpc starts a goroutine for each call.
func netrpcServe(addr string, serve func(*rpc.Server, net.Conn)) (string, error) {
	s := rpc.NewServer()
	if err := s.RegisterName("Bench", EchoService{}); err != nil {
		return "", err
	}
	return serveTCP(addr, func(c net.Conn) { serve(s, c) })
}

// netrpcConn is one client, safe for all callers at once.
type netrpcConn struct{ c *rpc.Client }

func gobDial(addr string) (Conn, error) {
	c, err := rpc.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return netrpcConn{c}, nil
}

func jsonDial(addr string) (Conn, error) {
	c, err := jsonrpc.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return netrpcConn{c}, nil
}

func (c netrpcConn) Echo(s string) (r string, err error) {
	err = c.c.Call("Bench.Echo", &s, &r)
	return r, err
}

// EchoBytes travels as base64 in JSON, which has no bytes: the codec's way, not ours.
func (c netrpcConn) EchoBytes(p []byte) (r []byte, err error) {
	err = c.c.Call("Bench.Bytes", &p, &r)
	return r, err
}

func (c netrpcConn) Sleep(d time.Duration) error {
	return c.c.Call("Bench.Sleep", &d, new(time.Duration))
}

func (c netrpcConn) Close() error { return c.c.Close() }
