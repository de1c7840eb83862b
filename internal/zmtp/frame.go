package zmtp

import (
	"encoding/binary"
)

// Frame flags (RFC 37, "Framing"). The other five bits are reserved and zero.
const (
	flagMore    = 0x01
	flagLong    = 0x02 // the size takes 8 bytes instead of 1
	flagCommand = 0x04
	flagsKnown  = flagMore | flagLong | flagCommand
)

// shortMax is the largest body with a one-byte size.
const shortMax = 255

// AppendFrame appends a message frame, header and body; more says that another
// frame of the same message follows.
func AppendFrame(b []byte, more bool, body []byte) []byte {
	var flags byte
	if more {
		flags = flagMore
	}
	return append(appendHeader(b, flags, len(body)), body...)
}

// appendHeader appends the header of a frame with n bytes of body, in the
// shortest form.
func appendHeader(b []byte, flags byte, n int) []byte {
	if n <= shortMax {
		return append(b, flags, byte(n))
	}
	b = append(b, flags|flagLong)
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

// appendCommand appends a command frame. The name has at most 255 bytes.
func appendCommand(b []byte, name string, data []byte) []byte {
	b = appendHeader(b, flagCommand, 1+len(name)+len(data))
	b = append(b, byte(len(name)))
	b = append(b, name...)
	return append(b, data...)
}

// CutCommand splits a command's body into its name and data (RFC 37: command =
// name-length name data). Both alias body. ok is false if there is no name or it
// is cut off.
func CutCommand(body []byte) (name, data []byte, ok bool) {
	if len(body) == 0 || body[0] == 0 || int(body[0]) >= len(body) {
		return nil, nil, false
	}
	n := 1 + int(body[0])
	return body[1:n:n], body[n:], true
}
