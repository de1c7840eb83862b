// Package stream is zerorpc's middle layer, its Event layer: the conversation of
// a caller and a method, with heartbeats, credit and an end that both sides know.
// Package zrpc puts Go functions on it; programs that call and serve need that
// one alone.
//
// A connection carries many conversations, each a channel that a request opens
// and that OK, ERR or STREAM_DONE ends. Both ends of a connection are a mux:
//
//	ClientMux ─ Channel ──── one Conn ──── Call ─ ServerMux ─ Service
//	opens channels, waits                 one for each request, which runs a
//	for their answers                     Method inline or on a goroutine
//
// The layer imports no socket. What it needs of a connection is Conn, and tests
// give it one in memory, under fake time.
//
// # What it sees to
//
//   - Heartbeats: each end of each channel beats, and a peer that falls silent is
//     lost: the call ends with ErrLostRemote, the handler's context with it. One
//     Ticker drives all channels of a process, and only while some are open.
//   - Credit: who streams sends no more than the reader has granted, in both
//     directions. Who sends more than it was granted loses that channel, with
//     ErrOverflow, and no other.
//   - Bounds: open calls, what they hold of requests, and what waits unread are
//     bounded for each connection, and by ServerOptions of package zrpc for all.
//   - Cancel, deadlines and leave-taking, where the other end is zrpc too.
//
// The rules are in PROTOCOL.md, measured with the real peers.
//
// # Concurrency
//
// All exported methods may be called concurrently unless they say otherwise.
// A Call belongs to its handler while that runs.
package stream
