package suite

import "github.com/zrpc-go/zrpc/bench/internal/wire"

const (
	small   = 10      // bytes of an echoed string
	large   = 1 << 20 // bytes of an echoed byte string
	message = 100     // bytes of a published message

	// extra is how often what is beyond the core is done: three rounds still have a median
	// that one bad round does not move.
	extra = 3

	// window is what a paced publisher has on the way: less than half of the high-water
	// mark of 1000 that ZeroMQ and zrpc have by default. Both hear late of what has left
	// a queue (libzmq after 500 messages, zrpc after the write that took them), so their
	// queues may be full from 500 on.
	window = 3 * wire.ReceiptEvery

	// scaled is how many calls are in flight however many connections share them.
	scaled = 256

	// idleConns and idleStreams are held at once; the streams share streamConns
	// connections, 2000 on each.
	idleConns, idleStreams, streamConns = 10_000, 100_000, 50
)

// The names of the plots of lines; see Work.Series.
const (
	Payload     = "payload"
	Connections = "connections"
)

// Systems that can do the works beyond the core. Where a system is left out although it
// could do the work, the reason is the time of the whole: the slowest are too slow to
// hold thousands of connections or to echo megabytes within a run.
var (
	multiplexed = []string{"zrpc", "broker", "raw", "mux", "gob", "grpc", "connect", "nats", "zmq4"}
	streaming   = []string{"zrpc", "broker", "raw", "grpc", "connect"}
	fanning     = []string{"zrpc", "nats", "zmq4", "libzmq", "python"}
	sized       = []string{"zrpc", "broker", "raw", "mux", "gob", "grpc", "connect", "nats", "zmq4", "libzmq"}
	lending     = []string{"zrpc", "raw", "mux", "grpc", "libzmq"}
	many        = []string{"zrpc", "raw", "mux", "gob", "grpc", "connect", "nats", "libzmq"}
	dialling    = []string{"zrpc", "raw", "mux", "gob", "grpc", "connect", "nats", "zmq4"}
	holding     = []string{"zrpc", "broker", "raw", "mux", "gob", "grpc", "connect", "nats"}
	blocking    = []string{"zrpc", "zrpcpool", "mux", "gob", "grpc", "libzmq"}
	sharing     = []string{"zrpc", "mux", "gob", "grpc"}
	mixed       = []string{"zrpc", "zrpc-python", "python-zrpc", "python", "zrpc-node", "node-zrpc", "node"}
)

