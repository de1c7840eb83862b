// Package broker stands between zerorpc clients and workers and spreads calls,
// streams included, so that each side believes the other to be at the end of
// its own connection. Clients connect to the frontend, workers connect out to
// the backend; neither needs to know of the broker. Python's and Node's zerorpc,
// Go's, and any mixture of them will do.
//
//	b := broker.New(nil)
//	front, err := b.BindFrontend("tcp://*:4242")
//	back, err := b.BindBackend("tcp://*:4243")
//	err = b.Serve(ctx) // until ctx ends
//
// # Affinity
//
// ZeroMQ's own proxies balance messages; a zerorpc call is a conversation of
// many. Here the event that opens a channel picks a worker, and every later
// event of that channel, heartbeats and credit too, goes between the same two
// ends. Only the head of an event is read (message_id, response_to, name); the
// arguments pass as they are. Ids of different clients cannot collide at a
// worker: each channel gets an id of the broker's towards the worker.
//
//	          open                     worker has room
//	(none) ──(gate)─▶ queued ───────────────────────────▶ running
//	   │                │  ▲                                │ │ │
//	   │ worker has     │  └──── worker lost or stopping ───┘ │ │ OK, ERR,
//	   │ room           │        before it ran, or idempotent │ │ STREAM_DONE
//	   └──▶ running     │                                     │ ▼
//	                    └──▶ ended ◀──── lost, idle, full ────┘ ended
//
// # Choice of a worker
//
// A worker is asked for its methods when it comes (_zerorpc_inspect, else
// _zerorpc_list), and gets the calls of those. "service.method", or the header
// key service, picks among workers whose method names clash. Options.Balance
// says which worker of those gets a call; Options.WorkerCalls bounds what one
// runs at a time, and Options.Queue what waits.
//
// # Fairness
//
// What one client has on its way, in answers that are being made and answers that
// it has not read, is bounded: from 1 MiB, and more while it reads all that comes.
// Its further calls wait at a gate of its own, where they take no place in the
// queue, are kept alive and can be cancelled; what they would answer is judged by
// the last answers of the method. So a client that asks for much and reads nothing
// costs the workers and its neighbours a few calls. If the requests that wait are
// more than 16 MiB, further ones are answered ServerBusy, and if it takes no byte
// for 30 s it is disconnected. Calls whose handlers are slow are let through all
// the same, within a second or so.
//
// # Failure
//
// A worker whose connection ends is out at once, one that stops answering within
// two heartbeats; while it is in doubt the broker beats in its place, so that
// its callers do not give the broker up. The calls that it held are answered
// with the error LostRemote at once, or, if the caller marked them idempotent
// (header key idem) and nothing was answered yet, run again elsewhere. A worker
// that is shutting down (it answers ServerStopping) gets no more calls and those
// it refused go to another one; if there is none they are answered ServerBusy.
// ServerStopping from a broker is its own word: it is shutting down itself. A
// broker keeps nothing on disk: after its restart clients and workers connect
// again by themselves. Workers may connect to several brokers, and so may
// clients of package zrpc, whose calls each stay with one connection; Python's
// and Node's clients spread the events of a call over their connections and need
// one broker each.
//
// Nothing here waits for a peer. A queue that is full ends the channel that
// would have used it, with an error that says so and a count in Status.
package broker
