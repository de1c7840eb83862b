// Package event reads and writes zerorpc events: the msgpack array
// [header, name, args] that is the last frame of every message.
//
// The package has two halves that know nothing of each other.
//
// The envelope half, [Parse] and [AppendHead], is on the path of every message.
// It allocates nothing, copies nothing, and checks the whole event once: what
// Parse hands out is complete, not nested too deeply and not larger than it
// claims, so that later layers may walk it without looking for traps again.
//
// The value half, [AppendValue], [Decode] and [DecodeAny], translates between
// Go values and msgpack. Scalars, slices and maps are handled here; types with
// their own msgpack methods are handed to github.com/vmihailenco/msgpack/v5,
// whose struct tags apply to structs in both directions.
//
// Memory: functions named Append… extend the slice they are given, as the
// built-in append does. Slices inside an [Event] alias the parsed input and are
// valid as long as it is. Values from Decode and DecodeAny are copies.
//
// All functions may be called concurrently; an Event has no lock.
package event
