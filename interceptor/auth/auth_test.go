package auth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"add", "add", true},
		{"add", "adds", false},
		{"adds", "add", false},
		{"*", "", true},
		{"*", "anything", true},
		{"admin_*", "admin_", true},
		{"admin_*", "admin", false},
		{"*_list", "user_list", true},
		{"*_list", "user_lists", false},
		{"a*b*c", "abbbc", true},
		{"a*b*c", "abcbd", false},
		{"a**", "a", true},
		{"", "a", false},
		{"?", "a", false}, // nothing but * is special
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 1000), false}, // and not slow
	} {
		if got := fits(test.pattern, test.name); got != test.want {
			t.Errorf("%.20q fits %.20q: %v", test.pattern, test.name, got)
		}
	}
}

func TestWhoMayCall(t *testing.T) {
	var log bytes.Buffer
	verify := Token(Tokens(map[string]string{"s3cret": "ann", "t0p": "root"}))
	broken := func(context.Context, *zrpc.Request) (context.Context, error) {
		return nil, errors.New("the directory at 10.0.0.1 is down")
	}
	server := Server(slog.New(slog.NewTextHandler(&log, nil)),
		Rule{"_zerorpc_ping", Anyone},
		Rule{"admin_*", Users(verify, "root")},
		Rule{"free_*", Users(Anyone, "root")},
		Rule{"closed", Nobody},
		Rule{"broken", broken},
		Rule{"unset", nil},
		Rule{"who*", verify},
	)
	var token string
	var tokenErr error
	client := Client(func(context.Context) (string, error) { return token, tokenErr })
	c := pair.New(t, func(s *zrpc.Server) {
		who := func(ctx context.Context) string { peer, _ := zrpc.PeerFrom(ctx); return peer.User }
		for _, name := range []string{"whoami", "admin_stop", "free_x", "closed", "broken", "unset", "other"} {
			s.Handle(name, who)
		}
	}, []zrpc.Interceptor{server}, []zrpc.Interceptor{client})
	md := zrpc.Metadata{"x": "y"}
	ctx := zrpc.WithMetadata(t.Context(), md)
	for _, test := range []struct{ token, method, want string }{
		{"s3cret", "whoami", "ann"},
		{"t0p", "whoami", "root"},
		{"wrong", "whoami", Unauthenticated},
		{strings.Repeat("x", maxToken+1), "whoami", Unauthenticated},
		{"t0p", "admin_stop", "root"},
		{"s3cret", "admin_stop", Denied},
		{"wrong", "admin_stop", Unauthenticated},
		{"t0p", "free_x", Denied}, // Anyone does not find out who it is
		{"t0p", "closed", Denied},
		{"t0p", "broken", Unauthenticated},
		{"t0p", "unset", Denied},
		{"t0p", "other", Denied}, // no rule
	} {
		token = test.token
		got, err := zrpc.Call[string](ctx, c, test.method)
		var remote *zrpc.RemoteError
		if errors.As(err, &remote) {
			got = remote.Name
			if strings.Contains(remote.Error()+remote.Traceback, "10.0.0.1") {
				t.Errorf("the caller learns %q", remote.Message)
			}
		}
		if got != test.want {
			t.Errorf("%s with token %.10q: %q, %v, want %q", test.method, test.token, got, err, test.want)
		}
	}
	if !strings.Contains(log.String(), "10.0.0.1") || strings.Contains(log.String(), "wrong") {
		t.Errorf("the log must have the reason, and no token:\n%s", &log)
	}
	tokenErr = errors.New("no ticket")
	if _, err := zrpc.Call[string](ctx, c, "whoami"); !errors.Is(err, tokenErr) {
		t.Errorf("without a token to send: %v", err)
	}
}

func TestWithoutToken(t *testing.T) {
	rule := Rule{"*", Token(Tokens(nil))}
	for name, client := range map[string][]zrpc.Interceptor{"none": nil, "unknown": {Client(Static("x"))}} {
		t.Run(name, func(t *testing.T) {
			c := pair.New(t, nil, []zrpc.Interceptor{Server(nil, rule)}, client)
			_, err := zrpc.Call[any](t.Context(), c, "_zerorpc_ping")
			var remote *zrpc.RemoteError
			if !errors.As(err, &remote) || remote.Name != Unauthenticated {
				t.Errorf("ping: %v", err)
			}
		})
	}
	if got := address(new(zrpc.Request)); got != "" {
		t.Errorf("the address of nobody is %q", got)
	}
}
