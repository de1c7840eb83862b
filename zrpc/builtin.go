package zrpc

import (
	"slices"

	"github.com/zrpc-go/zrpc/internal/method"
)

// builtins are the methods that every zerorpc service has.
func (s *Server) builtins() map[string]any {
	return map[string]any{
		"_zerorpc_ping":    func() []any { return []any{"pong", s.serviceName()} },
		"_zerorpc_name":    s.serviceName,
		"_zerorpc_list":    s.list,
		"_zerorpc_help":    s.help,
		"_zerorpc_args":    s.args,
		"_zerorpc_inspect": s.inspect,
	}
}

// list returns the sorted names of the methods.
func (s *Server) list() []string {
	names := []string{}
	for name, e := range *s.entries.Load() {
		if !e.builtin {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// public finds a method that list names.
func (s *Server) public(name string) (*method.Method, error) {
	e := (*s.entries.Load())[name]
	if e == nil || e.builtin {
		return nil, &RemoteError{Name: nameError, Message: name}
	}
	return e.m, nil
}

// help returns a method's documentation, or nil.
func (s *Server) help(name string) (any, error) {
	m, err := s.public(name)
	if err != nil {
		return nil, err
	}
	return docOrNil(m), nil
}

// args returns the four parts of Python's getargspec.
func (s *Server) args(name string) ([]any, error) {
	m, err := s.public(name)
	if err != nil {
		return nil, err
	}
	return m.ArgSpec(""), nil
}

// inspect describes the whole service, in the form of zerorpc 0.6:
// {name, methods: {method: {args: [{name[, default]}], doc}}}.
func (s *Server) inspect() map[string]any {
	methods := map[string]any{}
	for name, e := range *s.entries.Load() {
		if e.builtin {
			continue
		}
		args := []any{}
		for _, p := range e.m.Params {
			arg := map[string]any{"name": p.Name}
			if p.Variadic {
				arg["name"] = "*" + p.Name
			}
			if p.HasDefault {
				arg["default"] = p.Default
			}
			args = append(args, arg)
		}
		methods[name] = map[string]any{"args": args, "doc": docOrNil(e.m)}
	}
	return map[string]any{"name": s.serviceName(), "methods": methods}
}

func docOrNil(m *method.Method) any {
	if m.Doc == "" {
		return nil
	}
	return m.Doc
}
