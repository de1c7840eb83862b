package zrpc

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/method"
)

// registry is the methods of a server. Readers take the map as it is; writers
// replace it.
type registry struct {
	entries atomic.Pointer[map[string]*entry]

	rmu  sync.Mutex // guards the fields below and the replacing of entries
	name string     // of the service

	// set at creation
	interceptors []Interceptor
	most         int // bytes of a result
}

func (r *registry) init(s *Server) {
	r.name, r.interceptors, r.most = s.opt.Name, s.opt.Interceptors, largest(s.opt.MaxMessage)
	entries := map[string]*entry{}
	for name, fn := range s.builtins() {
		m, err := method.New(name, fn, nil)
		if err != nil {
			panic(err) // our own function
		}
		entries[name] = newEntry(m, true, r.most, s.opt.Interceptors)
	}
	r.entries.Store(&entries)
}

// add enters methods under their names, all or none.
func (r *registry) add(methods ...*method.Method) error {
	r.rmu.Lock()
	defer r.rmu.Unlock()
	entries := maps.Clone(*r.entries.Load())
	for _, m := range methods {
		switch {
		case m.Name == "":
			return errors.New("zrpc: a method needs a name")
		case strings.HasPrefix(m.Name, "_"):
			return fmt.Errorf("zrpc: %s: names that begin with an underscore are zerorpc's own; choose another", m.Name)
		case len(m.Name) > event.MaxNameLen || !utf8.ValidString(m.Name):
			return fmt.Errorf("zrpc: %.40q: no caller could send this name; choose one of UTF-8 and at most %d bytes", m.Name, event.MaxNameLen)
		case entries[m.Name] != nil:
			return fmt.Errorf("zrpc: %s: a method of this name is registered already; choose another name", m.Name)
		}
		entries[m.Name] = newEntry(m, false, r.most, r.interceptors)
	}
	r.entries.Store(&entries)
	return nil
}

// HandleOption is a choice for one Handle.
type HandleOption func(*method.Doc)

// WithDoc gives a method's documentation and the names of its parameters, which
// Go does not keep. The context is no parameter.
func WithDoc(doc string, params ...string) HandleOption {
	return func(d *method.Doc) { d.Doc, d.Params = doc, params }
}

// Handle exposes a function under a name. See the package documentation for the
// signatures; what cannot be exposed is an error that says why, and the fix.
// What `zrpc gen doc` generated for fn is used unless WithDoc is given.
func (s *Server) Handle(name string, fn any, opts ...HandleOption) error {
	doc := funcDoc(fn)
	for _, o := range opts {
		o(&doc)
	}
	m, err := method.New(name, fn, &doc)
	if err != nil {
		return fmt.Errorf("zrpc: %w", err)
	}
	return s.add(m)
}

// Register exposes the exported methods of rcvr, with their names in snake case
// as Python has it: Add as "add", StreamingRange as "streaming_range". It is all
// or nothing: a method that cannot be exposed is an error. All are exposed, Close,
// String and those of embedded fields too: what peers must not call belongs to
// another type. An embedded lock is refused. Unless ServerOptions names the service,
// the first registered type does.
func (s *Server) Register(rcvr any) error { return s.register("", rcvr, false) }

// RegisterName exposes the exported methods of rcvr in net/rpc's manner: the
// name, a dot and the method's Go name, as in "Arith.Multiply". Unlike net/rpc it
// exposes them all, as Register does, and not only those of net/rpc's signature.
func (s *Server) RegisterName(name string, rcvr any) error { return s.register(name+".", rcvr, true) }

func (s *Server) register(prefix string, rcvr any, exact bool) error {
	typ := reflect.TypeOf(rcvr)
	if typ == nil {
		return errors.New("zrpc: Register needs a value with methods, not nil")
	}
	if _, ok := rcvr.(sync.Locker); ok {
		return fmt.Errorf("zrpc: %v cannot be registered: peers could call its Lock and Unlock; give the lock it embeds a name, as in mu sync.Mutex", typ)
	}
	bound, skipped := method.Methods(rcvr, exact)
	if len(skipped) > 0 {
		return fmt.Errorf("zrpc: %v cannot be registered: %w", typ, errors.Join(skipped...))
	}
	if len(bound) == 0 {
		return fmt.Errorf("zrpc: %v has no exported methods%s", typ, pointerHint(typ))
	}
	docs := typeDoc(typ)
	var methods []*method.Method
	for _, b := range bound {
		doc := docs.Methods[b.GoName].internal()
		m, err := method.New(prefix+b.Name, b.Func, &doc)
		if err != nil {
			return fmt.Errorf("zrpc: %w", err)
		}
		methods = append(methods, m)
	}
	if err := s.add(methods...); err != nil {
		return err
	}
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	s.rmu.Lock()
	defer s.rmu.Unlock()
	if s.name == "" {
		s.name = typ.Name()
	}
	return nil
}

// pointerHint says so when only the pointer has the methods.
func pointerHint(typ reflect.Type) string {
	if typ.Kind() != reflect.Pointer && reflect.PointerTo(typ).NumMethod() > 0 {
		return "; pass a pointer, it has some"
	}
	return ""
}

// serviceName is what introspection calls the service.
func (r *registry) serviceName() string {
	r.rmu.Lock()
	defer r.rmu.Unlock()
	return r.name
}
