package method

import (
	"fmt"
	"strconv"
)

// describe fills in what inspection shows. A peer learns names and kinds as
// msgpack and Python have them, never Go types: those are nobody's business
// outside and mean nothing there.
func (m *Method) describe(s *signature, doc *Doc) error {
	m.Result = "nil"
	switch {
	case s.out != outNone:
		m.Result = typeWord(s.outItem)
	case s.result != nil:
		m.Result = typeWord(s.result)
	case s.reply != nil:
		m.Result = typeWord(s.reply)
	}
	for i, t := range s.params {
		p := Param{Type: typeWord(t), Item: itemWord(t)}
		if s.variadic && i == len(s.params)-1 {
			p = Param{Type: "list", Item: typeWord(t), Variadic: true}
		}
		m.Params = append(m.Params, p)
	}
	if s.in != nil {
		m.Params = append(m.Params, Param{Type: "stream", Item: typeWord(s.inItem)})
	}
	var names []string
	if doc != nil {
		m.Doc, names = doc.Doc, doc.Params
	}
	if len(names) == len(m.Params)+1 && s.reply != nil {
		names = names[:len(m.Params)] // net/rpc's reply is no parameter to the caller
	}
	if len(names) != 0 && len(names) != len(m.Params) {
		return refuse(m.Name, fmt.Sprintf("its Doc names %d parameters, the function has %d without the context",
			len(names), len(m.Params)), "name them all in order, or none; after a change run go generate again")
	}
	m.named = len(names) != 0
	for i := range m.Params {
		if m.named {
			m.Params[i].Name = names[i]
		} else {
			m.Params[i].Name = "arg" + strconv.Itoa(i)
		}
	}
	return nil
}

// ArgSpec returns the four parts of Python's inspect.getargspec, as
// _zerorpc_args answers them: the names of the arguments, the name of the
// variadic one or nil, nil (there are no keywords), and the defaults of the
// last arguments or nil. first, if not "", is put in front of the names, as
// "self" stands there in Python. A client stream is no argument.
func (m *Method) ArgSpec(first string) []any {
	names, spec := []string{}, []any{nil, nil, nil, nil}
	if first != "" {
		names = append(names, first)
	}
	var defaults []any
	for _, p := range m.Params {
		switch {
		case p.Type == "stream": // comes beside the arguments, not among them
		case p.Variadic:
			spec[1] = p.Name
		default:
			names = append(names, p.Name)
			if p.HasDefault {
				defaults = append(defaults, p.Default)
			}
		}
	}
	spec[0] = names
	if defaults != nil {
		spec[3] = defaults
	}
	return spec
}
