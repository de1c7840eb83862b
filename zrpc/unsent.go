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
// A handler that itself calls a server and passes that one's refusal on makes
// its own call look as if it had not run; it should wrap such an error in one of
// another name, by a method WireName.
func Unsent(err error) bool {
	var remote *RemoteError
	if errors.As(err, &remote) {
		switch remote.Name {
		case wireBusy, wireStopping, wireLimited:
			return true
		}
		return false
	}
	return errors.Is(err, ErrUnavailable) || errors.Is(err, stream.ErrUnsent) ||
		errors.Is(err, stream.ErrTooManyChannels)
}
