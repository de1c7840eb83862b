package report

import "github.com/zrpc-go/zrpc/bench/internal/suite"

// The systems that goals are about.
const (
	raw, mux           = "raw", "mux"
	gob, grpc, libzmq  = "gob", "grpc", "libzmq"
	pool, window, nats = "zrpcpool", "zrpc100", "nats"
	python, node       = "python", "node"
)

// calmly is how much higher a p99 may be beside a neighbour. What two measurements of the
// same p99 differ by stands beside the figure.
const calmly = 1.25

// goals are what the project has set out to reach, all of it, in the order of the
// tables; what is missed stays here. Ratios are zrpc's figure to the other's.
var goals = []goal{
	against("p50, 1 in flight, to raw TCP", suite.P50, "unary", raw, atMost(1.3, "×")),
	against("p50, 1 in flight, to raw TCP, on one CPU", suite.P50, "pinned", raw, atMost(1.3, "×")),
	against("p50, 1 in flight, to net/rpc", suite.P50, "unary", gob, atMost(0.4, "×")),
	against("p50, 1 in flight, to net/rpc, on one CPU", suite.P50, "pinned", gob, atMost(0.4, "×")),
	against("p50, 1 in flight, to grpc-go", suite.P50, "unary", grpc, atMost(0.2, "×")),
	against("p50, 1 in flight, to grpc-go, on one CPU", suite.P50, "pinned", grpc, atMost(0.2, "×")),
	against("p50, 1 in flight, to libzmq in C", suite.P50, "unary", libzmq, atMost(0.3, "×")),
	against("p50, 1 in flight, to libzmq in C, on one CPU", suite.P50, "pinned", libzmq, atMost(0.3, "×")),
	against("CPU a call, both sides, to net/rpc", suite.CPU, "unary", gob, atMost(0.4, "×")),
	plain("allocations a call, client", suite.ClientAllocs, Base, "unary", atMost(4, "")),
	plain("allocations a call, server", suite.ServerAllocs, Base, "unary", atMost(4, "")),

	against("calls/s, 1 × 64, to net/rpc", suite.Calls, "par64", gob, atLeast(5, "×")),
	against("calls/s, 1 × 64, to grpc-go", suite.Calls, "par64", grpc, atLeast(8, "×")),
	against("calls/s, 1 × 64, to zerorpc-python", suite.Calls, "par64", python, atLeast(100, "×")),
	against("calls/s, 1 × 64, to libzmq in C", suite.Calls, "par64", libzmq, atLeast(1, "×")),
	ratioOf("calls/s, 1 × 64, with a goroutine a request, to libzmq in C", suite.Calls, pool, "block64", libzmq, "block64", atLeast(0.6, "×")),
	ratioOf("calls/s, 1 × 64, with a goroutine a request, to zrpc without", suite.Calls, pool, "block64", Base, "block64", atLeast(0.6, "×")),
	plain("p99 to p50, 1 × 64", suite.Tail, Base, "par64", atMost(5, "×")),
	against("calls/s, 16 × 16, to net/rpc", suite.Calls, "par16x16", gob, atLeast(3.5, "×")),
	against("calls/s, 16 × 16, to grpc-go", suite.Calls, "par16x16", grpc, atLeast(8, "×")),
	ratioOf("calls/s, 1,000 connections to 16", suite.Calls, Base, "conns1000", Base, "par16x16", atLeast(0.8, "×")),

	against("server stream, items/s, to grpc-go", suite.Items, "stream", grpc, atLeast(2.5, "×")),
	ratioOf("server stream, items/s, with a Python peer's window of 100", suite.Items, window, "stream100", grpc, "stream100", atLeast(0.6, "×")),
	against("client stream, items/s, to grpc-go", suite.Items, "upload", grpc, atLeast(2, "×")),
	against("stream there and back, items/s, to grpc-go", suite.Items, "bidi", grpc, atLeast(2, "×")),

	against("1 MiB echo, copied, to raw TCP", suite.MBs, "big", raw, atLeast(0.5, "×")),
	ratioOf("1 MiB echo, handed over, to raw TCP", suite.MBs, Base, "bigown", raw, "bigown", atLeast(0.9, "×")),
	against("1 MiB echo, copied, to grpc-go", suite.MBs, "big", grpc, atLeast(2.5, "×")),

	against("deliveries/s to 1 subscriber, to NATS", suite.Deliveries, "pub1", nats, atLeast(1, "×")),
	against("deliveries/s to 8 subscribers, to NATS", suite.Deliveries, "pub8", nats, atLeast(1, "×")),
	against("deliveries/s to 64 subscribers, to NATS", suite.Deliveries, "pub64", nats, atLeast(1, "×")),
	{"lost below the high-water mark", atMost(0, "%"), []term{
		{name: "to 1", over: figureOf{Base, "pub1", suite.Lost}},
		{name: "to 8", over: figureOf{Base, "pub8", suite.Lost}},
		{name: "to 64", over: figureOf{Base, "pub64", suite.Lost}},
	}},

	mixed("zrpc client of a Python server, to Python's", "zrpc-python", python),
	mixed("Python client of a zrpc server, to Python's", "python-zrpc", python),
	mixed("zrpc client of a Node server, to Node's", "zrpc-node", node),
	mixed("Node client of a zrpc server, to Node's", "node-zrpc", node),
	{"CPU a call, zrpc's end to the foreign one", atMost(1, "×"), []term{
		ends("Python server", "zrpc-python", suite.ClientCPU, suite.ServerCPU),
		ends("Python client", "python-zrpc", suite.ServerCPU, suite.ClientCPU),
		ends("Node server", "zrpc-node", suite.ClientCPU, suite.ServerCPU),
		ends("Node client", "node-zrpc", suite.ServerCPU, suite.ClientCPU),
	}},

	ratioOf("p99 beside calls that sleep, to that without", suite.PooledP99, Base, "slowcall", Base, "calm", atMost(calmly, "×")),
	ratioOf("p99 beside a peer that does not read", suite.PooledP99, Base, "slowpeer", Base, "calm", atMost(calmly, "×")),

	plain("idle connection, server", suite.ServerKiB, Base, "idleconns", atMost(10, "KiB")),
	plain("idle connection, client", suite.ClientKiB, Base, "idleconns", atMost(10, "KiB")),
	{"idle stream, server, less raw TCP's: the handler's goroutine and nothing else", atMost(1, "KiB"), []term{{
		over: figureOf{Base, "idlestreams", suite.ServerKiB}, base: figureOf{raw, "idlestreams", suite.ServerKiB}, less: true,
	}}},
	plain("idle stream, client", suite.ClientKiB, Base, "idlestreams", atMost(1, "KiB")),
}

