package broker

import (
	"encoding/binary"

	"github.com/zrpc-go/zrpc/event"
)

// span is a part of an event's body; from == to: absent.
type span struct{ from, to int }

func (s span) of(b []byte) []byte { return b[s.from:s.to:s.to] }
func (s span) none() bool         { return s.from == s.to }

// head is where the parts of an event lie that a broker looks at. The args,
// from offset args on, are not looked at.
type head struct {
	id, response span // encoded ids; absent if nil
	name         span // the encoded name
	text         []byte
	version      int
	args         int

	// extensions of zrpc; encoded values
	deadline, service, idem span
}

// The first bytes of each pair as all known peers write it: a fixstr key.
const (
	wireID       = "\xaamessage_id"
	wireResponse = "\xabresponse_to"
	wireVersion  = "\xa1v"
)

// scan reads the head of the event in b. An error says that no peer could make
// sense of it; a name that is no text leaves text nil, which event.Parse knows
// how to read. The text aliases b.
func (h *head) scan(b []byte) error {
	*h = head{version: 1}
	i := 1
	if len(b) == 0 || b[0] != 0x93 {
		n, next, err := event.ArrayLen(b)
		if err != nil {
			return err
		}
		if n != 3 {
			return event.ErrFormat
		}
		i = next
	}
	pairs, i, err := mapLen(b, i)
	if err != nil {
		return err
	}
	for range pairs {
		if i, err = h.pair(b, i); err != nil {
			return err
		}
		if i > event.MaxHeaderLen {
			return event.ErrFormat
		}
	}
	if i < len(b) && b[i]&0xe0 == 0xa0 { // a name of up to 31 bytes
		end := i + 1 + int(b[i]&0x1f)
		if end < len(b) {
			h.name, h.args, h.text = span{i, end}, end, b[i+1:end:end]
			return nil
		}
	}
	end, err := event.Skip(b, i)
	if err != nil {
		return err
	}
	h.name, h.args = span{i, end}, end
	if end-i <= event.MaxNameLen && event.Kind(b[i:end]) == "str" {
		h.text, _ = event.Text(b[i:end])
	}
	if end >= len(b) {
		return event.ErrTruncated
	}
	return nil
}

// pair reads one header pair at b[i:] and returns the offset after it. Of a
// repeated key the last value counts, as in Python.
func (h *head) pair(b []byte, i int) (next int, err error) {
	switch {
	case prefixed(b, i, wireID):
		return h.takeID(b, i+len(wireID), &h.id)
	case prefixed(b, i, wireResponse):
		return h.takeID(b, i+len(wireResponse), &h.response)
	case prefixed(b, i, wireVersion) && i+2 < len(b) && b[i+2] < 0x80:
		h.version = int(b[i+2])
		return i + 3, nil
	}
	value, err := event.Skip(b, i)
	if err != nil {
		return i, err
	}
	next, err = event.Skip(b, value)
	if err != nil {
		return i, err
	}
	key, ok := event.Text(b[i:value])
	if !ok {
		return next, nil
	}
	switch string(key) {
	case event.KeyMessageID:
		return h.takeID(b, value, &h.id)
	case event.KeyResponseTo:
		return h.takeID(b, value, &h.response)
	case event.KeyVersion:
		v, err := event.Int(b[value:next])
		if err != nil {
			return i, event.ErrFormat
		}
		h.version = int(max(-1, min(v, 1<<20)))
	case event.KeyDeadline:
		h.deadline = span{value, next}
	case "service":
		h.service = span{value, next}
	case "idem":
		h.idem = span{value, next}
	}
	return next, nil
}

// takeID reads an id. A list or a map is refused: one such response_to leaves a
// Python server deaf for ever.
func (h *head) takeID(b []byte, i int, s *span) (next int, err error) {
	// Ids of all known peers: a bin or str with a length byte.
	if len(b)-i >= 2 && (b[i] == 0xc4 || b[i] == 0xd9) {
		if next = i + 2 + int(b[i+1]); next <= len(b) && next-i <= event.MaxIDLen {
			*s = span{i, next}
			return next, nil
		}
	}
	if next, err = event.Skip(b, i); err != nil {
		return i, err
	}
	switch event.Kind(b[i:next]) {
	case "nil":
		*s = span{}
		return next, nil
	case "array", "map":
		return i, event.ErrID
	}
	if next-i > event.MaxIDLen {
		return i, event.ErrID
	}
	*s = span{i, next}
	return next, nil
}

func prefixed(b []byte, i int, prefix string) bool {
	return len(b)-i >= len(prefix) && string(b[i:i+len(prefix)]) == prefix
}

// mapLen reads the head of a map at b[i:].
func mapLen(b []byte, i int) (n, next int, err error) {
	if i >= len(b) {
		return 0, i, event.ErrTruncated
	}
	c, left := b[i], len(b)-i-1
	switch {
	case c&0xf0 == 0x80:
		n, next = int(c&0x0f), i+1
	case c == 0xde && left >= 2:
		n, next = int(binary.BigEndian.Uint16(b[i+1:])), i+3
	case c == 0xdf && left >= 4:
		n, next = int(binary.BigEndian.Uint32(b[i+1:])), i+5
	case c == 0xde || c == 0xdf:
		return 0, i, event.ErrTruncated
	default:
		return 0, i, event.ErrFormat
	}
	if n > (len(b)-next)/2 {
		return 0, i, event.ErrTruncated
	}
	return n, next, nil
}

// edit is a replacement of one part of an event.
type edit struct {
	at   span
	with []byte
}

// appendHead appends b up to its args with the edits made, which are sorted
// here. The edits must not overlap.
func (h *head) appendEdited(dst, b []byte, edits ...edit) []byte {
	for i := 1; i < len(edits); i++ {
		for j := i; j > 0 && edits[j].at.from < edits[j-1].at.from; j-- {
			edits[j], edits[j-1] = edits[j-1], edits[j]
		}
	}
	at := 0
	for _, e := range edits {
		dst = append(dst, b[at:e.at.from]...)
		dst = append(dst, e.with...)
		at = e.at.to
	}
	return append(dst, b[at:h.args]...)
}
