package peers

import (
	"context"
	"net"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// connect-go: its own protocol with protobuf messages, over HTTP/2 without TLS, so
// that all calls of a Conn share one connection as they do with the others. Its clients
// ask for gzipped answers by default, which costs more than all the rest; that is off
// here, as no other system compresses.

const (
	connectEcho  = "/bench.Echo/Echo"
	connectBytes = "/bench.Echo/Bytes"
	connectRange = "/bench.Echo/Range"
	connectSum   = "/bench.Echo/Sum"
	connectSame  = "/bench.Echo/Same"
)

var connectPeer = Peer{Name: "connect", Title: "connect-go", Serve: connectServe, Dial: connectDial}

// connectServe mounts the handlers that generated code would mount. net/http's server
// has no limit on a body; the handlers' own is set to that of all peers.
func connectServe(addr string) (string, error) {
	mux := http.NewServeMux()
	limit := connect.WithReadMaxBytes(maxMessage)
	mux.Handle(connectEcho, connect.NewUnaryHandler(connectEcho, connectUnary[wrapperspb.StringValue], limit))
	mux.Handle(connectBytes, connect.NewUnaryHandler(connectBytes, connectUnary[wrapperspb.BytesValue], limit))
	mux.Handle(connectRange, connect.NewServerStreamHandler(connectRange,
		func(ctx context.Context, in *connect.Request[wrapperspb.Int64Value], s *connect.ServerStream[wrapperspb.Int64Value]) error {
			for i := range in.Msg.Value {
				if err := s.Send(&wrapperspb.Int64Value{Value: i}); err != nil {
					return err
				}
			}
			return nil
		}))
	mux.Handle(connectSum, connect.NewClientStreamHandler(connectSum, connectCount))
	mux.Handle(connectSame, connect.NewBidiStreamHandler(connectSame, connectBack))
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: mux, Protocols: http2Only()}
	go s.Serve(l)
	return l.Addr().String(), nil
}

// connectUnary answers with the message that came.
func connectUnary[T any](_ context.Context, in *connect.Request[T]) (*connect.Response[T], error) {
	return connect.NewResponse(in.Msg), nil
}

// http2Only is HTTP/2 without TLS and nothing else.
func http2Only() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

// connectConn has a transport of its own, hence a connection of its own.
type connectConn struct {
	h     *http.Client
	echo  *connect.Client[wrapperspb.StringValue, wrapperspb.StringValue]
	bytes *connect.Client[wrapperspb.BytesValue, wrapperspb.BytesValue]
	items *connect.Client[wrapperspb.Int64Value, wrapperspb.Int64Value]
	sum   *connect.Client[wrapperspb.Int64Value, wrapperspb.Int64Value]
	same  *connect.Client[wrapperspb.Int64Value, wrapperspb.Int64Value]
}

// connectDial connects with the first call, in the warm-up.
func connectDial(addr string) (Conn, error) {
	h := &http.Client{Transport: &http.Transport{Protocols: http2Only()}}
	url := "http://" + addr
	plain := connect.WithAcceptCompression("gzip", nil, nil)
	return &connectConn{
		h:     h,
		echo:  connect.NewClient[wrapperspb.StringValue, wrapperspb.StringValue](h, url+connectEcho, plain),
		bytes: connect.NewClient[wrapperspb.BytesValue, wrapperspb.BytesValue](h, url+connectBytes, plain),
		items: connect.NewClient[wrapperspb.Int64Value, wrapperspb.Int64Value](h, url+connectRange, plain),
		sum:   connect.NewClient[wrapperspb.Int64Value, wrapperspb.Int64Value](h, url+connectSum, plain),
		same:  connect.NewClient[wrapperspb.Int64Value, wrapperspb.Int64Value](h, url+connectSame, plain),
	}, nil
}

func (c *connectConn) Echo(s string) (string, error) {
	r, err := c.echo.CallUnary(context.Background(), connect.NewRequest(&wrapperspb.StringValue{Value: s}))
	if err != nil {
		return "", err
	}
	return r.Msg.Value, nil
}

func (c *connectConn) EchoBytes(p []byte) ([]byte, error) {
	r, err := c.bytes.CallUnary(context.Background(), connect.NewRequest(&wrapperspb.BytesValue{Value: p}))
	if err != nil {
		return nil, err
	}
	return r.Msg.Value, nil
}

// Stream reads the items one by one; Close gives the HTTP/2 stream back.
func (c *connectConn) Stream(n int) (int, error) {
	s, err := c.items.CallServerStream(context.Background(), connect.NewRequest(&wrapperspb.Int64Value{Value: int64(n)}))
	if err != nil {
		return 0, err
	}
	defer s.Close()
	i := 0
	for ; s.Receive(); i++ {
		if s.Msg().Value != int64(i) {
			return i, errOrder
		}
	}
	return i, s.Err()
}

func (c *connectConn) Close() error {
	c.h.CloseIdleConnections()
	return nil
}
