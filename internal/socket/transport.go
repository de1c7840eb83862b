package socket

import (
	"context"
	"errors"
	"net"
	"syscall"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// listen binds a parsed endpoint and returns the endpoint that it really got.
func listen(e endpoint) (ln net.Listener, actual string, err error) {
	switch e.scheme {
	case "tcp":
		ln, actual, err = listenTCP(e)
	case "ipc":
		ln, actual, err = listenIPC(e)
	default: // parseEndpoint lets nothing else through
		ln, actual, err = listenInproc(e)
	}
	if err != nil {
		return nil, "", &EndpointError{Op: "bind", Endpoint: e.raw, Err: plainNetError(err), Hint: bindHint(err)}
	}
	return ln, actual, nil
}

// dial makes one attempt to connect to a parsed endpoint.
func dial(ctx context.Context, e endpoint) (nc net.Conn, err error) {
	switch e.scheme {
	case "tcp":
		nc, err = dialTCP(ctx, e)
	case "ipc":
		nc, err = dialIPC(ctx, e)
	default:
		nc, err = dialInproc(ctx, e)
	}
	if err != nil {
		return nil, &EndpointError{Op: "connect", Endpoint: e.raw, Err: plainNetError(err), Hint: connectHint(err)}
	}
	return nc, nil
}

// plainNetError takes off net.OpError, which repeats what EndpointError says.
func plainNetError(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return op.Err
	}
	return err
}

// connectHint says what to do about an error of dialing or of the handshake.
// All of them are tried again.
func connectHint(err error) string {
	switch {
	case errors.Is(err, errnoRefused) || errors.Is(err, syscall.ENOENT):
		return "nobody listens there yet; is the server running?"
	case errors.Is(err, zmtp.ErrNotZMTP):
		return "the server there is of another kind; check the port"
	case errors.Is(err, zmtp.ErrIncompatible):
		return "the server there has another purpose; check the endpoint"
	case errors.Is(err, zmtp.ErrMechanism):
		return "both sides need the same security settings"
	}
	if _, ok := errors.AsType[*zmtp.RefusedError](err); ok {
		return "check the credentials"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "check the host's name"
	}
	return ""
}

// bindHint says what to do about an error of listening.
func bindHint(err error) string {
	switch {
	case errors.Is(err, ErrAddressInUse):
		return "end whoever is bound there, or choose another endpoint"
	case errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM):
		return "ports below 1024 and foreign directories need more rights"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "the address is not one of this machine; * binds all"
	case errors.Is(err, syscall.ENOENT):
		return "the directory of the path does not exist"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "neither an interface nor a host of this name is known; * binds all"
	}
	return ""
}
