// Package wire holds the lines of JSON that the benchmark and its child processes
// exchange: one command a line on the child's standard input, one reply a line on
// its standard output. Servers and clients written in C, Python and JavaScript speak
// the same lines, so all systems are driven and measured alike.
//
// A child says Ready as its first line: a server with the address it listens on. It
// answers each command with exactly one reply and ends when its standard input ends,
// so that no child outlives the benchmark.
package wire

// What a Command asks for.
const (
	// Open makes a client connect Conns times and remember the work for Run.
	Open = "open"
	// Run makes a client do the work for Millis. The first run after Open is the
	// warm-up; the parent throws its figures away.
	Run = "run"
	// Close makes a client give up the connections of Open.
	Close = "close"
	// Usage asks a client or server what it has consumed since it started.
	Usage = "usage"
	// Procs sets GOMAXPROCS to N in a Go child; others have nothing to set and
	// reply at once.
	Procs = "procs"
)

// The kinds of work that a client can do.
const (
	// Echo calls with a string of Size bytes and checks that it comes back.
	Echo = "echo"
	// Stream asks the server for small integers, counted from 0, as one stream after
	// another. The client begins with FirstItems a stream and doubles that while a
	// stream takes less than GrowMillis, so that starting a stream does not show.
	Stream = "stream"
	// Bytes calls with Size bytes and checks that as many come back.
	Bytes = "bytes"
)

// How a client chooses the length of the next stream; see Stream. zerorpc-node alone
// keeps to FirstItems.
const (
	FirstItems = 1000
	MaxItems   = 1 << 20
	GrowMillis = 50
)

// Command is one line to a child.
type Command struct {
	Do       string `json:"do"`
	Work     string `json:"work,omitempty"`
	Conns    int    `json:"conns,omitempty"`
	Inflight int    `json:"inflight,omitempty"` // callers a connection
	Size     int    `json:"size,omitempty"`     // bytes
	Millis   int    `json:"millis,omitempty"`
	N        int    `json:"n,omitempty"`
}

// Reply is one line from a child. A reply with an Error has no figures.
type Reply struct {
	Error string `json:"error,omitempty"`
	// Unsupported says that the system has no such thing (net/rpc has no streams).
	// It is no failure: the report shows a dash.
	Unsupported bool   `json:"unsupported,omitempty"`
	Ready       string `json:"ready,omitempty"` // first line only: the address

	// Answer to Run.
	Ops     int64   `json:"ops,omitempty"`     // calls, or items of streams
	Seconds float64 `json:"seconds,omitempty"` // that they took
	P50     float64 `json:"p50,omitempty"`     // µs of one call; 0 where single calls have no time of their own
	P99     float64 `json:"p99,omitempty"`
	P999    float64 `json:"p999,omitempty"`
	Lost    int64   `json:"lost,omitempty"` // items that were sent and never came

	// Answer to Usage. Mallocs is counted by Go children only.
	CPU     float64 `json:"cpu,omitempty"` // µs, user and system, all threads
	Go      bool    `json:"go,omitempty"`
	Mallocs uint64  `json:"mallocs,omitempty"`
	Bytes   uint64  `json:"bytes,omitempty"` // allocated, in all
}
