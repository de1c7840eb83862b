package stream

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// What a server says right behind its handshake has been read when the connection
// begins, and nothing need follow it: a server that stops while somebody connects
// says that it leaves and no more. Its clients must not wait for more input first,
// nor take the end of the connection for a loss.
func TestByeBehindHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := socket.Pipe()
		greeting := make([]byte, 64)
		greeting[0], greeting[9], greeting[10], greeting[11] = 0xff, 0x7f, 3, 1
		copy(greeting[12:], "NULL")
		ready := "\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER\x06X-Test\x00\x00\x00\x011"
		said := append(append(greeting, 4, byte(len(ready))), ready...)
		var ids msgid.Maker
		ids.Init()
		id := ids.Encode(1)
		bye := append(event.AppendHead(nil, &event.Head{ID: id.Text(), Name: event.NameBye}), 0x90)
		said = zmtp.AppendFrame(append(said, delimiter...), false, bye)
		if _, err := b.Write(said); err != nil {
			t.Fatal(err)
		}
		c, err := zmtp.Handshake(a, &zmtp.Config{Type: zmq4.Dealer, Property: extended})
		if err != nil {
			t.Fatal(err)
		}
		m := NewClientMux(testConn{c}, nil)
		done := call(m, t.Context(), "f", encodeArray(t))
		ran := make(chan error, 1)
		m.Start(func(err error) { ran <- err })
		if err := <-done; !errors.Is(err, ErrUnsent) {
			t.Errorf("a call of a server that has left: %v, want one that says it did not run", err)
		}
		m.Close(nil)
		<-ran
		m.opt.Ticker.Close()
		b.Close()
	})
}
