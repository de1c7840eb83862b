package method

import (
	"fmt"
	"reflect"
)

// Bound is one method of a receiver.
type Bound struct {
	Name   string // the name to call it by
	GoName string // the name in the source, by which its Doc is found
	Func   any    // the method with its receiver, for New
}

// Methods returns the exported methods of rcvr, those of embedded structs
// included, sorted by Go name. Their names are in snake case, or, if exact, as
// in Go. What cannot be exposed is in skipped with the reason, each a
// [*SignatureError]: a registration that goes on in spite of it should be asked
// for.
func Methods(rcvr any, exact bool) (methods []Bound, skipped []error) {
	v := reflect.ValueOf(rcvr)
	if !v.IsValid() {
		return nil, []error{refuse("nil", "there is no value to take methods from", "pass a value that has methods")}
	}
	t := v.Type()
	taken := map[string]string{}
	for i := range t.NumMethod() {
		goName := t.Method(i).Name
		name := goName
		if !exact {
			name = SnakeCase(goName)
		}
		// The same method may be exposed under several names; the error is
		// about the one in the source.
		full := t.String() + "." + goName
		fn := v.Method(i)
		if _, err := analyse(full, fn.Type()); err != nil {
			skipped = append(skipped, err)
			continue
		}
		if lock := lockOf(t, goName); lock != nil {
			skipped = append(skipped, refuse(full, fmt.Sprintf("the embedded %s has it, so any caller could lock the service", lock),
				"give the field a name"))
			continue
		}
		if other, ok := taken[name]; ok {
			skipped = append(skipped, refuse(full, fmt.Sprintf("%s has the name %q already", other, name),
				"rename one of them, or register under exact names"))
			continue
		}
		taken[name] = goName
		methods = append(methods, Bound{Name: name, GoName: goName, Func: fn.Interface()})
	}
	return methods, append(skipped, hidden(t)...)
}

// hidden lists the methods that the value lacks and its pointer has: forgetting
// the & is the usual slip.
func hidden(t reflect.Type) (skipped []error) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil
	}
	p := reflect.PointerTo(t)
	for m := range p.Methods() {
		if _, ok := t.MethodByName(m.Name); !ok {
			skipped = append(skipped, refuse(t.String()+"."+m.Name, "its receiver is a pointer",
				fmt.Sprintf("register a *%s, not a %s", t, t)))
		}
	}
	return skipped
}

// lockOf returns the type of package sync through whose embedding t has the
// method, or nil. A mutex is embedded for the convenience of the code inside;
// its Lock is no service. A method of that name of t's own is taken for it too:
// reflection cannot tell them apart, and the same fix serves.
func lockOf(t reflect.Type, method string) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		if !f.Anonymous {
			continue
		}
		e := f.Type
		if e.Kind() == reflect.Pointer {
			e = e.Elem()
		}
		_, has := reflect.PointerTo(e).MethodByName(method)
		if e.PkgPath() == "sync" && has {
			return e
		}
		if has {
			if lock := lockOf(e, method); lock != nil {
				return lock
			}
		}
	}
	return nil
}
