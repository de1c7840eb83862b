package zmtp

import (
	"encoding/binary"
	"fmt"
)

// verdict is what a scan found.
type verdict int

const (
	scanMore    verdict = iota // more bytes are needed
	scanMessage                // a whole message
	scanCommand                // a whole command frame, perhaps between two frames of a message
)

// scan walks over the frames of one message and remembers how far it came, so
// that no byte of a message that arrives in pieces is looked at twice. Offsets
// count from the message's first byte.
type scan struct {
	at    int // the first frame not passed yet
	parts int // frames passed
	total int // bytes of content passed
}

// step looks at b, which starts with the message's first byte. h and end are
// the offsets of the body and of the end of the frame at s.at; for scanMore end
// is the least length of b that allows progress. No size that a header names is
// used before it is checked.
func (s *scan) step(b []byte, maxMessage, maxFrames int) (v verdict, h, end int, err error) {
	for {
		i := s.at
		if len(b) < i+2 {
			return scanMore, 0, i + 2, nil
		}
		flags, size := b[i], uint64(b[i+1])
		// RFC 37: bits 7-3 reserved and zero; a command frame has MORE zero.
		if flags&^flagsKnown != 0 || flags&(flagCommand|flagMore) == flagCommand|flagMore {
			return scanMore, 0, 0, fmt.Errorf("%w: flags %#02x", ErrFrame, flags)
		}
		h = i + 2
		if flags&flagLong != 0 {
			if len(b) < i+9 {
				return scanMore, 0, i + 9, nil
			}
			size, h = binary.BigEndian.Uint64(b[i+1:]), i+9
		}
		if flags&flagCommand != 0 {
			if size > maxCommand {
				return scanMore, 0, 0, fmt.Errorf("%w: command of %d bytes, at most %d are allowed", ErrTooLarge, size, maxCommand)
			}
			end = h + int(size)
			if len(b) < end {
				return scanMore, 0, end, nil
			}
			return scanCommand, h, end, nil
		}
		if size > uint64(maxMessage-s.total) {
			return scanMore, 0, 0, fmt.Errorf("%w: %d bytes and more, at most %d are allowed", ErrTooLarge, size, maxMessage)
		}
		if s.parts == maxFrames {
			return scanMore, 0, 0, fmt.Errorf("%w: over %d frames", ErrTooLarge, maxFrames)
		}
		end = h + int(size)
		if len(b) < end {
			return scanMore, 0, end, nil
		}
		if flags&flagMore == 0 {
			return scanMessage, h, end, nil
		}
		s.at, s.parts, s.total = end, s.parts+1, s.total+int(size)
	}
}
