package peers

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// connectCount is the handler that counts the client's items.
func connectCount(_ context.Context, s *connect.ClientStream[wrapperspb.Int64Value]) (*connect.Response[wrapperspb.Int64Value], error) {
	var n int64
	for ; s.Receive(); n++ {
		if s.Msg().Value != n {
			return nil, errOrder
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return connect.NewResponse(&wrapperspb.Int64Value{Value: n}), nil
}

// connectBack is the handler that sends each item back.
func connectBack(_ context.Context, s *connect.BidiStream[wrapperspb.Int64Value, wrapperspb.Int64Value]) error {
	for {
		item, err := s.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.Send(item)
		}
		if err != nil {
			return err
		}
	}
}

func (c *connectConn) Upload(n int) (int, error) {
	s := c.sum.CallClientStream(context.Background())
	for i := range n {
		if err := s.Send(&wrapperspb.Int64Value{Value: int64(i)}); err != nil {
			return 0, err
		}
	}
	r, err := s.CloseAndReceive()
	if err != nil {
		return 0, err
	}
	return int(r.Msg.Value), nil
}

// Bidi sends from a goroutine of its own. Its error ends the receiving half too.
func (c *connectConn) Bidi(n int) (int, error) {
	s := c.same.CallBidiStream(context.Background())
	defer s.CloseResponse()
	go func() {
		for i := range n {
			if s.Send(&wrapperspb.Int64Value{Value: int64(i)}) != nil {
				return
			}
		}
		s.CloseRequest()
	}()
	for i := 0; ; i++ {
		item, err := s.Receive()
		if errors.Is(err, io.EOF) {
			return i, nil
		}
		if err != nil {
			return i, err
		}
		if item.Value != int64(i) {
			return i, errOrder
		}
	}
}
