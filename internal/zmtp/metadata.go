package zmtp

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/go-zeromq/zmq4"
)

const (
	propType     = "Socket-Type"
	propIdentity = "Identity"
)

// knownType tells whether s is a socket type; zmq4 panics on any other.
func knownType(s string) bool {
	switch zmq4.SocketType(s) {
	case zmq4.Pair, zmq4.Pub, zmq4.Sub, zmq4.Req, zmq4.Rep, zmq4.Dealer,
		zmq4.Router, zmq4.Pull, zmq4.Push, zmq4.XPub, zmq4.XSub:
		return true
	}
	return false
}

// hasIdentity tells whether a socket of type t announces an identity (RFC 23,
// "The Identity Metadata Property"; libzmq does it for these three).
func hasIdentity(t zmq4.SocketType) bool {
	return t == zmq4.Req || t == zmq4.Dealer || t == zmq4.Router
}

// checkIdentity applies RFC 23's length and its reservation of a leading zero
// byte: identities that a ROUTER makes up itself start so, and a peer that
// announces one could take another peer's place.
func checkIdentity(id []byte) error {
	switch {
	case len(id) > maxIdentity:
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrIdentity, len(id), maxIdentity)
	case len(id) > 0 && id[0] == 0:
		return fmt.Errorf("%w: its first byte is 0, which is reserved for automatic ones", ErrIdentity)
	}
	return nil
}

// metadata is what this package uses of a READY or INITIATE command. The
// identity aliases the parsed bytes.
type metadata struct {
	Type     string
	Identity []byte
}

// parseMetadata checks every property of b. RFC 23 compares names without case;
// zmq4 does not, so the two names it looks for are put into its spelling, in b.
func parseMetadata(b []byte) (md metadata, err error) {
	for len(b) > 0 {
		k := int(b[0])
		if k == 0 {
			return md, fmt.Errorf("%w: metadata property without a name", ErrHandshake)
		}
		if len(b) < 1+k+4 {
			return md, fmt.Errorf("%w: metadata is cut off", ErrHandshake)
		}
		name := b[1 : 1+k]
		size := binary.BigEndian.Uint32(b[1+k:])
		b = b[1+k+4:]
		if uint64(size) > uint64(len(b)) {
			return md, fmt.Errorf("%w: metadata is cut off", ErrHandshake)
		}
		value := b[:size:size]
		b = b[size:]
		switch {
		case strings.EqualFold(string(name), propType) && len(name) == len(propType):
			copy(name, propType)
			md.Type = string(value)
		case strings.EqualFold(string(name), propIdentity) && len(name) == len(propIdentity):
			copy(name, propIdentity)
			md.Identity = value
		}
	}
	if md.Type == "" {
		return md, fmt.Errorf("%w: the peer names no Socket-Type", ErrHandshake)
	}
	if !knownType(md.Type) {
		return md, fmt.Errorf("%w: %q is no socket type", ErrHandshake, md.Type)
	}
	return md, checkIdentity(md.Identity)
}

// findProperty returns the value of a property, nil if there is none. b has been
// checked by parseMetadata.
func findProperty(b []byte, want string) []byte {
	for len(b) > 0 {
		k := int(b[0])
		name := b[1 : 1+k]
		size := int(binary.BigEndian.Uint32(b[1+k:]))
		value := b[1+k+4:][:size:size]
		if strings.EqualFold(string(name), want) {
			return value
		}
		b = b[1+k+4+size:]
	}
	return nil
}

// appendProperty appends one metadata property (RFC 23: property).
func appendProperty(b []byte, name, value string) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}
