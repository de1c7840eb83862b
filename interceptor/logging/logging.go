// Package logging writes a line for each call, at the server or at the client,
// when the call is over:
//
//	zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{logging.Server(nil)}}
//
//	level=INFO msg="call served" method=add shape=unary peer=192.0.2.7:50412 duration=182µs
//	level=WARN msg="call served" method=load … error=ValueError text="no such file" sent=17
//
// For a stream the line comes after its last item, with how many were sent and
// received, and duration is that of the whole. A handler that panicked is logged as the
// error Panic, with its stack, at the server. Arguments and results are never
// logged, unless Options.Args says how.
//
// Sender and Receiver do the same for the events of package pubsub:
//
//	level=INFO msg="event handled" event=tick topic=eu. duration=21µs
package logging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/interceptor/internal/errname"
	"github.com/zrpc-go/zrpc/zrpc"
)

// Options configures Server and Client. nil and the zero value are the defaults.
type Options struct {
	// Logger gets the lines, with the context of the call, from which a handler
	// of the logger may take the trace. Default: slog.Default() at the time of
	// each call.
	Logger *slog.Logger

	// Level says how important a call's end is. Default: Level.
	Level func(err error) slog.Level

	// Args makes the value that stands for the arguments in the log. It is
	// called before the call and must not keep req. Default: none is logged. Args
	// is one that shows them all: mind the secrets among them.
	Args func(req *zrpc.Request) slog.Value

	// Skip says which calls are not logged. Default: zerorpc's own methods, such
	// as _zerorpc_ping.
	Skip func(req *zrpc.Request) bool
}

// maxText bounds an error's text, and Args, in a line, in bytes: some of it is
// the other side's.
const maxText = 1024

// maxStack bounds the stack of a handler that panicked, in bytes: a recursion
// without end has one of megabytes, whose beginning tells enough.
const maxStack = 16 << 10

func (o *Options) normalize() Options {
	var n Options
	if o != nil {
		n = *o
	}
	if n.Level == nil {
		n.Level = Level
	}
	if n.Skip == nil {
		n.Skip = func(req *zrpc.Request) bool { return strings.HasPrefix(req.Method, "_zerorpc_") }
	}
	return n
}

// Level is the default of Options.Level: a call that succeeded, or whose caller
// gave up, is information; one that failed is a warning, since the one who is to
// do something about it is told anyway; a handler that panicked, or ended its
// goroutine, is an error.
func Level(err error) slog.Level {
	switch errname.Of(err) {
	case "", "Canceled":
		return slog.LevelInfo
	case "Panic", "Exited":
		return slog.LevelError
	}
	return slog.LevelWarn
}

// Args shows all arguments, decoded, or how many bytes they are if they are many.
func Args(req *zrpc.Request) slog.Value {
	if len(req.Args) > maxText {
		return slog.StringValue(fmt.Sprintf("(%d bytes)", len(req.Args)))
	}
	v, err := event.DecodeAny(req.Args)
	if err != nil {
		return slog.StringValue("(malformed)")
	}
	return slog.StringValue(clip(fmt.Sprint(v)))
}

func clip(s string) string { return clipTo(s, maxText) }

func clipTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Server returns an interceptor that logs the calls served. It belongs outermost,
// or it misses what others refuse.
func Server(opt *Options) zrpc.Interceptor { return interceptor(opt, "call served") }

// Client returns an interceptor that logs the calls made. Outside of package retry
// it logs calls as their callers see them, inside of it each attempt.
func Client(opt *Options) zrpc.Interceptor { return interceptor(opt, "call made") }

func interceptor(opt *Options, message string) zrpc.Interceptor {
	o := opt.normalize()
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			if !o.Skip(req) {
				o.watch(ctx, req, message)
			}
			return next(ctx, req)
		}
	}
}

// watch has the line of a call written at its end.
func (o *Options) watch(ctx context.Context, req *zrpc.Request, message string) {
	begun := time.Now()
	attrs := []slog.Attr{slog.String("method", req.Method), slog.String("shape", shape(req.Shape))}
	if req.Peer != nil {
		attrs = append(attrs, slog.String("peer", req.Peer.Address))
	}
	if req.Key != "" {
		attrs = append(attrs, slog.String("key", clip(req.Key)))
	}
	if o.Args != nil {
		attrs = append(attrs, slog.Attr{Key: "args", Value: o.Args(req)})
	}
	var sent, received atomic.Int64
	if req.Shape != zrpc.Unary {
		req.OnItem(func(out bool, _ event.Raw) {
			if out {
				sent.Add(1)
			} else {
				received.Add(1)
			}
		})
	}
	req.OnEnd(func(err error) {
		attrs = append(attrs, slog.Duration("duration", time.Since(begun)))
		if err != nil {
			attrs = append(attrs, slog.String("error", errname.Of(err)), slog.String("text", clip(err.Error())))
		}
		var panicked *zrpc.PanicError
		if errors.As(err, &panicked) {
			attrs = append(attrs, slog.String("stack", clipTo(string(panicked.Stack), maxStack)))
		}
		if req.Shape != zrpc.Unary {
			attrs = append(attrs, slog.Int64("sent", sent.Load()), slog.Int64("received", received.Load()))
		}
		logger(o.Logger).LogAttrs(ctx, o.Level(err), message, attrs...)
	})
}

// logger is what Options.Logger means.
func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}

// shape names a shape.
func shape(s zrpc.Shape) string {
	switch s {
	case zrpc.Unary:
		return "unary"
	case zrpc.ServerStream:
		return "server-stream"
	case zrpc.ClientStream:
		return "client-stream"
	}
	return "bidirectional"
}
