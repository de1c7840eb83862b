package cli

import (
	"strings"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/internal/pyprint"
)

// service is what inspection found out.
type service struct {
	name    string // 'N/A' if the server does not tell
	methods []methodInfo
}

// methodInfo is one method of a service.
type methodInfo struct {
	name string
	args string // "(self, a, b=2)"; filled only where it was asked for
	doc  string // empty: undocumented
}

// list is the listing of all methods: names with the first line of their documentation, or signatures alone.
func (s *service) list(signatures bool) string {
	var b strings.Builder
	b.WriteString("[" + s.name + "]\n")
	longest := 0
	for _, m := range s.methods {
		longest = max(longest, utf8.RuneCountInString(m.name))
	}
	for _, m := range s.methods {
		if signatures {
			b.WriteString(m.name + m.args + "\n")
			continue
		}
		b.WriteString(m.name + strings.Repeat(" ", longest-utf8.RuneCountInString(m.name)) + " " + m.firstLine() + "\n")
	}
	return b.String()
}

// one is the description of a single method, or a note that there is none.
func (s *service) one(method string) string {
	// A service may tell of more than was asked for.
	for _, m := range s.methods {
		if m.name == method {
			return "[" + s.name + "]\n" + m.name + m.args + "\n\n" + m.docOrNone() + "\n\n"
		}
	}
	return "[" + s.name + "]\nNo documentation for \"" + method + "\".\n"
}

func (m *methodInfo) docOrNone() string {
	if m.doc == "" {
		return "<undocumented>"
	}
	return m.doc
}

// firstLine is the first line of the documentation, empty if that begins with a line end: as zerorpc shows it.
func (m *methodInfo) firstLine() string {
	line, _, _ := strings.Cut(m.docOrNone(), "\n")
	return strings.TrimSuffix(line, "\r")
}

// Peers send descriptions in three forms. Whatever does not look as expected is shown as unknown, never an error: the
// rest of the listing is still of use.
const (
	unknownArgs = "(??)"  // zerorpc's word for a method without a list of arguments
	opaqueArgs  = "(...)" // and for a method whose argument specification is empty
)

// fromInspect reads the answer of _zerorpc_inspect: {name, methods: {method: {args: [{name[, default]}], doc}}}, or the
// older form with methods as a list of [method, argspec, doc]. ok is false if it is neither.
func fromInspect(v any) (s service, ok bool) {
	d, ok := v.(*pyprint.Dict)
	if !ok {
		return s, false
	}
	s.name = "N/A"
	if name, ok := d.Get("name"); ok {
		s.name = str(name)
	}
	methods, _ := d.Get("methods")
	switch methods := methods.(type) {
	case *pyprint.Dict:
		for i := range methods.Len() {
			name, details := methods.At(i)
			m := methodInfo{name: str(name), args: unknownArgs}
			if details, ok := details.(*pyprint.Dict); ok {
				args, _ := details.Get("args")
				m.args = namedArgs(args)
				doc, _ := details.Get("doc")
				m.doc, _ = doc.(string)
			}
			s.methods = append(s.methods, m)
		}
	case []any:
		for _, e := range methods {
			if e, ok := e.([]any); ok && len(e) == 3 {
				m := methodInfo{name: str(e[0]), args: argSpec(e[1])}
				m.doc, _ = e[2].(string)
				s.methods = append(s.methods, m)
			}
		}
	default:
		return s, false
	}
	return s, true
}

// namedArgs formats [{name[, default]}…]. A default of None is not shown. zerorpc does not tell "no arguments" from
// "arguments unknown", and neither does this.
func namedArgs(v any) string {
	l, _ := v.([]any)
	if len(l) == 0 {
		return unknownArgs
	}
	args := make([]string, len(l))
	for i, e := range l {
		d, ok := e.(*pyprint.Dict)
		if !ok {
			args[i] = str(e)
			continue
		}
		name, _ := d.Get("name")
		args[i] = str(name)
		if def, _ := d.Get("default"); def != nil {
			args[i] += "=" + str(def)
		}
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// argSpec formats what Python's getargspec returned, [args, varargs, keywords, defaults], as formatargspec does.
func argSpec(v any) string {
	spec, _ := v.([]any)
	if len(spec) != 4 {
		return opaqueArgs
	}
	names, _ := spec[0].([]any)
	defaults, _ := spec[3].([]any)
	var args []string
	for i, n := range names {
		arg := str(n)
		// Defaults belong to the last arguments.
		if j := i - (len(names) - len(defaults)); j >= 0 && j < len(defaults) {
			arg += "=" + repr(defaults[j])
		}
		args = append(args, arg)
	}
	// Then *args and **kwargs, each a name or None.
	for i, stars := range []string{"*", "**"} {
		if spec[1+i] != nil {
			args = append(args, stars+str(spec[1+i]))
		}
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// str is Python's str(v): zerorpc formats names and defaults with it, so strings have no quotes.
func str(v any) string { return string(pyprint.AppendStr(nil, v)) }

// repr is Python's repr(v), which formatargspec uses for defaults.
func repr(v any) string {
	if s, ok := v.(string); ok {
		return pyprint.Quote(s)
	}
	return str(v)
}
