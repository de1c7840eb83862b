package zrpc

import (
	"fmt"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// headRoom is what an event takes beside its arguments or its result.
const headRoom = 512

// sizeError says that what is to be sent would not fit into a message: the peer
// would end the connection for it, and every other call on it.
type sizeError struct {
	what        string
	bytes, most int
}

func (e *sizeError) Error() string {
	return fmt.Sprintf("%s takes %d bytes, a message holds %d; stream it in parts, or raise MaxMessage on both sides", e.what, e.bytes, e.most)
}

// WireName is the class that Python raises for sizes.
func (e *sizeError) WireName() string { return "OverflowError" }

// largest is the most that arguments or a result may take, given MaxMessage.
func largest(maxMessage int) int {
	switch {
	case maxMessage == 0:
		maxMessage = zmtp.DefaultMaxMessage
	case maxMessage < 0:
		return 0
	}
	return max(maxMessage-headRoom, maxMessage/2)
}

// checkSize refuses n bytes if that is more than most, unless most is 0.
func checkSize(n, most int, what string) error {
	if most > 0 && n > most {
		return &sizeError{what, n, most}
	}
	return nil
}
