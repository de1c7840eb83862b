package event

// Head is what AppendHead writes. Its slices are only read, and not kept.
type Head struct {
	// ID is the new message id, raw: it is written as bin, which Python wants.
	// Empty: no message_id.
	ID []byte
	// ResponseTo is the peer's id as it was encoded, echoed with its msgpack
	// type, because Python compares type and value. nil: none, the first event
	// of a channel.
	ResponseTo []byte
	// Extra is further header pairs, already encoded, key value key value.
	Extra []byte
	// NExtra is the number of pairs in Extra.
	NExtra int
	// Name is the event's name: a method, or OK, ERR, STREAM, …
	Name string
}

// pythonID is the usual start of a header: a bin id of 32 bytes follows.
const pythonID = wireMessageID + "\xc4\x20"

// AppendHead appends an event up to and including its name; the caller appends
// the args, one encoded value. The header's order is Python's: message_id, v,
// extra pairs, response_to.
func AppendHead(b []byte, h *Head) []byte {
	n := 1 + h.NExtra
	if len(h.ID) > 0 {
		n++
	}
	if len(h.ResponseTo) > 0 {
		n++
	}
	b = append(b, 0x93)
	b = AppendMapHeader(b, n)
	switch len(h.ID) {
	case 0:
	case 0x20:
		b = append(b, pythonID...)
		b = append(b, h.ID...)
	default:
		b = append(b, wireMessageID...)
		b = AppendBin(b, h.ID)
	}
	b = append(b, wireVersion...)
	b = append(b, Version)
	if h.NExtra > 0 {
		b = append(b, h.Extra...)
	}
	if len(h.ResponseTo) > 0 {
		b = append(b, wireResponseTo...)
		b = append(b, h.ResponseTo...)
	}
	return AppendString(b, h.Name)
}
