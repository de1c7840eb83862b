package stream

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zrpc-go/zrpc/event"
)

// Send sends one encoded item of the caller's stream, waiting for the server's
// credit and for room on the connection. io.EOF says that the server has
// answered already, which Next tells about. One goroutine at a time, which may be
// another than that of Next.
func (ch *Channel) Send(ctx context.Context, item []byte) error {
	return ch.sent(ch.sendEvent(ctx, ch.cm, event.NameStream, item, Async))
}

// CloseSend ends the caller's stream in good order. The server's items and its
// answer may still come.
func (ch *Channel) CloseSend(ctx context.Context) error {
	return ch.sent(ch.sendEvent(ctx, ch.cm, event.NameDone, []byte{0xc0}, Now))
}

// FailSend ends the caller's stream with an error, which the handler gets from
// its reader.
func (ch *Channel) FailSend(ctx context.Context, err *RemoteError) error {
	return ch.sent(ch.sendEvent(ctx, ch.cm, event.NameErr, appendErrorArgs(nil, 3, err), Now))
}

// sent makes the error of an event one of the channel. That an event did not leave
// because the connection has ended does not say so of the request, which ErrUnsent
// would be taken for; that is for the channel's own end to say.
func (ch *Channel) sent(err error) error {
	if !errors.Is(err, ErrUnsent) {
		return err
	}
	ch.cm.mu.Lock()
	defer ch.cm.mu.Unlock()
	switch {
	case ch.err != nil:
		return ch.err
	case ch.flow.over: // answered in the meantime
		return io.EOF
	}
	return fmt.Errorf("%w: %v", ErrLostRemote, err)
}
