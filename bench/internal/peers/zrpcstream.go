package peers

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/zrpc-go/zrpc/zrpc"
)

// idleMost is the largest number of idle connections or streams that any work has.
const idleMost = 100_000

// numbers are the items of the caller's streams.
func numbers(n int) iter.Seq2[int, error] { return zrpc.Values(zrpcCount(n)) }

// Upload streams the numbers to the server.
func (c zrpcConn) Upload(n int) (int, error) {
	return zrpc.Upload[int](context.Background(), c.c, "sum", numbers(n))
}

// Bidi sends from a goroutine of its own, as the documentation says. If sending fails,
// so does the receiving, whose error is the one that counts.
func (c zrpcConn) Bidi(n int) (int, error) {
	d, err := zrpc.Open[int, int](context.Background(), c.c, "same")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	go func() {
		for i := range n {
			if d.Send(i) != nil {
				return
			}
		}
		d.CloseSend()
	}()
	for i := 0; ; i++ {
		item, err := d.Recv()
		if errors.Is(err, io.EOF) {
			return i, nil
		}
		if err != nil {
			return i, err
		}
		if item != i {
			return i, errOrder
		}
	}
}

// Idle begins streams under a credit of one and reads none of their items: after the
// first, which Invoke waits for, the server's handlers wait for more credit. The client
// keeps the channels until Close ends them.
func (c zrpcConn) Idle(n int) error {
	sparing := c.c.With(zrpc.CallOptions{Credit: 1})
	for range n {
		r, err := sparing.Invoke(context.Background(), "count", 1000)
		if err != nil {
			return err
		}
		if !r.Streaming() {
			return errors.New("a stream is answered by one result")
		}
	}
	return nil
}
