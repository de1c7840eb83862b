package zrpc

import (
	"reflect"
	"sync"

	"github.com/zrpc-go/zrpc/internal/method"
)

// MethodDoc is what introspection tells of a method and Go does not keep at run
// time.
type MethodDoc struct {
	Doc    string
	Params []string // the names of the parameters, without the context
}

func (d MethodDoc) internal() method.Doc { return method.Doc{Doc: d.Doc, Params: d.Params} }

// ServiceDoc documents the methods of a type, by their Go names.
type ServiceDoc struct {
	Doc     string
	Methods map[string]MethodDoc
}

// docs is what generated code has registered, from its init functions.
var docs struct {
	sync.RWMutex
	types map[reflect.Type]ServiceDoc
	funcs map[uintptr]MethodDoc
}

// RegisterDocs documents the type of rcvr, or the type it points to, for every
// server that registers a value of it. `zrpc gen doc` writes such calls.
func RegisterDocs(rcvr any, doc ServiceDoc) {
	docs.Lock()
	defer docs.Unlock()
	if docs.types == nil {
		docs.types = map[reflect.Type]ServiceDoc{}
	}
	docs.types[elem(reflect.TypeOf(rcvr))] = doc
}

// RegisterFuncDoc documents a top-level function for every server that handles
// it. Closures of one function cannot be told apart.
func RegisterFuncDoc(fn any, doc MethodDoc) {
	docs.Lock()
	defer docs.Unlock()
	if docs.funcs == nil {
		docs.funcs = map[uintptr]MethodDoc{}
	}
	docs.funcs[reflect.ValueOf(fn).Pointer()] = doc
}

func elem(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func typeDoc(t reflect.Type) ServiceDoc {
	docs.RLock()
	defer docs.RUnlock()
	return docs.types[elem(t)]
}

func funcDoc(fn any) method.Doc {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func || v.IsNil() {
		return method.Doc{}
	}
	docs.RLock()
	defer docs.RUnlock()
	return docs.funcs[v.Pointer()].internal()
}
