// Package peers has one driver for each system that is written in Go: how to serve
// an echo and a stream with it, and how to call them. A driver does what the system's
// own documentation shows and sets only what the work needs (message sizes); none is
// tuned beyond that, and none is held back.
package peers

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// Peer is one system under test.
type Peer struct {
	Name  string // on the command line
	Title string // in tables
	// Serve starts a server on addr (host:port, port 0 allowed) and returns the address
	// that Dial of another process takes. It serves until the process ends.
	Serve func(addr string) (actual string, err error)
	// Dial makes one connection.
	Dial func(addr string) (Conn, error)
	// Publish and Subscribe are nil where there is neither pub-sub nor push-pull.
	Publish   PublishFunc
	Subscribe SubscribeFunc
}

// Conn is one connection, used by as many goroutines at once as calls are in flight.
// What else a system can do is told by the interfaces below.
type Conn interface {
	// Echo has the server send s back.
	Echo(s string) (string, error)
	Close() error
}

// ByteEchoer is a Conn that can send bytes.
type ByteEchoer interface {
	// EchoBytes has the server send p back. The result may be overwritten by the next call.
	EchoBytes(p []byte) ([]byte, error)
}

// Lender is a Conn that can hand bytes over instead of copying them.
type Lender interface {
	// EchoLent has the server send p back, which never changes. The result is valid
	// until done is called.
	EchoLent(p []byte) (got []byte, done func(), err error)
}

// Streamer is a Conn that can receive streams.
type Streamer interface {
	// Stream receives the integers 0 to n-1 and returns how many came.
	Stream(n int) (int, error)
}

// Uploader is a Conn that can send streams.
type Uploader interface {
	// Upload sends the integers 0 to n-1 and returns how many the server counted.
	Upload(n int) (int, error)
}

// Duplexer is a Conn that can send and receive a stream at once.
type Duplexer interface {
	// Bidi sends the integers 0 to n-1, which the server sends back one by one, and
	// returns how many came.
	Bidi(n int) (int, error)
}

// Idler is a Conn that can hold many streams which do nothing.
type Idler interface {
	// Idle begins n streams and returns when each has brought its first item. They
	// last until the connection is closed.
	Idle(n int) error
}

// LossyStreamer is a Conn that streams from a server which loses items.
type LossyStreamer interface {
	// StreamLossy is Stream, but takes what comes until nothing does. It returns how
	// many items came and how long it took until the last.
	StreamLossy(n int) (got int, took time.Duration, err error)
}

// Sleeper is a Conn whose server has a method that takes its time.
type Sleeper interface {
	// Sleep calls the method, which sleeps for d.
	Sleep(d time.Duration) error
}

// Pipeliner is a Conn without calls of their own: one goroutine keeps window echoes
// on the way. It is the floor that the calls of others are compared with.
type Pipeliner interface {
	// Pipeline runs until stop is set, for one window at the least, and returns the
	// number of echoes that came back.
	Pipeline(s string, window int, stop *atomic.Bool) (int64, error)
}

// errOrder is what a Stream reports whose items are not 0, 1, 2, …
var errOrder = errors.New("stream item out of order")

// maxMessage is the size limit set where a system's own is below the 16 MiB of the
// largest payload plus its envelope.
const maxMessage = 20 << 20

// All lists the systems in the order of the tables: ours, the floor, then others
// from the closest relatives to the farthest.
var All = []Peer{
	zrpcPeer, brokerPeer, rawPeer, muxPeer, gobPeer, jsonPeer, grpcPeer, connectPeer, natsPeer, zmq4Peer,
}

// Ways lists other ways to use zrpc, for works that are about them. They are no systems
// of their own.
var Ways = []Peer{zrpcPoolPeer, zrpcWindowPeer, zrpcLossyPeer}

// Find returns the peer, or the way, of that name.
func Find(name string) (Peer, bool) {
	all := slices.Concat(All, Ways)
	i := slices.IndexFunc(all, func(p Peer) bool { return p.Name == name })
	if i < 0 {
		return Peer{}, false
	}
	return all[i], true
}
