package cli

import (
	"context"
	"errors"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/pyprint"
	"github.com/zrpc-go/zrpc/zrpc"
)

// invoker is what inspection needs of a client.
type invoker interface {
	Invoke(ctx context.Context, method string, args ...any) (*zrpc.Response, error)
}

// inspect asks a service what it offers: everything, or what it tells of one method. Servers on Python 3.11 and later
// cannot answer _zerorpc_inspect; they, and those from before it existed, are asked piece by piece.
func inspect(ctx context.Context, c invoker, method string, withArgs bool) (service, error) {
	v, err := ask(ctx, c, "_zerorpc_inspect")
	if err == nil {
		if s, ok := fromInspect(v); ok {
			return s, nil
		}
	} else if !isRemote(err) {
		return service{}, err
	}
	return inspectPieces(ctx, c, method, withArgs)
}

// inspectPieces asks with the calls that every zerorpc server has. Each may fail on the remote side, which leaves its
// part unknown; a timeout or lost remote ends the inspection.
func inspectPieces(ctx context.Context, c invoker, method string, withArgs bool) (s service, err error) {
	s.name = "N/A"
	switch name, err := ask(ctx, c, "_zerorpc_name"); {
	case err == nil:
		s.name = str(name)
	case !isRemote(err):
		return s, err
	}
	names := []string{method}
	if method == "" {
		v, err := ask(ctx, c, "_zerorpc_list")
		if err != nil { // nothing is left to ask about
			return s, err
		}
		l, _ := v.([]any)
		names = names[:0]
		for _, n := range l {
			names = append(names, str(n))
		}
	}
	// One after the other: this is the slow path, for people, and old servers run calls one by one anyway.
	for _, name := range names {
		m := methodInfo{name: name, args: unknownArgs}
		doc, docErr := ask(ctx, c, "_zerorpc_help", name)
		if docErr != nil && !isRemote(docErr) {
			return s, docErr
		}
		m.doc, _ = doc.(string)
		argsErr := docErr // if the arguments are not asked for, the documentation decides alone
		if withArgs {
			var args any
			if args, argsErr = ask(ctx, c, "_zerorpc_args", name); argsErr == nil {
				m.args = argSpec(args)
			} else if !isRemote(argsErr) {
				return s, argsErr
			}
		}
		if method != "" && docErr != nil && argsErr != nil {
			continue // the remote knows nothing of it: there is no such method
		}
		s.methods = append(s.methods, m)
	}
	return s, nil
}

// ask makes one call and returns its result as a value tree.
func ask(ctx context.Context, c invoker, method string, args ...any) (any, error) {
	r, err := c.Invoke(ctx, method, args...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var raw event.Raw
	if !r.Streaming() { // a stream is no answer to any of these; nil is what reads as "unknown"
		raw = r.Raw()
	}
	if len(raw) == 0 {
		return nil, nil
	}
	return pyprint.Decode(raw)
}

// isRemote reports whether the other side answered with an error: it is there, and may know something else.
func isRemote(err error) bool {
	var remote *zrpc.RemoteError
	return errors.As(err, &remote)
}
