package method

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

var (
	timeType   = reflect.TypeFor[time.Time]()
	extType    = reflect.TypeFor[event.Ext]()
	rawType    = reflect.TypeFor[event.Raw]()
	bigIntType = reflect.TypeFor[big.Int]()
	bytesType  = reflect.TypeFor[event.Bytes]()
	handedType = reflect.TypeFor[*event.Bytes]()
	sliceType  = reflect.TypeFor[[]byte]()
)

// obstacle says what keeps values of type t from travelling, as an argument
// (in) or as a result, and how to mend it; "" if nothing does. seen holds the
// structs that are being looked at further up, for types that contain
// themselves.
func obstacle(t reflect.Type, in bool, seen []reflect.Type) (problem, fix string) {
	if special(t) || in && decodesItself(t) || !in && encodesItself(t) {
		return "", ""
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Sprintf("%s cannot travel", t), "use a type made of numbers, strings, bytes, lists, maps and structs"
	case reflect.Interface:
		// What a result holds is seen when it is encoded; but nothing says
		// which type an argument should become.
		if in && t.NumMethod() > 0 {
			return fmt.Sprintf("nothing says which type to decode into %s", t), "take a concrete type, or any"
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return obstacle(t.Elem(), in, seen)
	case reflect.Map:
		if problem, fix = obstacle(t.Key(), in, seen); problem == "" {
			problem, fix = obstacle(t.Elem(), in, seen)
		}
		return problem, fix
	case reflect.Struct:
		return structObstacle(t, in, seen)
	}
	return "", ""
}

// structObstacle looks at the fields that msgpack/v5 would carry: exported ones
// without the tag "-", and those of embedded structs.
func structObstacle(t reflect.Type, in bool, seen []reflect.Type) (problem, fix string) {
	for _, s := range seen {
		if s == t {
			return "", ""
		}
	}
	seen = append(seen, t)
	carries := false
	for f := range t.Fields() {
		if !f.IsExported() && !f.Anonymous || f.Tag.Get("msgpack") == "-" {
			continue
		}
		if problem, fix := obstacle(f.Type, in, seen); problem != "" {
			if !f.IsExported() {
				continue // an embedded struct that stays at home
			}
			return fmt.Sprintf("field %s: %s", f.Name, problem), fix + `, or tag the field msgpack:"-"`
		}
		carries = true
	}
	// An empty struct says on purpose that there is nothing to carry.
	if !carries && t.NumField() > 0 {
		return fmt.Sprintf("%s has no exported fields, so nothing of it would travel", t),
			"export the fields that should"
	}
	return "", ""
}

// special tells the structs and bytes that package event carries in their own way.
func special(t reflect.Type) bool {
	return t == timeType || t == extType || t == rawType || t == bigIntType
}

// The methods by which msgpack lets a type speak for itself. DecodeMsgpack and
// EncodeMsgpack are looked up by name: their parameters are the library's.
type (
	unmarshaler interface{ UnmarshalMsgpack([]byte) error }
	marshaler   interface{ MarshalMsgpack() ([]byte, error) }
)

var (
	decodeIfaces = []reflect.Type{reflect.TypeFor[unmarshaler](),
		reflect.TypeFor[encoding.BinaryUnmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}
	encodeIfaces = []reflect.Type{reflect.TypeFor[marshaler](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.TextMarshaler]()}
)

func decodesItself(t reflect.Type) bool { return speaks(t, "DecodeMsgpack", decodeIfaces) }
func encodesItself(t reflect.Type) bool { return speaks(t, "EncodeMsgpack", encodeIfaces) }

// speaks reports whether t or *t has the method name or implements one of ifaces.
func speaks(t reflect.Type, name string, ifaces []reflect.Type) bool {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return false // a pointer's element is asked in its turn
	}
	p := reflect.PointerTo(t)
	if _, ok := p.MethodByName(name); ok {
		return true
	}
	for _, i := range ifaces {
		if p.Implements(i) {
			return true
		}
	}
	return false
}

// typeWord names the kind of msgpack value that t travels as.
func typeWord(t reflect.Type) string {
	switch t {
	case timeType:
		return "time"
	case extType:
		return "ext"
	case rawType:
		return "any"
	case bigIntType:
		return "int"
	case bytesType:
		return "bin"
	}
	if decodesItself(t) || encodesItself(t) {
		return "any"
	}
	switch k := t.Kind(); {
	case k == reflect.Bool:
		return "bool"
	case k >= reflect.Int && k <= reflect.Uint64:
		return "int"
	case k == reflect.Float32 || k == reflect.Float64:
		return "float"
	case k == reflect.String:
		return "str"
	case k == reflect.Pointer:
		return typeWord(t.Elem())
	case (k == reflect.Slice || k == reflect.Array) && t.Elem().Kind() == reflect.Uint8:
		return "bin"
	case k == reflect.Slice || k == reflect.Array:
		return "list"
	case k == reflect.Map:
		return "map"
	case k == reflect.Struct:
		// msgpack/v5 writes a struct as a list if its tags ask for it.
		if f, ok := t.FieldByName("_msgpack"); ok && strings.Contains(f.Tag.Get("msgpack"), "as_array") {
			return "list"
		}
		return "map"
	}
	return "any"
}

// itemWord names the items of a list, or "" if t is none.
func itemWord(t reflect.Type) string {
	if typeWord(t) == "list" && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		return typeWord(t.Elem())
	}
	return ""
}
