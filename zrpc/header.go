package zrpc

import (
	"context"
	"slices"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// HeaderValue returns what the caller's event header holds under key, besides
// message_id, v and response_to: middleware at the other end may have added it.
// ctx must be a handler's context, or made from it, and the handler must not have
// returned. The value is the caller's to keep.
func HeaderValue(ctx context.Context, key string) (value event.Raw, ok bool) {
	c, ok := stream.FromContext(ctx)
	if !ok {
		return nil, false
	}
	e := event.Event{Header: c.Header}
	raw, ok := e.Lookup(key)
	return slices.Clone(event.Raw(raw)), ok
}
