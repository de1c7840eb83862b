package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Where a token is in the metadata of a call, as in HTTP.
const (
	key    = "authorization"
	bearer = "Bearer "
)

// maxToken bounds a token in bytes: verifying costs time.
const maxToken = 8 << 10

// Anyone lets all callers pass.
func Anyone(ctx context.Context, _ *zrpc.Request) (context.Context, error) { return ctx, nil }

// Nobody refuses all callers.
func Nobody(context.Context, *zrpc.Request) (context.Context, error) {
	return nil, &zrpc.RemoteError{Name: Denied, Message: "nobody may call this method"}
}

// Token lets those pass whose token verify accepts, and makes the user that it
// returns the call's Peer.User. verify runs for every call, possibly many at once; the time it takes is the
// call's.
func Token(verify func(ctx context.Context, token string) (user string, err error)) Check {
	return func(ctx context.Context, req *zrpc.Request) (context.Context, error) {
		token, ok := strings.CutPrefix(req.Metadata[key], bearer)
		if !ok || len(token) > maxToken {
			return nil, &zrpc.RemoteError{Name: Unauthenticated, Message: "the call has no token; send one, as package auth's Client does"}
		}
		user, err := verify(ctx, token)
		if err != nil {
			return nil, err
		}
		req.Peer.User = user
		return ctx, nil
	}
}

// Tokens makes a verify for Token from a table of users by token. It compares
// hashes, so the time it takes tells nothing about the tokens.
func Tokens(users map[string]string) func(ctx context.Context, token string) (string, error) {
	hashed := make(map[[sha256.Size]byte]string, len(users))
	for token, user := range users {
		hashed[sha256.Sum256([]byte(token))] = user
	}
	return func(_ context.Context, token string) (string, error) {
		user, ok := hashed[sha256.Sum256([]byte(token))]
		if !ok {
			return "", fmt.Errorf("unknown token of %d bytes", len(token))
		}
		return user, nil
	}
}

// Users lets those of the named users pass whom check lets pass, and who they are
// by the Peer.User that it has set.
func Users(check Check, users ...string) Check {
	return func(ctx context.Context, req *zrpc.Request) (context.Context, error) {
		ctx, err := check(ctx, req)
		if err != nil {
			return nil, err
		}
		if req.Peer.User == "" || !slices.Contains(users, req.Peer.User) {
			return nil, &zrpc.RemoteError{Name: Denied, Message: "this user may not call " + req.Method}
		}
		return ctx, nil
	}
}
