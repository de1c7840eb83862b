// Package zrpc puts Go functions on the network and calls remote ones, in the
// zerorpc protocol, so that the other end may be Go, Python or Node.
//
// A service is a server with functions; a function's signature is its
// declaration:
//
//	srv := zrpc.NewServer(nil)
//	err := srv.Handle("hello", func(ctx context.Context, name string) (string, error) {
//		return "Hello, " + name, nil
//	})
//	if _, err := srv.Bind("tcp://*:4242"); err != nil { … }
//	err = srv.Serve(ctx)
//
// A client calls it by name:
//
//	client, err := zrpc.Dial(ctx, "tcp://127.0.0.1:4242")
//	text, err := zrpc.Call[string](ctx, client, "hello", "RPC")
//	for n, err := range zrpc.Stream[int](ctx, client, "streaming_range", 0, 10, 2) { … }
//
// # Signatures
//
// An optional leading context.Context; any parameters that msgpack can carry,
// the last one variadic if wanted; results (), (error), (T) or (T, error). A
// result iter.Seq[T], iter.Seq2[T, error] or <-chan T streams to the caller, the
// iterator perhaps on another goroutine than the function; a last parameter iter.Seq2[T, error] streams from it. net/rpc's
// func(args A, reply *R) error works too. What cannot be exposed is refused at
// registration, with the reason and the fix.
//
// A []byte that a handler or caller gets is its own for good, which from a megabyte
// on costs more in allocating and collecting it than in moving it. *Bytes instead is
// handed over, and given back by its Release.
//
// A handler's context ends when the handler returns, when the caller is lost and
// when the server is closed for good.
//
// # Errors
//
// Who said so is told by type: a *RemoteError comes from the other side's
// handler (or its server: an unknown method is the RemoteError that also matches
// ErrNoMethod); ErrLostRemote, ErrUnavailable and the context's errors come from
// this side. A handler's error reaches the caller as name and message: the name
// is the error's WireName() if it has that method, the RemoteError's own, or the
// name of its type. A panic is answered like an error and never ends the process.
//
// # Failing over
//
// A call goes to another connection by itself when it certainly did not run: its
// connection had ended before the request left, or the server stops and has refused
// it or left it unread. That holds for all shapes. Of a call with a stream of the
// caller's, items may have been sent by then: until the server's handler reads, that
// is one at most, which is sent again. Once an item, or credit for more than one,
// has come from the server, the call runs there, and its end is the call's.
//
// A call whose connection or server is lost may have run, and is not made again,
// unless CallOptions say that it may run twice (Idempotent) and how often to try
// (Retry); a call with a stream not after it has begun. With a single server, calls
// wait for it to come back, as long as their context and three heartbeats allow.
//
// # Layers
//
// This package is zerorpc's RPC layer. Below it are package stream (a
// conversation: channels, heartbeats, credit), package event (one message) and
// the internal packages socket and zmtp (the wire).
package zrpc
