package services

import "fmt"

// Error is an error that a method answers on purpose, under a name that the caller can act on. The names are those
// of Python's built-in exceptions, because that is what callers of these services test for.
type Error struct {
	Name    string // the exception's name: "TypeError", "ValueError", ...
	Message string // what str(exception) shows
}

// Error returns the message alone; the name travels beside it.
func (e *Error) Error() string { return e.Message }

// WireName returns the name under which a zerorpc server sends this error.
func (e *Error) WireName() string { return e.Name }

// typeError is for an argument of the wrong kind.
func typeError(format string, args ...any) error {
	return &Error{Name: "TypeError", Message: fmt.Sprintf(format, args...)}
}

// valueError is for an argument of the right kind that makes no sense.
func valueError(format string, args ...any) error {
	return &Error{Name: "ValueError", Message: fmt.Sprintf(format, args...)}
}

// overflowError is for a number beyond what the wire, or the clock, can carry.
func overflowError(format string, args ...any) error {
	return &Error{Name: "OverflowError", Message: fmt.Sprintf(format, args...)}
}

// zeroDivisionError has one text for ints and one for floats, as Python has.
func zeroDivisionError(message string) error {
	return &Error{Name: "ZeroDivisionError", Message: message}
}
