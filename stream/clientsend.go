package stream

import (
	"context"

	"github.com/zrpc-go/zrpc/event"
)

// Send sends one encoded item of the caller's stream, waiting for the server's
// credit and for room on the connection. io.EOF says that the server has
// answered already, which Next tells about. One goroutine at a time, which may be
// another than that of Next.
func (ch *Channel) Send(ctx context.Context, item []byte) error {
	return ch.sendEvent(ctx, ch.cm, event.NameStream, item, Async)
}

// CloseSend ends the caller's stream in good order. The server's items and its
// answer may still come.
func (ch *Channel) CloseSend(ctx context.Context) error {
	return ch.sendEvent(ctx, ch.cm, event.NameDone, []byte{0xc0}, Now)
}

// FailSend ends the caller's stream with an error, which the handler gets from
// its reader.
func (ch *Channel) FailSend(ctx context.Context, err *RemoteError) error {
	return ch.sendEvent(ctx, ch.cm, event.NameErr, appendErrorArgs(nil, 3, err), Now)
}
