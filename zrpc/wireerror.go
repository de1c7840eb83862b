package zrpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// Names of errors that this server answers by itself.
const (
	wireBusy     = "ServerBusy"     // a bound is reached; the request did not run
	wireStopping = "ServerStopping" // Shutdown has begun; the request did not run
	wirePanic    = "Panic"          // the handler panicked
	wireError    = "Error"          // an error of no named type
)

// wireNamer is an error that chooses its name on the wire.
type wireNamer interface{ WireName() string }

// errStopping is the answer to requests during Shutdown.
var errStopping = &RemoteError{Name: wireStopping, Message: "the server is shutting down; call another one, or again later"}

// describe is the one place where a handler's error becomes what the caller is
// told. Where the error has no traceback, its text stands in: zerorpc-python
// shows its users nothing but the traceback.
func (s *Server) describe(err error) *RemoteError {
	r := &RemoteError{Name: wireName(err), Message: err.Error()}
	var remote *RemoteError
	var named wireNamer
	var panicked *PanicError
	switch {
	case errors.As(err, &remote):
		r.Traceback = remote.Traceback
		if remote.Name != "" && !errors.As(err, &named) {
			r.Name = remote.Name
		}
		if err == error(remote) {
			r.Message = remote.Message
		}
		if refusal(r.Name) && (remote.Received() || r.Name == wireStopping && remote != errStopping) {
			// Somebody else's, passed on by a handler: this call did run, and
			// its caller must not take it elsewhere.
			r.Name, r.Message = "RemoteError", err.Error()
		}
	case errors.As(err, &panicked):
		s.opt.Logger.Error("handler panicked", slog.Any("panic", panicked.Value), slog.String("stack", string(panicked.Stack)))
		if s.opt.Traceback {
			r.Traceback = string(panicked.Stack)
		}
	case s.opt.Traceback:
		r.Traceback = fmt.Sprintf("%+v", err)
	}
	if r.Traceback == "" {
		r.Traceback = r.Error()
	}
	return r
}

// wireName chooses the class name for an error.
func wireName(err error) string {
	var named wireNamer
	var panicked *PanicError
	var eventType *event.TypeError
	switch {
	case errors.As(err, &named):
		return named.WireName()
	case errors.As(err, &panicked):
		return wirePanic
	case errors.Is(err, stream.ErrBusy):
		return wireBusy
	case errors.Is(err, event.ErrName), errors.As(err, &eventType):
		return "TypeError"
	case errors.Is(err, context.DeadlineExceeded):
		return "TimeoutExpired"
	case errors.Is(err, stream.ErrLostRemote):
		return "LostRemote"
	}
	return typeName(err)
}

// typeName is the name of the error's Go type, of the innermost one that says
// more than "an error with a text".
func typeName(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		t := reflect.TypeOf(err)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch pkg := t.PkgPath(); {
		case t.Name() == "", pkg == "errors", pkg == "fmt":
		default:
			return t.Name()
		}
	}
	return wireError
}
