package zrpc

import (
	"errors"

	"github.com/zrpc-go/zrpc/stream"
)

// wireLimited is the name of an error by which a limit of calls in time refuses
// a request; it comes from interceptors.
const wireLimited = "RateLimited"

// Unsent reports whether err, of a client's call, says that the call did not run,
// so that it may be made again whatever it does: the request did not leave, or
// the server refused it unseen (ServerBusy, ServerStopping, RateLimited). All
// other errors, ErrLostRemote and timeouts foremost, leave that open.
//
// The refusal of another server, passed on by a handler, does not match: it
// reaches the handler's own caller under the name RemoteError.
func Unsent(err error) bool {
	var remote *RemoteError
	if errors.As(err, &remote) {
		return refusal(remote.Name)
	}
	return errors.Is(err, ErrUnavailable) || errors.Is(err, stream.ErrUnsent) ||
		errors.Is(err, stream.ErrTooManyChannels)
}

// refusal reports whether an error of this name says that a call did not run.
func refusal(name string) bool {
	return name == wireBusy || name == wireStopping || name == wireLimited
}
