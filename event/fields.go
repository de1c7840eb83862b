package event

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// structFields is how a struct travels, by the rules of msgpack/v5's tags. It
// never changes once made.
type structFields struct {
	byName    map[string]*structField // for reading: aliases and embedded structs as well
	list      []*structField          // for writing, and the order of an array-encoded struct
	asArray   bool                    // written as an array
	omitsSome bool                    // a field has omitempty
}

// structField is one field, the embedded structs' among them.
type structField struct {
	name      string
	index     []int // as reflect.Type.FieldByIndex
	omitEmpty bool
}

// fieldsResult is what fieldsOf returned; failures are kept as well, for the type
// will not change.
type fieldsResult struct {
	fields *structFields
	err    error
}

// fieldsCache caches fieldsOf: reflect.Type to fieldsResult.
var fieldsCache sync.Map

// fieldsOf returns the fields of a struct type. It fails for a struct that
// embeds itself, which no map can hold.
func fieldsOf(t reflect.Type) (*structFields, error) {
	if r, ok := fieldsCache.Load(t); ok {
		return r.(fieldsResult).fields, r.(fieldsResult).err
	}
	f, err := collectFields(t, nil)
	fieldsCache.Store(t, fieldsResult{f, err})
	return f, err
}

// collectFields follows v5: an embedded struct's fields count as the outer
// struct's unless the tag says noinline, or names would clash and the tag does
// not say inline. path is the types being collected.
func collectFields(t reflect.Type, path []reflect.Type) (*structFields, error) {
	for _, p := range path {
		if p == t {
			return nil, fmt.Errorf("%s embeds itself", t)
		}
	}
	path = append(path, t)
	fs := &structFields{byName: make(map[string]*structField)}
	allOmitEmpty := false
	for i := range t.NumField() {
		f := t.Field(i)
		tag := parseTag(f.Tag.Get("msgpack"))
		if tag.name == "-" {
			continue
		}
		if f.Name == "_msgpack" { // where v5 has options of the whole struct
			fs.asArray, allOmitEmpty = tag.asArray, tag.omitEmpty
		}
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		sf := &structField{name: tag.name, index: f.Index, omitEmpty: allOmitEmpty || tag.omitEmpty}
		if sf.name == "" {
			sf.name = f.Name
		}
		if f.Anonymous && !tag.noinline {
			// Before the check for exported names: an unexported struct may have
			// exported fields.
			done, err := fs.embed(f, sf, tag, path)
			if err != nil {
				return nil, err
			}
			if done {
				continue
			}
		}
		if !f.IsExported() {
			continue // an embedded type that cannot be set
		}
		fs.add(sf)
		if tag.alias != "" {
			fs.byName[tag.alias] = sf
		}
	}
	return fs, nil
}

// add puts a field into both views. A later field of the same name takes the
// earlier one's place for reading and is written beside it, as v5 has it.
func (fs *structFields) add(sf *structField) {
	fs.byName[sf.name] = sf
	fs.list = append(fs.list, sf)
	fs.omitsSome = fs.omitsSome || sf.omitEmpty
}

// embed adds the fields of the embedded struct f. It reports false if f is to be
// a field of its own.
func (fs *structFields) embed(f reflect.StructField, sf *structField, tag fieldTag, path []reflect.Type) (bool, error) {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || ownTypes[t] || hasAny(t, foreignEncoders) || hasAny(t, foreignDecoders) {
		return false, nil
	}
	inner, err := collectFields(t, path)
	if err != nil {
		return false, err
	}
	if !tag.inline {
		for _, in := range inner.list {
			if fs.byName[in.name] != nil {
				return false, nil
			}
		}
	}
	for _, in := range inner.list {
		if fs.byName[in.name] != nil {
			continue // shadowed
		}
		index := append(append([]int(nil), f.Index...), in.index...)
		fs.add(&structField{name: in.name, index: index, omitEmpty: in.omitEmpty})
	}
	if f.IsExported() {
		fs.byName[sf.name] = sf // v5 also reads the embedded struct as a whole
	}
	return true, nil
}

// fieldTag is a `msgpack:"name,option,…"` tag. Of v5's options only intern is
// passed over: interned strings are an ext that no other language reads.
type fieldTag struct {
	name, alias        string
	inline, noinline   bool
	omitEmpty, asArray bool
}

// parseTag reads a tag. Options that are unknown, or that v5 gives a meaning here
// without effect, are passed over, as v5 does.
func parseTag(s string) (tag fieldTag) {
	for i, part := range strings.Split(s, ",") {
		key, value, hasValue := strings.Cut(strings.TrimSpace(part), ":")
		switch {
		case hasValue && key == "alias":
			tag.alias = strings.Trim(value, "'")
		case hasValue:
		case i == 0:
			tag.name = key
		case key == "inline":
			tag.inline = true
		case key == "noinline":
			tag.noinline = true
		case key == "omitempty":
			tag.omitEmpty = true
		case key == "as_array" || key == "asArray":
			tag.asArray = true
		}
	}
	return tag
}
