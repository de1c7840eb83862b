package zrpc

import (
	"context"
	"runtime/debug"
	"slices"

	"github.com/zrpc-go/zrpc/stream"
)

// chainRecovered is chain for a server: to the interceptors outside of it, a
// handler or interceptor that panics returns a *PanicError.
func chainRecovered(interceptors []Interceptor, h Handler) Handler {
	h = recovered(h)
	for _, i := range slices.Backward(interceptors) {
		h = recovered(i(h))
	}
	return h
}

// recovered makes an error of a panic of h.
func recovered(h Handler) Handler {
	return func(ctx context.Context, req *Request) (result any, err error) {
		defer func() {
			if v := recover(); v != nil {
				result, err = nil, &stream.PanicError{Value: v, Stack: debug.Stack()}
			}
		}()
		return h(ctx, req)
	}
}
