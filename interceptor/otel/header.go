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

// headed is what has a header: a *zrpc.Request, and an event.
type headed interface {
	HeaderValue(key string) (event.Raw, bool)
	SetHeader(key string, value any) error
}

var _ headed = (*zrpc.Request)(nil)

// header is the header of a request or event as propagators see it.
type header struct {
	of         headed
	propagator propagation.TextMapPropagator
}

var _ propagation.TextMapCarrier = header{}

// Get returns a text that came with a request or event.
func (h header) Get(key string) string {
	raw, ok := h.of.HeaderValue(key)
	if !ok || len(raw) > maxValue {
		return ""
	}
	text, _ := event.Text(raw)
	return string(text)
}

// Set adds a text to a request or event that is going out.
func (h header) Set(key, value string) {
	if err := h.of.SetHeader(key, value); err != nil {
		otel.Handle(err) // it goes on without the trace
	}
}

// Keys returns the keys that a propagator may ask for.
func (h header) Keys() []string { return h.propagator.Fields() }
