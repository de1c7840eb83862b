package event

import (
	"encoding"
	"encoding/json"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// class is how values of one Go type travel. It never changes once made.
type class struct {
	own bool // one of ownTypes
	// foreignEnc and foreignDec: msgpack/v5 encodes, or decodes, values of this
	// type, because the type or a pointer to it has methods for that, or because
	// an encoder for it was registered with v5 before its first use here.
	foreignEnc, foreignDec bool
}

// classes caches classOf: reflect.Type to *class. It grows with the types of the
// program, not with what peers send.
var classes sync.Map

var (
	typeTime   = reflect.TypeFor[time.Time]()
	typeBigInt = reflect.TypeFor[big.Int]()
	typeExt    = reflect.TypeFor[Ext]()
	typeRaw    = reflect.TypeFor[Raw]()
	typeV5Raw  = reflect.TypeFor[msgpack.RawMessage]()
	typeBinKey = reflect.TypeFor[BinKey]()
	typeError  = reflect.TypeFor[error]()
)

// ownTypes are handled in this package although they, or pointers to them, have
// methods that msgpack/v5 would call.
var ownTypes = map[reflect.Type]bool{
	typeTime: true, typeBigInt: true, typeExt: true, typeRaw: true,
	typeV5Raw: true, typeBinKey: true, reflect.TypeFor[json.Number](): true,
}

var (
	foreignEncoders = []reflect.Type{
		reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.Marshaler](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	}
	foreignDecoders = []reflect.Type{
		reflect.TypeFor[msgpack.CustomDecoder](), reflect.TypeFor[msgpack.Unmarshaler](),
		reflect.TypeFor[encoding.BinaryUnmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

// classOf returns the class of t. Two goroutines that ask first may both make it;
// the results are equal.
func classOf(t reflect.Type) *class {
	if c, ok := classes.Load(t); ok {
		return c.(*class)
	}
	c := &class{own: ownTypes[t]}
	// A pointer is followed first, and what it points to is then asked for
	// methods of either kind of receiver.
	if k := t.Kind(); k != reflect.Pointer && k != reflect.Interface && !c.own {
		c.foreignEnc = hasAny(t, foreignEncoders) || registered(t)
		c.foreignDec = hasAny(t, foreignDecoders)
	}
	classes.Store(t, c)
	return c
}

// hasAny reports whether t or *t implements one of the interfaces. v5 calls methods
// of *t on values that it can address, and appendForeign sees to it that it can.
func hasAny(t reflect.Type, interfaces []reflect.Type) bool {
	for _, i := range interfaces {
		if t.Implements(i) || reflect.PointerTo(t).Implements(i) {
			return true
		}
	}
	return false
}

// registered reports whether v5 was given an encoder for t by Register or
// RegisterExt. v5 does not tell; but then it writes t's zero value in a form that
// a type of that kind does not take by itself.
func registered(t reflect.Type) bool {
	if t.PkgPath() == "" {
		return false // the language's own types have no other form
	}
	if t.Kind() == reflect.Struct {
		if _, err := fieldsOf(t); err != nil {
			return false // v5 would not survive a struct that embeds itself
		}
	}
	b, err := encodeForeign(nil, reflect.New(t).Elem())
	if err != nil || len(b) == 0 {
		return false
	}
	k := kindOf(b[0])
	return k == kindExt || t.Kind() == reflect.Struct && k != kindMap && k != kindArray
}
