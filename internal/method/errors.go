package method

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zrpc-go/zrpc/event"
)

// SignatureError says why a function or a method cannot be exposed. It is for
// the programmer who registers it and never goes to a peer.
type SignatureError struct {
	Method  string
	Problem string // what is wrong
	Fix     string // what to do about it
}

func (e *SignatureError) Error() string {
	return fmt.Sprintf("cannot expose %s: %s; %s", e.Method, e.Problem, e.Fix)
}

// refuse returns the error for a function that cannot be method.
func refuse(method, problem, fix string) *SignatureError {
	return &SignatureError{Method: method, Problem: problem, Fix: fix}
}

// ArgError says that the arguments of a call do not fit the method. Its text is
// made for the caller on the other side and holds nothing of this one.
type ArgError struct {
	Method string
	Index  int    // which argument, from 1; 0: the arguments as a whole, see Problem
	Name   string // the argument's declared name, or ""
	Item   int    // which item of a client stream, from 1; 0: no stream
	Want   string // the kind the method takes, "int"; "" if Err is about something else
	Got    string // the kind that came, "str"

	Problem string // what is wrong with the arguments as a whole
	Err     error  // what the decoder said; nil for a wrong number of arguments
}

func (e *ArgError) Error() string {
	if e.Index == 0 {
		return e.Method + "() " + e.Problem
	}
	var b strings.Builder
	b.WriteString(e.Method)
	if e.Item > 0 {
		fmt.Fprintf(&b, ": item %d of stream", e.Item)
	} else {
		fmt.Fprintf(&b, ": argument %d", e.Index)
	}
	if e.Name != "" {
		fmt.Fprintf(&b, " (%s)", e.Name)
	}
	// A mismatch reads "is str, want int" and goes on the sentence.
	if _, ok := e.Err.(*event.TypeError); ok {
		return b.String() + " " + e.Err.Error()
	}
	return b.String() + ": " + e.Err.Error()
}

// Unwrap returns what the decoder said.
func (e *ArgError) Unwrap() error { return e.Err }

// WireName is the error's name on the wire: the class that Python raises here.
func (e *ArgError) WireName() string { return "TypeError" }

// argError wraps the decoder's error for argument i, from 0, or for item number
// item of the client stream in that place.
func (m *Method) argError(i, item int, err error) error {
	e := &ArgError{Method: m.Name, Index: i + 1, Item: item, Err: err}
	if m.named {
		// More arguments than parameters: they all belong to the variadic one.
		e.Name = m.Params[min(i, len(m.Params)-1)].Name
	}
	if te, ok := err.(*event.TypeError); ok {
		e.Want, e.Got = te.Want, te.Got
	}
	return e
}

// listError returns the error for arguments that are wrong as a whole.
func (m *Method) listError(problem string) error {
	return &ArgError{Method: m.Name, Problem: problem}
}

// countError returns the error for n arguments where the method takes another
// number of them: as Python's, it names those that are missing.
func (m *Method) countError(n int) error {
	if n < m.minArg {
		var names []string
		for _, p := range m.Params[n:m.minArg] {
			names = append(names, "'"+p.Name+"'")
		}
		return m.listError(fmt.Sprintf("missing %d required argument%s: %s", len(names), plural(len(names), "", "s"), and(names)))
	}
	want, how := m.maxArg, ""
	if m.minArg != m.maxArg {
		how = "at most "
	}
	return m.listError(fmt.Sprintf("takes %s%d argument%s but %d %s given",
		how, want, plural(want, "", "s"), n, plural(n, "was", "were")))
}

// and joins names as Python does: a; a and b; a, b, and c.
func and(names []string) string {
	switch n := len(names); n {
	case 1:
		return names[0]
	case 2:
		return names[0] + " and " + names[1]
	default:
		return strings.Join(names[:n-1], ", ") + ", and " + names[n-1]
	}
}

// plural chooses between the forms of a word for n.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// ResultError says that what the function returned cannot be encoded. The call
// has run; its caller gets an error in place of the result.
type ResultError struct {
	Method string
	Type   string // the Go type that cannot travel; "" if unknown
	Err    error  // what the encoder said
}

// Error's text begins as Python's for the like.
func (e *ResultError) Error() string {
	if errors.Is(e.Err, event.ErrRange) {
		return "Integer value out of range"
	}
	return e.Err.Error()
}

// Unwrap returns what the encoder said.
func (e *ResultError) Unwrap() error { return e.Err }

// WireName is the error's name on the wire: the class that Python raises here.
func (e *ResultError) WireName() string {
	if errors.Is(e.Err, event.ErrRange) {
		return "OverflowError"
	}
	return "TypeError"
}

// resultError wraps the encoder's error.
func (m *Method) resultError(err error) error {
	e := &ResultError{Method: m.Name, Err: err}
	if ve, ok := errors.AsType[*event.ValueError](err); ok {
		e.Type = ve.Type
	}
	return e
}
