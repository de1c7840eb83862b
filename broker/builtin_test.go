package broker

import (
	"testing"

	"github.com/zrpc-go/zrpc/event"
)

// The list of methods is made once and not for each who asks, since nobody is served
// meanwhile, and made anew when a worker has come.
func TestListIsKept(t *testing.T) {
	b := New(nil)
	defer b.Close()
	join := func(method string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.joinLocked(&worker{b: b}, offer{service: "s", methods: map[string]event.Raw{method: describe(nil)}})
	}
	join("one")
	first := b.introspect("_zerorpc_list")
	if again := b.introspect("_zerorpc_list"); &first[0] != &again[0] {
		t.Error("the list is made for each who asks")
	}
	join("two")
	var names []string
	if err := event.Decode(b.introspect("_zerorpc_list"), &names); err != nil || len(names) != 2 || names[0] != "one" || names[1] != "two" {
		t.Errorf("then it is %q, %v", names, err)
	}
}
