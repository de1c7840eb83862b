// Package services holds the Go services that every zrpc binary carries: "demo", which answers the methods of
// the well-known RPC tutorials, and "time", which answers as Python's time module does.
//
// A service is plain data, a list of named functions, so that this package needs nothing of the RPC layer, which may
// offer it under any protocol. The functions follow the signature rules of zrpc.Server.Handle: an optional leading
// context, iterators for streams, an error last.
//
// # As Python answers
//
// Callers move here from Python services, so results, and errors with their names and texts, are Python's for the
// same arguments. testdata/oracle.py puts the same questions to CPython: its recorded answers are replayed by every
// test run, and new random ones are compared where a python3 is at hand. The exceptions, each on purpose:
//
//   - a result that would be huge for a small request is refused: multiply repeats no sequence, getpow no big power
//     (msgpack has no room for it anyway), and strftime takes a format of 4096 characters at most;
//   - strftime takes a list for the time tuple, which is what a tuple becomes on the wire; Python's own server
//     refuses it there;
//   - demo's sleep also takes its number as text.
//
// # As C formats
//
// Python's strftime is that of the C library, glibc nearly everywhere. It formats nine numbers that need not agree
// with each other, knows flags, widths and modifiers, and lets through what it does not know. Libraries that format
// a time.Time can do none of this, so it is written here: directive.go reads a directive, strftime.go says what each
// means, writer.go pads, and tm.go and week.go hold the calendar.
package services

import "slices"

// Entry is one callable method of a Service.
type Entry struct {
	// Name is the method's name on the wire. A dot in it ("js.J") means nothing special.
	Name string
	// Func is the function: any value that zrpc.Server.Handle accepts. It is safe for concurrent calls.
	Func any
	// Doc is the documentation; its first line is a summary that fits a listing.
	Doc string
	// Params names the parameters in order, the context left out, streams and a variadic last included.
	Params []string
}

// Service is a named set of methods. It is read-only for its users.
type Service struct {
	// Name is what the built-in service is looked up by, and what _zerorpc_name answers.
	Name string
	// Entries are the methods, sorted by name.
	Entries []Entry
}

// builtin are the services that Lookup knows. Built once: they hold functions and no state.
var builtin = []*Service{newDemo(), newTime(systemClock())}

// Lookup returns the built-in service of that name; ok is false if there is none.
func Lookup(name string) (svc *Service, ok bool) {
	for _, s := range builtin {
		if s.Name == name {
			return s, true
		}
	}
	return nil, false
}

// Names returns the names of the built-in services, sorted. The slice belongs to the caller.
func Names() []string {
	names := make([]string, 0, len(builtin))
	for _, s := range builtin {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}
