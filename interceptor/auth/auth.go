// Package auth decides who may call which method of a server.
//
//	verify := func(ctx context.Context, token string) (user string, err error) { … }
//	zrpc.ServerOptions{Interceptors: []zrpc.Interceptor{auth.Server(nil,
//		auth.Rule{Methods: "_zerorpc_ping", Check: auth.Anyone},
//		auth.Rule{Methods: "admin_*", Check: auth.Users(auth.Token(verify), "root")},
//		auth.Rule{Methods: "*", Check: auth.Token(verify)},
//	)}}
//
// The first rule whose pattern fits the method decides; a method without a rule
// may not be called, introspection included. A caller sends its token as metadata:
//
//	zrpc.ClientOptions{Interceptors: []zrpc.Interceptor{auth.Client(auth.Static("secret"))}}
//
// Who calls is then the call's zrpc.Peer.User, for handlers by zrpc.PeerFrom:
//
//	peer, _ := zrpc.PeerFrom(ctx)
//	log.Println(peer.User)
//
// A token is as secret as the wire it crosses. zrpc does not encrypt: over a network
// that others share use a tunnel, such as WireGuard or SSH.
package auth

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Check decides about a call. It sets req.Peer.User if it finds out who calls, and
// returns the context that the call goes on with, ctx or one derived from it, or an
// error that refuses it: a *zrpc.RemoteError is sent as it
// is, any other error is logged and answered Unauthenticated, without its text.
type Check func(ctx context.Context, req *zrpc.Request) (context.Context, error)

// Rule says who may call some methods. In the pattern * stands for any
// characters, also none; all else stands for itself.
type Rule struct {
	Methods string
	Check   Check
}

// Names of the errors of calls that are refused.
const (
	Unauthenticated = "Unauthenticated"  // it is not known who calls
	Denied          = "PermissionDenied" // it is known, and may not
)

// errNoRule refuses methods without a rule.
var errNoRule = &zrpc.RemoteError{Name: Denied, Message: "no rule allows calls of this method"}

// Server returns an interceptor for servers that lets calls pass by rules. A nil
// logger logs nothing. It belongs outside of all that costs time or depends on
// the user, and inside of logging and metrics.
func Server(logger *slog.Logger, rules ...Rule) zrpc.Interceptor {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	rules = slices.Clone(rules)
	return func(next zrpc.Handler) zrpc.Handler {
		return func(ctx context.Context, req *zrpc.Request) (any, error) {
			i := slices.IndexFunc(rules, func(r Rule) bool { return fits(r.Methods, req.Method) })
			if i < 0 || rules[i].Check == nil {
				return nil, errNoRule
			}
			allowed, err := rules[i].Check(ctx, req)
			if err == nil {
				return next(allowed, req)
			}
			var remote *zrpc.RemoteError
			if errors.As(err, &remote) {
				return nil, remote
			}
			logger.WarnContext(ctx, "call refused", "method", req.Method, "peer", address(req), "reason", err)
			return nil, &zrpc.RemoteError{Name: Unauthenticated, Message: "the caller could not be identified"}
		}
	}
}

func address(req *zrpc.Request) string {
	if req.Peer == nil {
		return ""
	}
	return req.Peer.Address
}

// fits reports whether a pattern fits a name. Each * but the last takes as little
// as possible, which finds a fit whenever there is one, in time linear in the name
// for each.
func fits(pattern, name string) bool {
	star, from := -1, 0 // the last * seen, and where in name it began
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0: // the * takes one more
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
