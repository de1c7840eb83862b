package event_test

import (
	"fmt"

	"github.com/zrpc-go/zrpc/event"
)

// A request is written head first, then its args; whoever reads it gets slices
// of the same bytes and decodes what it wants.
func Example() {
	body := event.AppendHead(nil, &event.Head{ID: []byte("id-1"), Name: "add"})
	body = event.AppendArrayHeader(body, 2)
	body = event.AppendInt(body, 2)
	body = event.AppendInt(body, 3)

	var e event.Event
	if err := event.Parse(body, &e); err != nil {
		fmt.Println(err)
		return
	}
	var args []int
	err := event.Decode(e.Args, &args)
	fmt.Printf("%s%v %v\n", e.Name, args, err)
	// Output: add[2 3] <nil>
}

// Structs travel as maps; the error says which part of a value was wrong.
func ExampleDecode() {
	type user struct {
		Name string `msgpack:"name"`
		Age  int    `msgpack:"age"`
	}
	raw, _ := event.AppendValue(nil, []any{user{"Ada", 36}, map[string]any{"age": "old"}})
	var users []user
	fmt.Println(event.Decode(raw, &users))
	v, _ := event.DecodeAny(raw)
	fmt.Println(v)
	// Output:
	// is str, want int (at [1].age)
	// [map[age:36 name:Ada] map[age:old]]
}
