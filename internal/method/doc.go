// Package method makes a Go function callable by a zerorpc peer: it reads the
// arguments of an event, calls the function and writes what it returns.
//
// A function's signature is its declaration. Accepted are
//
//	func([ctx context.Context,] params... [, rest ...T]) [result] [error]
//
// where parameters and result are anything that msgpack can carry, and where
//
//	a result iter.Seq[T], iter.Seq2[T, error] or <-chan T  is a server stream,
//	a last parameter iter.Seq2[T, error]                   is a client stream,
//	both                                                   is bidirectional, and
//	func(args A, reply *R) error                           is net/rpc's shape.
//
// Everything else is refused by [New] with the reason and the fix.
//
// # How a call runs
//
// [New] looks at the signature once and leaves one closure behind. Three kinds
// of closure exist, from fast to general:
//
//   - the routes of typed.go ([Func0], [Func1], [Func2], [Stream1], …): the types
//     are known to the compiler, a call uses no reflection;
//   - the table of table.go finds such a route for plain functions of the usual
//     types (string, int, int64, float64, []byte, bool, any);
//   - caller.go calls everything else by reflection, with pooled argument slots
//     and a decoder chosen for each parameter beforehand.
//
// Panics of the called function are not recovered here: whoever runs the call
// knows what it must answer and log.
//
// # Streams
//
// An iterator is left (its yield returns false) as soon as the context ends or
// the peer is gone. A channel cannot be told: whoever fills a returned channel
// must watch the context too, or it blocks for ever on a reader that left.
//
// A client stream belongs to the call: the function must not read it after it
// has returned (or, bidirectional, after its own iterator has ended).
package method
