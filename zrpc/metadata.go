package zrpc

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/stream"
)

// Metadata is what a caller sends along with a call, beside its arguments. It
// travels in the event's header, where peers that are not zrpc ignore it.
type Metadata map[string]string

// Header keys of zrpc's own.
const (
	keyMetadata   = "md"
	keyIdempotent = "idem"
)

// callerKey is the context key of what a caller has to say about its calls.
type callerKey struct{}

// caller is that. It is not changed once it is in a context.
type caller struct {
	md     Metadata
	header *AnswerHeader
}

// callerValues returns what ctx has, to be changed and put into another one.
func callerValues(ctx context.Context) *caller {
	v := new(caller)
	if old, ok := ctx.Value(callerKey{}).(*caller); ok {
		*v = *old
	}
	return v
}

// noCaller is the caller who says nothing.
var noCaller caller

// callerOf returns what ctx has, to be read.
func callerOf(ctx context.Context) *caller {
	if v, ok := ctx.Value(callerKey{}).(*caller); ok {
		return v
	}
	return &noCaller
}

// WithMetadata returns a context whose calls send md, added to what the context
// has already.
func WithMetadata(ctx context.Context, md Metadata) context.Context {
	v := callerValues(ctx)
	merged := Metadata{}
	maps.Copy(merged, v.md)
	maps.Copy(merged, md)
	v.md = merged
	return context.WithValue(ctx, callerKey{}, v)
}

// MetadataFrom returns what the caller sent along, given a handler's context.
// The map is the handler's.
func MetadataFrom(ctx context.Context) Metadata {
	c, ok := stream.FromContext(ctx)
	if !ok {
		return nil
	}
	return headerMetadata(c.Header)
}

// headerMetadata reads metadata from an encoded header. What is no map of str to
// str is not ours.
func headerMetadata(header []byte) Metadata {
	e := event.Event{Header: header}
	raw, ok := e.Lookup(keyMetadata)
	if !ok {
		return nil
	}
	var md Metadata
	if event.Decode(raw, (*map[string]string)(&md)) != nil {
		return nil
	}
	return md
}

// outgoing merges the metadata of the context with that of the options.
func (v *caller) outgoing(opt *CallOptions) Metadata {
	if len(opt.Metadata) == 0 {
		return v.md
	}
	merged := maps.Clone(opt.Metadata)
	maps.Copy(merged, v.md)
	return merged
}

// maxExtra bounds what goes into a request's header beside the protocol's own: a
// server drops an event with a larger header unread.
const maxExtra = event.MaxHeaderLen - 4<<10

// checkExtra refuses what would not reach the server, or be dropped there as a
// whole, by Python for one byte that is no text: the caller would wait in vain.
func checkExtra(wire *stream.Request) error {
	switch b := wire.Extra; {
	case len(b) > maxExtra:
		return fmt.Errorf("zrpc: calling %s: metadata and header keys take %d bytes, at most %d are read; send them as an argument",
			wire.Method, len(b), maxExtra)
	case checkText(b, "") != nil:
		return fmt.Errorf("zrpc: calling %s: the metadata holds a string that is not valid UTF-8; encode it, as base64 for one", wire.Method)
	}
	return nil
}

// appendMetadata appends the header pair of md, and how many pairs that makes.
func appendMetadata(b []byte, md Metadata) ([]byte, int) {
	if len(md) == 0 {
		return b, 0
	}
	b = event.AppendMapHeader(event.AppendString(b, keyMetadata), len(md))
	for _, k := range slices.Sorted(maps.Keys(md)) {
		b = event.AppendString(event.AppendString(b, k), md[k])
	}
	return b, 1
}
