package event

import (
	"errors"
	"sync/atomic"

	"github.com/vmihailenco/msgpack/v5"
)

// ErrReleased says that a Bytes was to be sent whose content had been given back.
var ErrReleased = errors.New("event: the Bytes was released before it was sent; share it to keep it")

// Bytes is a byte string in memory that is handed over where a []byte would be
// copied: what a call receives lies in the connection's own buffer, and what is
// sent is written from where it is. On the wire it is a bin, as a []byte is.
//
// Whoever holds a Bytes may read its content until Release, which gives the memory
// back for other messages. Release is a promise: slices that were got before are
// not used any more. It is safe to call it twice, from several goroutines, and not
// at all: memory that was not released is left to the garbage collector and never
// used again. A Bytes that was released is empty, whatever became of its memory.
//
// All methods may be called concurrently, and on a nil Bytes, which is sent as nil.
type Bytes struct {
	of      atomic.Pointer[memory] // nil when released
	content []byte                 // of that memory; set at creation
}

// memory is what the Bytes of one origin have in common.
type memory struct {
	users   atomic.Int32 // Bytes that are not released
	release func()
}

// NewBytes returns a Bytes of content, which must not change until release is
// called, once, when the Bytes and all that share its memory are released. A nil
// release says that content is never going to change. release may be called from
// any goroutine, of a connection too, so it must not wait and not close one.
func NewBytes(content []byte, release func()) *Bytes {
	b := new(struct {
		Bytes
		memory
	})
	b.users.Store(1)
	b.memory.release = release
	b.content = content
	b.of.Store(&b.memory)
	return &b.Bytes
}

// Bytes returns the content, not to be changed nor used after Release; nil after
// Release.
func (b *Bytes) Bytes() []byte {
	if b == nil || b.of.Load() == nil {
		return nil
	}
	return b.content
}

// Share returns another Bytes of the same content, to be released on its own; nil
// after Release.
func (b *Bytes) Share() *Bytes {
	if b == nil {
		return nil
	}
	return b.Part(b.content)
}

// Part is Share for a part of the content: any slice of it.
func (b *Bytes) Part(content []byte) *Bytes {
	if b == nil {
		return nil
	}
	m := b.of.Load()
	if m == nil {
		return nil
	}
	for n := m.users.Load(); n > 0; n = m.users.Load() {
		if m.users.CompareAndSwap(n, n+1) {
			p := &Bytes{content: content}
			p.of.Store(m)
			return p
		}
	}
	return nil // released meanwhile
}

// Release gives the content back.
func (b *Bytes) Release() {
	if b == nil {
		return
	}
	if m := b.of.Swap(nil); m != nil && m.users.Add(-1) == 0 && m.release != nil {
		m.release()
	}
}

// Hand gives the content over: it returns a Bytes that takes b's place, and
// releases b. Nobody who still has b can give the memory back behind the back of
// the new holder. It is an error if b was released.
func (b *Bytes) Hand() (*Bytes, error) {
	s := b.Share()
	if s == nil && b != nil {
		return nil, ErrReleased
	}
	b.Release()
	return s, nil
}

// EncodeMsgpack lets a Bytes stand in a value that msgpack/v5 encodes; there it is
// copied.
func (b *Bytes) EncodeMsgpack(enc *msgpack.Encoder) error {
	if b == nil {
		return enc.EncodeNil()
	}
	s := b.Share()
	if s == nil {
		return ErrReleased
	}
	defer s.Release()
	return enc.EncodeBytes(notNil(s.content))
}

// DecodeMsgpack lets a Bytes stand in a value that msgpack/v5 decodes; there it is
// a copy.
func (b *Bytes) DecodeMsgpack(dec *msgpack.Decoder) error {
	content, err := dec.DecodeBytes()
	if err == nil {
		b.content = content
		m := new(memory)
		m.users.Store(1)
		b.of.Store(m)
	}
	return err
}

// appendShared appends a copy of b's content.
func appendShared(out []byte, b *Bytes) ([]byte, error) {
	if b == nil {
		return AppendNil(out), nil
	}
	s := b.Share() // so that nobody releases it meanwhile
	if s == nil {
		return out, &ValueError{Type: "*event.Bytes", Err: ErrReleased}
	}
	defer s.Release()
	return appendBytes(out, notNil(s.content))
}

// notNil makes the content of a Bytes that is there one that is sent as a bin.
func notNil(content []byte) []byte {
	if content == nil {
		return []byte{}
	}
	return content
}

// decodeShared returns a Bytes of its own memory, nil for nil.
func decodeShared(raw []byte) (*Bytes, error) {
	content, err := decodeBytes(raw)
	if content == nil {
		return nil, err
	}
	return NewBytes(content, nil), nil
}
