package event

// Version is the protocol version that this package writes. Answers carry it
// whatever the request said, as the Python peer's do.
const Version = 3

// Header keys of the protocol.
const (
	KeyMessageID  = "message_id"
	KeyResponseTo = "response_to"
	KeyVersion    = "v"
)

// KeyPlain is zrpc's header key, with the value true, by which a broker that is
// zrpc says of the first item of a stream that its sender is not: what the
// connection's own ends know of each other does not hold for this channel.
const KeyPlain = "plain"

// KeyDeadline is the header key of how many milliseconds a call had left when its
// request was sent. It is relative, so that the clocks need not agree. Peers
// that do not know it ignore it.
const KeyDeadline = "deadline"

// Event is one parsed zerorpc event. Every slice aliases the input of Parse and
// must not be written to; only the Name of an event whose name is no text is a
// fresh slice.
type Event struct {
	// ID is the message_id exactly as encoded, its msgpack type included, which
	// peers compare; nil if absent or nil.
	ID []byte
	// ResponseTo is the response_to exactly as encoded; nil if absent or nil.
	ResponseTo []byte
	// Version is the header key v; 1 if absent.
	Version int
	// Name is the event's name as text: a str's content, and for a bin, int,
	// float, bool, nil or ext what Python's str shows of it ("b'hello'", "5").
	Name []byte
	// Header is the whole header map as encoded.
	Header []byte
	// Args is the args value as encoded: one complete checked value of any type.
	Args []byte
}

// Lookup returns the encoded value of a header key. A key counts whether it was
// sent as str or as bin; of a repeated key the last value counts, as in Python.
func (e *Event) Lookup(key string) (raw []byte, ok bool) {
	t, i, err := readToken(e.Header, 0)
	if err != nil || t.kind != kindMap {
		return nil, false
	}
	for range t.n {
		name, isText, next, err := readKey(e.Header, i)
		if err != nil {
			return nil, false
		}
		end, err := Skip(e.Header, next)
		if err != nil {
			return nil, false
		}
		if isText && string(name) == key {
			raw, ok = e.Header[next:end:end], true
		}
		i = end
	}
	return raw, ok
}

// readKey reads the map key at b[i:]. A key that is neither str nor bin has no
// text and is skipped.
func readKey(b []byte, i int) (text []byte, isText bool, next int, err error) {
	t, j, err := readToken(b, i)
	if err != nil {
		return nil, false, i, err
	}
	if t.kind == kindStr || t.kind == kindBin {
		return b[j : j+t.n : j+t.n], true, j + t.n, nil
	}
	next, err = Skip(b, i)
	return nil, false, next, err
}
