package otel

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
)

// maxValue bounds what is read of a header key, in bytes: W3C allows 512 of
// tracestate, and baggage 8,192.
const maxValue = 8192

// header is the header of a request as propagators see it.
type header struct {
	req        *zrpc.Request
	propagator propagation.TextMapPropagator
}

var _ propagation.TextMapCarrier = header{}

// Get returns a text that came with the request at a server.
func (h header) Get(key string) string {
	raw, ok := h.req.HeaderValue(key)
	if !ok || len(raw) > maxValue {
		return ""
	}
	text, _ := event.Text(raw)
	return string(text)
}

// Set adds a text to the request at a client.
func (h header) Set(key, value string) {
	if err := h.req.SetHeader(key, value); err != nil {
		otel.Handle(err) // the call goes on without the trace
	}
}

// Keys returns the keys that a propagator may ask for.
func (h header) Keys() []string { return h.propagator.Fields() }
