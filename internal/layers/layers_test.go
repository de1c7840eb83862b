// Package layers holds the test that keeps imports going one way.
package layers

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/zrpc-go/zrpc/"

// third-party modules that a layer may use, by the start of their import path
const (
	zmq4    = "github.com/go-zeromq/zmq4"
	msgpack = "github.com/vmihailenco/msgpack/v5"
	uuid    = "github.com/google/uuid"
)

// allowed is every arrow of ARCHITECTURE.md: what the non-test files of a
// package may import besides the standard library. A package that is not named
// here fails the test: a new one has to say where it belongs.
var allowed = map[string][]string{
	// Wire layer: a connection; then many of them. They know nothing of zerorpc.
	"internal/zmtp":   {zmq4, "internal/budget"},
	"internal/socket": {zmq4, "internal/zmtp"},

	// Event layer: the message; then the conversation, which declares the
	// connection that it needs and so can be tested in memory.
	"event": {msgpack},

	// What connections share of memory, for the two that take it: the wire's
	// messages and the calls made of them.
	"internal/budget": {},

	// What one peer may have on its way, for the two that let its calls wait.
	"internal/fair": {},

	// Message ids, for the two that make and find them.
	"internal/msgid": {uuid},

	"stream": {"event", "internal/msgid", "internal/budget", "internal/fair"},

	// RPC layer.
	"internal/method":   {"event"},
	"internal/attempts": {}, // when to make a call again; also for the interceptor that does it
	"zrpc":              {uuid, "event", "stream", "internal/attempts", "internal/method", "internal/socket", "internal/zmtp", "internal/budget", zmq4},
	"pubsub":            {"event", "internal/method", "internal/msgid", "internal/socket", "internal/zmtp"},

	// NumPy's arrays, as values of calls: they need the encoding and no connection.
	"ndarray": {"event", msgpack},

	// Users' tests: a proxy that reads event names and handles whole messages.
	"zrpctest": {"zrpc", "event", "internal/socket", "internal/zmtp", zmq4},

	// Interceptors: each may use zrpc as a user does and what it is about, and
	// none another, so that who wants a log line does not get a metrics library.
	"interceptor":                  {},
	"interceptor/auth":             {"zrpc"},
	"interceptor/breaker":          {"zrpc", "interceptor/internal/table", "github.com/sony/gobreaker/v2"},
	"interceptor/hedge":            {"zrpc", "interceptor/internal/table"},
	"interceptor/limit":            {"zrpc"},
	"interceptor/logging":          {"zrpc", "pubsub", "event", "interceptor/internal/errname"},
	"interceptor/otel":             {"zrpc", "pubsub", "event", "interceptor/internal/errname", "interceptor/internal/table", "go.opentelemetry.io/otel"},
	"interceptor/prom":             {"zrpc", "event", "interceptor/internal/errname", "interceptor/internal/table", "github.com/prometheus/client_golang"},
	"interceptor/ratelimit":        {"zrpc", "interceptor/internal/table", "golang.org/x/time"},
	"interceptor/retry":            {"zrpc", "event", "internal/attempts"},
	"interceptor/internal/errname": {"zrpc", "pubsub", "stream"},
	"interceptor/internal/pair":    {"zrpc", "pubsub"},
	"interceptor/internal/table":   {},

	// The box in the middle: it reads headers and forwards bytes.
	"broker": {"event", "internal/socket", "internal/zmtp", zmq4, "internal/msgid", "internal/fair"},

	// What only the program needs; the library imports none of it.
	"internal/pyprint":  {"event"},
	"internal/services": {"event"},
	"internal/gendoc":   {},
	"internal/cli":      {"event", "zrpc", "pubsub", "broker", "internal/pyprint", "internal/services", "internal/gendoc"},
	"cmd/zrpc":          {"internal/cli"},

	// For tests only: a peer that answers whatever the test wants.
	"internal/cli/peertest": {"event", "internal/socket", zmq4},

	"examples":        {"zrpc", "pubsub", "event"},
	"interop":         {"zrpc", "pubsub", "event"},
	"internal/layers": {},
}

// rule finds the rule of a package: its own, or that of the tree it is in.
func rule(pkg string) ([]string, bool) {
	for p := pkg; ; {
		if r, ok := allowed[p]; ok {
			return r, true
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return nil, false
		}
		p = p[:i]
	}
}

func TestImportsGoOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], module)
		may, ok := rule(pkg)
		if !ok {
			t.Errorf("%s: no rule says what it may import; give it its place in allowed and ARCHITECTURE.md", pkg)
			continue
		}
		for _, imp := range words[1:] {
			if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
				continue // standard library
			}
			imp = strings.TrimPrefix(imp, module)
			fits := func(m string) bool {
				return imp == m || strings.HasPrefix(imp, m+"/") && strings.Contains(m, ".")
			}
			if !slices.ContainsFunc(may, fits) && !strings.HasPrefix(imp, pkg+"/") {
				t.Errorf("%s imports %s: against the arrows of ARCHITECTURE.md", pkg, imp)
			}
		}
	}
}
