package services

import (
	"testing"

	"github.com/zrpc-go/zrpc/internal/method"
)

// Every function must be one that a server accepts, with its documentation.
func TestMethodsAreExposable(t *testing.T) {
	for _, name := range Names() {
		s, _ := Lookup(name)
		for _, e := range s.Entries {
			if _, err := method.New(e.Name, e.Func, &method.Doc{Doc: e.Doc, Params: e.Params}); err != nil {
				t.Errorf("%s.%s: %v", name, e.Name, err)
			}
		}
	}
}
