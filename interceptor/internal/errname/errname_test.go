package errname

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/pubsub"
	"github.com/zrpc-go/zrpc/stream"
	"github.com/zrpc-go/zrpc/zrpc"
)

type namedError struct{ name *string }

func (e *namedError) Error() string    { return "x" }
func (e *namedError) WireName() string { return *e.name }

func TestOf(t *testing.T) {
	name := "Chosen"
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{fmt.Errorf("calling: %w", &zrpc.RemoteError{Name: "ValueError"}), "ValueError"},
		{&zrpc.RemoteError{Message: "a server of protocol 1"}, "RemoteError"},
		{&namedError{&name}, "Chosen"},
		{&namedError{}, "Error"}, // its method panics
		{fmt.Errorf("x: %w", &pubsub.PanicError{Value: "ouch"}), "Panic"},
		{fmt.Errorf("x: %w", pubsub.ErrNoHandler), "NoHandler"},
		{fmt.Errorf("x: %w", &zrpc.PanicError{Value: "ouch"}), "Panic"},
		{stream.ErrExited, "Exited"},
		{fmt.Errorf("x: %w", zrpc.ErrLostRemote), "LostRemote"},
		{zrpc.ErrUnavailable, "Unavailable"},
		{&zrpc.TimeoutError{}, "TimeoutExpired"},
		{fmt.Errorf("%w: %w", &zrpc.TimeoutError{}, zrpc.ErrUnavailable), "TimeoutExpired"},
		{context.Canceled, "Canceled"},
		{zrpc.ErrClosed, "Closed"},
		{errors.New("text"), "Error"},
		{fmt.Errorf("reading: %w", &fs.PathError{Err: fs.ErrNotExist}), "PathError"},
		{&zrpc.RemoteError{Name: strings.Repeat("x", 1<<20)}, "TooLongName"},
	} {
		if got := Of(test.err); got != test.want {
			t.Errorf("Of(%v) = %q, want %q", test.err, got, test.want)
		}
	}
}
