package peers

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// grpc-go, without TLS. The messages are protobuf's own wrapper types, so no
// generated code is needed; what a generated stub would do stands here by hand.

const grpcService = "bench.Echo"

var grpcPeer = Peer{Name: "grpc", Title: "grpc-go", Serve: grpcServe, Dial: grpcDial}

// grpcDesc is what protoc would have generated from three lines of a .proto file.
var grpcDesc = grpc.ServiceDesc{
	ServiceName: grpcService,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Echo", Handler: grpcUnary[wrapperspb.StringValue]},
		{MethodName: "Bytes", Handler: grpcUnary[wrapperspb.BytesValue]},
		{MethodName: "Sleep", Handler: grpcSleep},
	},
	Streams: []grpc.StreamDesc{
		{StreamName: "Range", ServerStreams: true, Handler: grpcRange},
		{StreamName: "Sum", ClientStreams: true, Handler: grpcSum},
		{StreamName: "Same", ServerStreams: true, ClientStreams: true, Handler: grpcSame},
		{StreamName: "Idle", ServerStreams: true, Handler: grpcIdle},
	},
}

// grpcUnary answers with the message that came.
func grpcUnary[T any](_ any, ctx context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	in := new(T)
	if err := dec(in); err != nil {
		return nil, err
	}
	return in, nil
}

// grpcSleep takes so many nanoseconds and answers with their number.
func grpcSleep(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	in := new(wrapperspb.Int64Value)
	if err := dec(in); err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(in.Value))
	return in, nil
}

// grpcRange makes a message for each item, as the documentation forbids changing one
// after it was sent.
func grpcRange(_ any, s grpc.ServerStream) error {
	var in wrapperspb.Int64Value
	if err := s.RecvMsg(&in); err != nil {
		return err
	}
	for i := range in.Value {
		if err := s.SendMsg(&wrapperspb.Int64Value{Value: i}); err != nil {
			return err
		}
	}
	return nil
}

// grpcServe raises the limit of 4 MiB on received messages to that of all peers and
// keeps every other default, the goroutine for each stream included.
func grpcServe(addr string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	s := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	s.RegisterService(&grpcDesc, struct{}{})
	go s.Serve(l)
	return l.Addr().String(), nil
}

// grpcConn is one channel, which to one address is one HTTP/2 connection.
type grpcConn struct{ c *grpc.ClientConn }

// grpcDial asks for no name resolution: the address is one already.
func grpcDial(addr string) (Conn, error) {
	c, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return nil, err
	}
	return grpcConn{c}, nil
}

func (c grpcConn) Echo(s string) (string, error) {
	var out wrapperspb.StringValue
	err := c.c.Invoke(context.Background(), "/"+grpcService+"/Echo", &wrapperspb.StringValue{Value: s}, &out)
	return out.Value, err
}

func (c grpcConn) EchoBytes(p []byte) ([]byte, error) {
	var out wrapperspb.BytesValue
	err := c.c.Invoke(context.Background(), "/"+grpcService+"/Bytes", &wrapperspb.BytesValue{Value: p}, &out)
	return out.Value, err
}

// Stream receives into one message again and again, the fastest that the API allows.
func (c grpcConn) Stream(n int) (int, error) {
	s, err := c.stream(grpcRangeStream)
	if err != nil {
		return 0, err
	}
	if err := s.SendMsg(&wrapperspb.Int64Value{Value: int64(n)}); err != nil {
		return 0, err
	}
	if err := s.CloseSend(); err != nil {
		return 0, err
	}
	return grpcCount(s)
}

func (c grpcConn) Sleep(d time.Duration) error {
	return c.c.Invoke(context.Background(), "/"+grpcService+"/Sleep", &wrapperspb.Int64Value{Value: int64(d)}, new(wrapperspb.Int64Value))
}

func (c grpcConn) Close() error { return c.c.Close() }
