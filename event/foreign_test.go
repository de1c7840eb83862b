package event

import (
	"bytes"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// trusting is a user's type that decodes whatever comes.
type trusting struct{ got int }

// DecodeMsgpack passes over each element of an array.
func (x *trusting) DecodeMsgpack(dec *msgpack.Decoder) error {
	n, err := dec.DecodeArrayLen()
	for ; err == nil && x.got < n; x.got++ {
		err = dec.Skip()
	}
	return err
}

// Ext data that looks like a trap is marked before a user's decoder reads it. A
// message may be full of such data: what reading it costs must grow with its size
// and not with the square, which for these 5 MB takes minutes.
func TestForeignManyTraps(t *testing.T) {
	const n = 500_000
	trap := []byte{0xd7, 5, 0xdf, 0xff, 0xff, 0xff, 0xff, 0, 0, 0} // ext 8, its data a map of 2^32 pairs
	raw := append(AppendArrayHeader(nil, n), bytes.Repeat(trap, n)...)
	var x trusting
	if err := Decode(raw, &x); err != nil || x.got != n {
		t.Errorf("decoded %d elements of %d: %v", x.got, n, err)
	}
}

// The trap still shuts behind other traps that were passed.
func TestForeignTrap(t *testing.T) {
	trap := []byte{0xd7, 5, 0xdf, 0xff, 0xff, 0xff, 0xff, 0, 0, 0}
	raw := append(AppendArrayHeader(nil, 3), bytes.Repeat(trap, 3)...)
	var x mapReader
	if err := Decode(raw, &x); err == nil || !strings.Contains(err.Error(), "ext data read as a map") {
		t.Errorf("v5 read ext data as a map: %v", err)
	}
}

// mapReader asks for a map where the third element of an array is.
type mapReader struct{}

func (*mapReader) DecodeMsgpack(dec *msgpack.Decoder) error {
	if _, err := dec.DecodeArrayLen(); err != nil {
		return err
	}
	for range 2 {
		if err := dec.Skip(); err != nil {
			return err
		}
	}
	_, err := dec.DecodeMap()
	return err
}