// Works lists all work in the order of the tables.
var Works = []Work{
	{Name: "unary", Title: "echo of 10 bytes, 1 call in flight", Headline: P50, Quick: true,
		open: echo(1, 1)},
	{Name: "pinned", Title: "echo of 10 bytes, 1 call in flight, both processes on one CPU", Headline: P50, Pinned: true, Quick: true,
		open: echo(1, 1)},
	{Name: "par64", Title: "echo of 10 bytes, 1 connection × 64 in flight", Headline: Calls, Quick: true,
		open: echo(1, 64)},
	{Name: "par16x16", Title: "echo of 10 bytes, 16 connections × 16 in flight", Headline: Calls, Quick: true, Series: Connections, X: 16,
		open: echo(16, scaled/16)},

	// Here, as a goal compares them with the 16 connections above.
	{Name: "conns1", Title: "echo of 10 bytes, 1 connection × 256 in flight", Headline: Calls, Rounds: extra, Peers: many, Series: Connections, X: 1,
		open: echo(1, scaled)},
	{Name: "conns128", Title: "echo of 10 bytes, 128 connections × 2 in flight", Headline: Calls, Rounds: extra, Peers: many, Series: Connections, X: 128,
		open: echo(128, scaled/128)},
	{Name: "conns1000", Title: "echo of 10 bytes, 1,000 connections × 1 in flight", Headline: Calls, Rounds: extra, Peers: many, Series: Connections, X: 1000,
		open: echo(1000, 1)},

	{Name: "stream", Title: "server stream of small integers", Headline: Items, Quick: true,
		open: wire.Command{Work: wire.Stream, Conns: 1, Inflight: 1}},
	{Name: "big", Title: "echo of 1 MiB, 1 call in flight", Headline: MBs, Quick: true, Series: Payload, X: large,
		open: payload(large)},

	{Name: "open1k", Title: "echo of 10 bytes, 1,000 calls/s on schedule, on 1 connection", Headline: P99, Rounds: extra, Peers: multiplexed,
		open: scheduled(1000)},
	{Name: "open10k", Title: "echo of 10 bytes, 10,000 calls/s on schedule, on 1 connection", Headline: P99, Rounds: extra, Peers: multiplexed,
		open: scheduled(10_000)},
	{Name: "upload", Title: "client stream of small integers", Headline: Items, Rounds: extra, Peers: streaming,
		open: wire.Command{Work: wire.Upload, Conns: 1, Inflight: 1}},
	{Name: "bidi", Title: "small integers streamed to the server and back", Headline: Items, Rounds: extra, Peers: streaming,
		open: wire.Command{Work: wire.Bidi, Conns: 1, Inflight: 1}},

	{Name: "stream100", Title: "server stream of small integers; zrpc's at most 100 ahead", Headline: Items, Rounds: extra,
		Peers: []string{"zrpc", "zrpc100", "grpc"},
		open:  wire.Command{Work: wire.Stream, Conns: 1, Inflight: 1}},

	{Name: "block64", Title: "echo of 10 bytes, 1 connection × 64 in flight, a goroutine for each request", Headline: Calls, Rounds: extra, Peers: blocking,
		open: echo(1, 64)},
	{Name: "calm", Title: "echo of 10 bytes, 5,000 calls/s on schedule", Headline: PooledP99, Rounds: extra, Peers: sharing,
		group: neighbours, open: scheduled(5000)},
	{Name: "slowcall", Title: "the same, and 8 calls that sleep for 100 ms on the same connection", Headline: PooledP99, Rounds: extra, Peers: sharing,
		group: neighbours, beside: wire.Sleepers, open: scheduled(5000)},
	{Name: "slowpeer", Title: "the same, and another connection whose peer does not read", Headline: PooledP99, Rounds: extra, Peers: sharing,
		group: neighbours, beside: wire.Deaf, open: scheduled(5000)},

	{Name: "foreign1", Title: "client → server: echo of 10 bytes, 1 call in flight", Headline: P50, Rounds: extra, Peers: mixed,
		group: ends, open: echo(1, 1)},
	{Name: "foreign64", Title: "client → server: echo of 10 bytes, 1 connection × 64 in flight", Headline: Calls, Rounds: extra, Peers: mixed,
		group: ends, open: echo(1, 64)},
	{Name: "foreignstream", Title: "client → server: server stream of small integers", Headline: Items, Rounds: extra, Peers: mixed,
		group: ends, open: wire.Command{Work: wire.Stream, Conns: 1, Inflight: 1}},

	{Name: "pub1", Title: "100-byte messages to 1 subscriber, queues never full", Headline: Deliveries, Rounds: extra, Peers: fanning,
		open: wire.Command{Work: wire.Pub, Conns: 1, Size: message, Window: window}},
	{Name: "pub8", Title: "100-byte messages to 8 subscribers, queues never full", Headline: Deliveries, Rounds: extra, Peers: fanning,
		open: wire.Command{Work: wire.Pub, Conns: 8, Size: message, Window: window}},
	{Name: "pub64", Title: "100-byte messages to 64 subscribers, queues never full", Headline: Deliveries, Rounds: extra, Peers: fanning,
		open: wire.Command{Work: wire.Pub, Conns: 64, Size: message, Window: window}},
	{Name: "flood8", Title: "100-byte messages to 8 subscribers, as fast as the publisher can", Headline: Deliveries, Rounds: extra, Peers: fanning,
		open: wire.Command{Work: wire.Pub, Conns: 8, Size: message}},
	{Name: "push8", Title: "100-byte messages pushed to 8 pullers", Headline: Deliveries, Rounds: extra, Peers: fanning,
		open: wire.Command{Work: wire.Push, Conns: 8, Size: message}},

	{Name: "dial", Title: "connect, call once and close; 4 at a time", Headline: Conns, Rounds: extra, Peers: dialling,
		open: wire.Command{Work: wire.Dial, Conns: 4, Inflight: 1, Size: small}},
	{Name: "size10", Title: "echo of 10 bytes as bytes, 1 call in flight", Headline: CPU, Rounds: extra, Peers: sized, Series: Payload, X: 10,
		open: payload(10)},
	{Name: "size1k", Title: "echo of 1 KiB, 1 call in flight", Headline: CPU, Rounds: extra, Peers: sized, Series: Payload, X: 1 << 10,
		open: payload(1 << 10)},
	{Name: "size32k", Title: "echo of 32 KiB, 1 call in flight", Headline: CPU, Rounds: extra, Peers: sized, Series: Payload, X: 32 << 10,
		open: payload(32 << 10)},
	{Name: "bigown", Title: "echo of 1 MiB, handed over where a system can, 1 call in flight", Headline: MBs, Rounds: extra, Peers: lending,
		open: wire.Command{Work: wire.Bytes, Conns: 1, Inflight: 1, Size: large, Lent: true}},
	{Name: "size16m", Title: "echo of 16 MiB, 1 call in flight", Headline: MBs, Rounds: extra, Peers: sized, Series: Payload, X: 16 << 20,
		open: payload(16 << 20)},

	{Name: "idleconns", Title: "10,000 idle connections, KiB of each after one call", Headline: ServerKiB, Rounds: 1, Peers: holding, fresh: true,
		open: wire.Command{Work: wire.IdleConns, Conns: idleConns, Size: small}},
	{Name: "idlestreams", Title: "100,000 idle streams on 50 connections, KiB of each, its handler included", Headline: ServerKiB, Rounds: 1,
		Peers: []string{"zrpc", "raw", "grpc"}, fresh: true,
		open: wire.Command{Work: wire.IdleStreams, Conns: streamConns, N: idleStreams}},
}

// echo is the echo of a small string with so many connections and calls in flight on each.
func echo(conns, inflight int) wire.Command {
	return wire.Command{Work: wire.Echo, Conns: conns, Inflight: inflight, Size: small}
}

// scheduled is the same with calls when they are due. There are enough callers for a
// stall of some ten milliseconds at the highest rate; calls due later wait for one, and
// their time runs.
func scheduled(rate int) wire.Command {
	return wire.Command{Work: wire.Echo, Conns: 1, Inflight: scaled, Size: small, Rate: rate}
}

// payload is the echo of so many bytes, one call after the other.
func payload(size int) wire.Command {
	return wire.Command{Work: wire.Bytes, Conns: 1, Inflight: 1, Size: size}
}