// plain is a goal for a figure by itself.
func plain(what string, m suite.Metric, peer, work string, b bound) goal {
	return goal{what, b, []term{{over: figureOf{peer, work, m}}}}
}

// against compares zrpc with another in one work.
func against(what string, m suite.Metric, work, peer string, b bound) goal {
	return ratioOf(what, m, Base, work, peer, work, b)
}

// ratioOf compares a figure with the same of another system or work.
func ratioOf(what string, m suite.Metric, peer, work, basePeer, baseWork string, b bound) goal {
	return goal{what, b, []term{{over: figureOf{peer, work, m}, base: figureOf{basePeer, baseWork, m}}}}
}

// ends compares what a call costs at the two ends of a pair, zrpc's first.
func ends(name, pair string, ours, theirs suite.Metric) term {
	return term{name: name, over: figureOf{pair, "foreign64", ours}, base: figureOf{pair, "foreign64", theirs}}
}

// mixed is how fast a pair with one zrpc end is beside one with none: where zrpc is never
// the slower side, it is as fast in everything.
func mixed(what, pair, foreign string) goal {
	speed := func(name, work string, m suite.Metric) term {
		ours, theirs := figureOf{pair, work, m}, figureOf{foreign, work, m}
		if !m.Higher {
			ours, theirs = theirs, ours // times: the inverse is the speed
		}
		return term{name: name, over: ours, base: theirs}
	}
	return goal{what, atLeast(1, "×"), []term{
		speed("1 in flight", "foreign1", suite.P50),
		speed("64 in flight", "foreign64", suite.Calls),
		speed("stream", "foreignstream", suite.Items),
	}}
}
