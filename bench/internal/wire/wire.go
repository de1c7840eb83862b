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
	// Beside makes a client end what went on beside the calls of its open connections
	// and begin what Command.Beside says, if anything. The connections stay.
	Beside = "beside"
	// Usage asks a client or server what it has consumed since it started.
	Usage = "usage"
	// Collect makes a child give back the memory that it can, after a moment of rest
	// in which idle connections hand back their buffers. The parent then reads its size.
	Collect = "collect"
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
	// Upload streams small integers to the server, which answers with their number;
	// Bidi streams them to the server and back. Lengths as with Stream.
	Upload = "upload"
	Bidi   = "bidi"
	// Dial makes a connection, calls once and closes, with Conns callers at a time.
	Dial = "dial"
	// IdleConns holds Conns connections on which one call was made. The work is done
	// by Open; the reply's Ops says how many there are, as a system may allow fewer.
	IdleConns = "idleconns"
	// IdleStreams holds N streams over Conns connections, each after its first item.
	IdleStreams = "idlestreams"
	// Pub and Push send messages of Size bytes from the server to Conns subscribers
	// (each gets all) or pullers (each gets a share) at the client; see Fan.
	Pub  = "pub"
	Push = "push"
)

// What goes on beside the calls that a run times, until the next Beside or Close.
const (
	// Sleepers: SleepCalls more callers on the same connection, of a method that sleeps
	// for SleepMillis.
	Sleepers = "sleepers"
	// Deaf: another connection whose client has taken DeafBytes of answers and reads no
	// more. It had asked for DeafStreams streams where there are such, and for DeafCalls
	// echoes of DeafSize bytes: more than a server with a bound on its answers takes.
	// Beside is answered when the server takes no more of it: what is timed is such a
	// peer's company, not the work of its requests.
	Deaf = "deaf"
)

// How much goes on there.
const (
	SleepCalls, SleepMillis = 8, 100
	DeafStreams, DeafCalls  = 8, 128
	DeafSize, DeafBytes     = 256 << 10, 256 << 10
)

// Fan: how Pub and Push go. The server is asked to open, replies with the address of a
// fresh publisher (Ready) and sends a probe of ProbeSize bytes every few milliseconds.
// The client is asked to open with that address; it replies when every subscriber has
// received a probe, with the address (Ready) of a TCP listener for receipts. Then, for
// each run, the server publishes for Millis and replies with the number sent; the client
// is told that number (N) and replies when all have come, or none for QuietMillis.
//
// With a Window the server connects to the client's listener (Addr) and keeps at most so
// many messages on the way: the client sends one byte when the last of its subscribers
// has received ReceiptEvery more. A Window below the queues' high-water mark makes
// everyone lossless, so that what is compared is speed; without, it is the losses.
const (
	ProbeSize    = 1
	ProbeMillis  = 5
	ReceiptEvery = 128
	QuietMillis  = 300
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
	Rate     int    `json:"rate,omitempty"`   // calls a second, made when they are due; 0: as fast as answers come
	Addr     string `json:"addr,omitempty"`   // see Fan
	Window   int    `json:"window,omitempty"` // see Fan
	Beside   string `json:"beside,omitempty"` // Sleepers or Deaf; empty: nothing
	Counts   bool   `json:"counts,omitempty"` // Run: the reply is to have Counts
	Lent     bool   `json:"lent,omitempty"`   // Bytes: see peers.Lender; others do as without
}

// Reply is one line from a child. A reply with an Error has no figures.
type Reply struct {
	Error string `json:"error,omitempty"`
	// Unsupported says that the system has no such thing (net/rpc has no streams).
	// It is no failure: the report shows a dash.
	Unsupported bool   `json:"unsupported,omitempty"`
	Ready       string `json:"ready,omitempty"` // an address: of the first line, and see Fan

	// Answer to Run.
	Ops     int64   `json:"ops,omitempty"`     // calls, or items of streams
	Seconds float64 `json:"seconds,omitempty"` // that they took
	P50     float64 `json:"p50,omitempty"`     // µs of one call; 0 where single calls have no time of their own
	P99     float64 `json:"p99,omitempty"`
	P999    float64 `json:"p999,omitempty"`
	Lost    int64   `json:"lost,omitempty"` // items that were sent and never came
	// Counts has the latencies themselves, for the parent to pool with those of other
	// runs: pairs of a bucket of stats.Hist and how many are in it. Go children only.
	Counts [][2]int `json:"counts,omitempty"`

	// Answer to Usage. Mallocs is counted by Go children only.
	CPU     float64 `json:"cpu,omitempty"` // µs, user and system, all threads
	Go      bool    `json:"go,omitempty"`
	Mallocs uint64  `json:"mallocs,omitempty"`
	Bytes   uint64  `json:"bytes,omitempty"` // allocated, in all
}
