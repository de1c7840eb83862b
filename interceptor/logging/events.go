package logging

import (
	"context"
	"log/slog"
	"time"

	"github.com/zrpc-go/zrpc/interceptor/internal/errname"
	"github.com/zrpc-go/zrpc/pubsub"
)

// EventOptions configures Sender and Receiver. nil and the zero value are the
// defaults.
type EventOptions struct {
	// Logger and Level are those of Options.
	Logger *slog.Logger
	Level  func(err error) slog.Level

	// Skip says which events are not logged. Default: all are.
	Skip func(e *pubsub.Event) bool
}

// Sender returns an interceptor that logs what a publisher or pusher emits: that
// it was queued, or why not.
func Sender(opt *EventOptions) pubsub.Interceptor { return eventInterceptor(opt, "event sent") }

// Receiver returns an interceptor that logs what a subscriber or puller handled,
// or has no handler for. It belongs outermost, or it misses what others refuse.
func Receiver(opt *EventOptions) pubsub.Interceptor { return eventInterceptor(opt, "event handled") }

func eventInterceptor(opt *EventOptions, message string) pubsub.Interceptor {
	var o EventOptions
	if opt != nil {
		o = *opt
	}
	if o.Level == nil {
		o.Level = Level
	}
	return func(next pubsub.Handler) pubsub.Handler {
		return func(ctx context.Context, e *pubsub.Event) error {
			if o.Skip != nil && o.Skip(e) {
				return next(ctx, e)
			}
			begun := time.Now()
			attrs := []slog.Attr{slog.String("event", e.Name)}
			if e.Topic != "" {
				attrs = append(attrs, slog.String("topic", clip(e.Topic)))
			}
			err := next(ctx, e)
			attrs = append(attrs, slog.Duration("duration", time.Since(begun)))
			if err != nil {
				attrs = append(attrs, slog.String("error", errname.Of(err)), slog.String("text", clip(err.Error())))
			}
			logger(o.Logger).LogAttrs(ctx, o.Level(err), message, attrs...)
			return err
		}
	}
}
