package zrpc

import (
	"context"
	"errors"
	"fmt"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
	"github.com/zrpc-go/zrpc/stream"
)

// announcement tells a peer that this end is zrpc, of which revision of the
// extensions.
var announcement = zmtp.Property{Name: "X-Zrpc", Value: "2"}

// knowsBye reports whether the peer is told by the event _zrpc_bye that its server
// leaves: revision 2.
func (w wire) knowsBye() bool {
	said := w.Peer.PeerProperty()
	return said != "" && said != "1"
}

// wire is a peer's connection as package stream wants it.
type wire struct{ *socket.Peer }

var _ stream.Conn = wire{}

func (w wire) Next() (stream.Message, bool, error) {
	m, ok, err := w.Peer.Next()
	return stream.Message(m), ok, err
}

func (w wire) Fill() error {
	err := w.Peer.Fill()
	if err != nil && errors.Is(err, zmtp.ErrInterrupted) {
		return stream.ErrInterrupted
	}
	return err
}

func (w wire) Send(ctx context.Context, envelope, body []byte, f stream.Flush) error {
	return unsent(w.Peer.Send(ctx, envelope, body, zmtp.Flush(f)))
}

func (w wire) TrySend(envelope, body []byte, f stream.Flush) bool {
	return w.Peer.TrySend(envelope, body, zmtp.Flush(f))
}

func (w wire) SendOwned(ctx context.Context, envelope, head, tail []byte, release func(), f stream.Flush) error {
	return unsent(w.Peer.SendOwned(ctx, envelope, head, tail, release, zmtp.Flush(f)))
}

func (w wire) SendLent(ctx context.Context, envelope, head, tail []byte, f stream.Flush) error {
	return unsent(w.Peer.SendLent(ctx, envelope, head, tail, zmtp.Flush(f)))
}

// unsent translates the error of a message of which nothing was written.
func unsent(err error) error {
	if err != nil && errors.Is(err, zmtp.ErrUnsent) {
		return fmt.Errorf("%w: %w", stream.ErrUnsent, err)
	}
	return err
}

// Extended reports whether the peer announced in its READY that it is zrpc.
func (w wire) Extended() bool { return w.Peer.PeerProperty() != "" }

func (w wire) Recycle(buf []byte) { zmtp.Recycle(buf) }
func (w wire) Abandon(buf []byte) { zmtp.Abandon(buf) }
