// Package errname gives errors of calls and events short names, for labels and log lines.
package errname

import (
	"context"
	"errors"
	"reflect"

	"github.com/zrpc-go/zrpc/pubsub"
	"github.com/zrpc-go/zrpc/stream"
	"github.com/zrpc-go/zrpc/zrpc"
)

// maxName bounds a name: the other side chooses those of its errors.
const maxName = 64

// Of returns the name of a call's error, "" for nil. That of an error which has
// one on the wire is that one, at either end.
func Of(err error) string {
	name := of(err)
	if len(name) > maxName {
		return "TooLongName"
	}
	return name
}

func of(err error) string {
	if err == nil {
		return ""
	}
	var remote *zrpc.RemoteError
	var named interface{ WireName() string }
	var panicked *zrpc.PanicError
	switch {
	case errors.As(err, &remote) && remote != nil && remote.Name != "":
		return remote.Name
	case errors.As(err, &named):
		return wireName(named)
	case errors.As(err, &panicked):
		return "Panic"
	case errors.As(err, new(*pubsub.PanicError)):
		return "Panic"
	case errors.Is(err, pubsub.ErrNoHandler):
		return "NoHandler"
	case errors.Is(err, stream.ErrExited):
		return "Exited"
	case errors.Is(err, zrpc.ErrLostRemote):
		return "LostRemote"
	case errors.Is(err, context.DeadlineExceeded): // even if for want of a server
		return "TimeoutExpired"
	case errors.Is(err, zrpc.ErrUnavailable):
		return "Unavailable"
	case errors.Is(err, context.Canceled):
		return "Canceled"
	case errors.Is(err, zrpc.ErrClosed):
		return "Closed"
	}
	return typeName(err)
}

// wireName asks an error for its name; it is the user's code and may panic, at a
// nil pointer say, which must not hide the error itself.
func wireName(named interface{ WireName() string }) (name string) {
	defer func() {
		if recover() != nil {
			name = "Error"
		}
	}()
	return named.WireName()
}

// typeName is the name of the error's type, of the innermost that is more than
// an error with a text, as package zrpc sends it.
func typeName(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		t := reflect.TypeOf(err)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if p := t.PkgPath(); t.Name() != "" && p != "errors" && p != "fmt" {
			return t.Name()
		}
	}
	return "Error"
}
