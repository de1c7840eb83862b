package zrpc

import (
	"bytes"
	"iter"
	"testing"
	"testing/synctest"
)

// TestMovedArguments: the arguments of an upload that goes elsewhere are those that it
// began with, although the client has made other calls since, with large ones too.
func TestMovedArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := refusers(t, 2)
		defer f.close()
		for _, s := range f.servers {
			s.Handle("same", func(first []byte, in iter.Seq2[int, error]) (bool, error) {
				for _, err := range in {
					if err != nil {
						return false, err
					}
				}
				return bytes.Count(first, []byte("a")) == len(first), nil
			})
		}
		c := f.client(nil)
		defer c.Close()
		for _, size := range []int{10, 100 << 10} {
			ours, other := bytes.Repeat([]byte("a"), size), bytes.Repeat([]byte("b"), size)
			for range 8 { // wherever it begins, and whatever a pool gives
				same, err := Upload[bool](t.Context(), c, "same", func(yield func(int, error) bool) {
					Call[any](t.Context(), c, "nope", other, 0)
					yield(1, nil)
				}, ours)
				if err != nil || !same {
					t.Errorf("%d bytes arrived as others: %v", size, err)
				}
				again()
			}
		}
	})
}
