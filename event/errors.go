package event

import (
	"errors"
	"fmt"
)

// What can be wrong with bytes from a peer. Errors about the bytes wrap one of
// these, compare with errors.Is; a value of another kind than was wanted is a
// *TypeError that wraps none.
var (
	// ErrTruncated means that the value ends beyond the bytes at hand, or
	// declares a length that cannot fit into them.
	ErrTruncated = errors.New("event: truncated")
	// ErrFormat means that the bytes are no zerorpc event or no msgpack.
	ErrFormat = errors.New("event: malformed")
	// ErrTooDeep means nesting beyond MaxDepth.
	ErrTooDeep = errors.New("event: nested too deeply")
	// ErrTooManyNodes means more than MaxNodes elements in one value.
	ErrTooManyNodes = errors.New("event: too many elements")
	// ErrID means that message_id or response_to is a list or a map, which
	// no peer can use as a key, or is longer than MaxIDLen.
	ErrID = errors.New("event: unusable message id")
	// ErrName means that the event's name is a list or a map or longer than
	// MaxNameLen. The rest of the event was parsed, so it can be answered.
	ErrName = errors.New("event: unusable name")
	// ErrKey means a map key that cannot be a Go map key: list, map or ext.
	ErrKey = errors.New("event: unusable map key")
	// ErrRange means an integer that the target, or msgpack, cannot hold.
	ErrRange = errors.New("integer value out of range")
)

// NameError is an event name that is a list or a map. A Python server answers it
// with a TypeError, so the event around it is complete.
type NameError struct {
	Kind string // "array" or "map", as Kind says
}

// Error returns the text that a Python server sends for such a name.
func (e *NameError) Error() string {
	if e.Kind == "map" {
		return "unhashable type: 'dict'"
	}
	return "unhashable type: 'list'"
}

// Unwrap returns ErrName.
func (e *NameError) Unwrap() error { return ErrName }

// TypeError is a value that does not fit the Go type it should go into.
type TypeError struct {
	Want string // the kind that the target takes, "int", or "int8" if only its range is too small
	Got  string // the kind that came, "str", or the number itself if it is out of range
	Path string // where inside the value, "[2].name"; empty: the value itself
	err  error  // ErrRange, what is wrong with the bytes, or nil
}

// Error returns "is str, want int", fit to follow the name of an argument.
func (e *TypeError) Error() string {
	s := "is " + e.Got + ", want " + e.Want
	if e.Path != "" {
		s += " (at " + e.Path + ")"
	}
	return s
}

// Unwrap returns ErrRange for a number that its target cannot hold, and what is wrong
// with the bytes, ErrTruncated or ErrFormat, where they are no value at all.
func (e *TypeError) Unwrap() error { return e.err }

// at records that err happened inside the element named by step.
func at(err error, step string) error {
	var te *TypeError
	if errors.As(err, &te) {
		te.Path = step + te.Path
		return err
	}
	return fmt.Errorf("at %s: %w", step, err)
}

// ValueError is a Go value that cannot be sent.
type ValueError struct {
	Type string // its Go type
	Err  error  // why; nil: msgpack has nothing like it
}

// Error begins as the Python peer's own text does.
func (e *ValueError) Error() string {
	s := "can not serialize '" + e.Type + "' object"
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the reason.
func (e *ValueError) Unwrap() error { return e.Err }
