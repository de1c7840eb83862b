// Package socket joins many ZMTP connections into one ZeroMQ socket.
//
// It is the upper half of the Wire layer: internal/zmtp knows one connection,
// this package knows where connections come from and which of them a message
// takes. It imports zmtp and, for its type names and the Security interface,
// zmq4; nothing of zerorpc is known here.
//
//	Router Dealer Pub Sub Push Pull      the patterns (RFC 28, 29, 30)
//	   |      |     |   |   |    |
//	   fairQueue, balancer, prefixes     who is read next, who is sent to
//	   |
//	packer, chunk, backlog               memory of what was received and waits
//	   |
//	Socket                               endpoints, peers, limits, Close
//	   |              |
//	listener       connector             connections that came / that we made
//	   |              |
//	tcp.go  ipc.go  inproc.go            transports: net.Listener and net.Conn
//
// # Goroutines
//
// A listener has one goroutine that accepts. A connection has one goroutine,
// which runs Options.Serve, and that reads. A connector has one goroutine that
// is the connection's while there is one and waits while there is none.
// Short-lived helpers dial and shake hands, and exist while a peer's queue is
// full (balancer) or its subscriptions are behind (Sub). Close ends and awaits
// all of them.
package socket
