package broker

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/msgid"
)

// Names of the errors that the broker answers itself. ServerBusy and
// ServerStopping say that the call has not run.
const (
	errBusy     = "ServerBusy"     // a bound is reached, or no worker is there
	errStopping = "ServerStopping" // the broker is shutting down
	errLost     = "LostRemote"     // the worker is gone; whether the call ran is unknown
	errTimeout  = "TimeoutExpired" // the caller's deadline passed in the queue
	errName     = "NameError"      // no worker has such a method; the message is its name
	errType     = "TypeError"      // the arguments make no sense
	errRemote   = "RemoteError"    // a method's own error that has no name to pass on
)

// fullText goes with errBusy.
const fullText = "the queue to the worker is full; the call has not run"

// stoppingText goes with errStopping.
const stoppingText = "the broker is shutting down; call another one, or again later"

// ErrClosed is what Serve returns after Shutdown.
var ErrClosed = errors.New("broker: closed")

// errHung closes the connection of a worker that fell silent.
var errHung = errors.New("broker: the worker gave no sign of life for two heartbeats")

// errLeft closes the connection of a worker that has said that it leaves.
var errLeft = errors.New("broker: the worker was shut down")

// failure is an ERR of the broker's own.
type failure struct{ name, text string }

// appendEvent appends an event of the broker's own up to and including its
// name; the args follow. responseTo is the peer's encoded id; nil: none.
func (b *Broker) appendEvent(dst []byte, responseTo []byte, name string) []byte {
	id := b.ids.Encode(b.ids.Next(msgid.NoSlot))
	h := event.Head{ID: id[2:], ResponseTo: responseTo, Name: name}
	return event.AppendHead(dst, &h)
}

// appendError appends an ERR. The error stands in for the traceback too:
// Python shows its users nothing else.
func (b *Broker) appendError(dst []byte, responseTo []byte, version int, f failure) []byte {
	dst = b.appendEvent(dst, responseTo, event.NameErr)
	text := strings.ToValidUTF8(f.text, string(utf8.RuneError))
	if version < 2 { // one text, in Python's form of an exception
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(text)
		return event.AppendString(event.AppendArrayHeader(dst, 1), f.name+"('"+quoted+"')")
	}
	dst = event.AppendArrayHeader(dst, 3)
	dst = event.AppendString(dst, f.name)
	dst = event.AppendString(dst, text)
	return event.AppendString(dst, f.name+": "+text)
}
