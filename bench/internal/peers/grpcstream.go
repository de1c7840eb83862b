package peers

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Indices of grpcDesc.Streams.
const (
	grpcRangeStream = iota
	grpcSumStream
	grpcSameStream
	grpcIdleStream
)

// grpcSum counts the client's items.
func grpcSum(_ any, s grpc.ServerStream) error {
	n, err := grpcCount(s)
	if err != nil {
		return err
	}
	return s.SendMsg(&wrapperspb.Int64Value{Value: int64(n)})
}

// grpcSame sends each item back, in a message of its own.
func grpcSame(_ any, s grpc.ServerStream) error {
	for {
		item := new(wrapperspb.Int64Value)
		err := s.RecvMsg(item)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.SendMsg(item)
		}
		if err != nil {
			return err
		}
	}
}

// grpcIdle sends one item and waits until the client is gone.
func grpcIdle(_ any, s grpc.ServerStream) error {
	var in wrapperspb.Int64Value
	if err := s.RecvMsg(&in); err != nil {
		return err
	}
	if err := s.SendMsg(&in); err != nil {
		return err
	}
	<-s.Context().Done()
	return nil
}

// grpcReceiver is the receiving half of a stream, of either side.
type grpcReceiver interface{ RecvMsg(m any) error }

// grpcCount receives the numbers from 0 until the stream ends.
func grpcCount(s grpcReceiver) (int, error) {
	var item wrapperspb.Int64Value
	for i := 0; ; i++ {
		err := s.RecvMsg(&item)
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

// stream begins one of grpcDesc's streams.
func (c grpcConn) stream(i int) (grpc.ClientStream, error) {
	d := &grpcDesc.Streams[i]
	return c.c.NewStream(context.Background(), d, "/"+grpcService+"/"+d.StreamName)
}

// grpcSend sends the numbers and ends the sending half.
func grpcSend(s grpc.ClientStream, n int) error {
	for i := range n {
		if err := s.SendMsg(&wrapperspb.Int64Value{Value: int64(i)}); err != nil {
			return err
		}
	}
	return s.CloseSend()
}

func (c grpcConn) Upload(n int) (int, error) {
	s, err := c.stream(grpcSumStream)
	if err != nil {
		return 0, err
	}
	if err := grpcSend(s, n); err != nil {
		return 0, err
	}
	var sum wrapperspb.Int64Value
	if err := s.RecvMsg(&sum); err != nil {
		return 0, err
	}
	return int(sum.Value), nil
}

// Bidi sends from a goroutine of its own. Its error ends the receiving half too.
func (c grpcConn) Bidi(n int) (int, error) {
	s, err := c.stream(grpcSameStream)
	if err != nil {
		return 0, err
	}
	go grpcSend(s, n)
	return grpcCount(s)
}

// Idle begins streams that end with the connection.
func (c grpcConn) Idle(n int) error {
	for range n {
		s, err := c.stream(grpcIdleStream)
		if err != nil {
			return err
		}
		var item wrapperspb.Int64Value
		if err := s.SendMsg(&item); err != nil {
			return err
		}
		if err := s.RecvMsg(&item); err != nil {
			return err
		}
	}
	return nil
}
