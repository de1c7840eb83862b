// Package zmtp runs one ZMTP 3.1 connection (RFC 37; RFC 23 for 3.0 peers):
// the handshake, reading messages and writing them. It knows nothing of
// sockets, patterns or queues of several peers.
//
//	Handshake ─ guard ─ zmq4.Open            once, blocking, under a deadline
//	    │
//	    ▼
//	  Conn ── reader half: Next, Fill …      one goroutine at a time
//	    │        bytes ─ scan ─ Message      frames stay where they were read
//	    └──── writer half: Send, Flush …     any goroutine
//	             queue ─ attempt ─ flusher   whoever finds nobody writing writes
//
// A connection starts no goroutine of its own until the kernel refuses bytes or
// a caller asks for Async; that one goroutine, the flusher, ends when the queue
// is empty. Nobody else ever waits inside a write system call, so a stalled
// peer costs its senders room in its own queue and nothing more.
//
// The life of a connection:
//
//	handshake ──ok──► open ──Close, error, stall──► closed
//	    └──error──► closed (nothing is sent: a malformed goodbye would keep a
//	                libzmq peer from ever coming back, a FIN does not)
package zmtp
