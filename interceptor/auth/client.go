package auth

import (
	"context"
	"fmt"
	"maps"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Client returns an interceptor for clients that sends a token with each call.
// token runs for each call, possibly many at once: one that expires should be
// kept by it until then. Inside of package retry a new one goes with each attempt.
func Client(token func(ctx context.Context) (string, error)) zrpc.Interceptor {
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			text, err := token(ctx)
			if err != nil {
				return nil, fmt.Errorf("zrpc: calling %s: getting a token: %w", req.Method, err)
			}
			md := maps.Clone(req.Metadata) // it may be the context's, which others use
			if md == nil {
				md = zrpc.Metadata{}
			}
			md[key] = bearer + text
			req.Metadata = md
			return next(ctx, req)
		}
	}
}

// Static makes a token for Client that stays the same.
func Static(token string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token, nil }
}
