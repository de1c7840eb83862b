package broker

import (
	"log/slog"
	"time"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Options configures a Broker. The zero value, and nil, are the defaults. Zero
// means the default, negative means none.
type Options struct {
	// Name is what introspection and _zerorpc_ping answer when the workers do
	// not all belong to one service, whose name it is otherwise. Default
	// "broker".
	Name string

	// Heartbeat is the interval at which the broker itself counts time: it
	// beats to callers that wait for a worker, and finds a hung worker within
	// two. Clients and workers should use the same one. Default 5 s; it cannot be
	// switched off.
	Heartbeat time.Duration

	// Balance says which worker gets a call. Default Least.
	Balance Balance

	// WorkerCalls bounds the calls that one worker runs at a time; further
	// ones wait in the queue. Default 4,000, which fits a zrpc server. To the
	// worker all clients are one connection; a zrpc worker lets calls wait that
	// would answer more than the broker takes.
	WorkerCalls int

	// Queue bounds the calls that wait for a worker, those of different clients
	// in turn. A call that finds it full is answered ServerBusy. Default 1000;
	// negative: no call waits.
	Queue int

	// Wait is how long a call waits in the queue while no worker that has its
	// method is there; it is answered ServerBusy then. Default two heartbeats.
	Wait time.Duration

	// Settle is how long after Serve a call of an unknown method waits, since
	// workers are still coming back to a broker that was restarted. Later it is
	// answered NameError at once. Default one heartbeat.
	Settle time.Duration

	// Idle is how long a channel is kept whose heartbeats have stopped. Default
	// three heartbeats, stretched to the interval that was observed on it.
	Idle time.Duration

	// Idempotent says which methods may run twice, beside the calls whose
	// header has the key idem. nil: none. It must not block.
	Idempotent func(method string) bool

	// MaxChannels bounds the open calls of all clients, MaxClientChannels those
	// of one connection. Beyond, a call is answered ServerBusy. Defaults 65,536
	// and 4,096.
	MaxChannels, MaxClientChannels int

	// MaxClients and MaxWorkers bound the connections. Defaults 10,000 and 1000.
	MaxClients, MaxWorkers int

	// MaxMessage bounds one message in bytes. Default 64 MiB.
	MaxMessage int

	// MaxQueued bounds what is queued for all peers together, in bytes. When it
	// is exceeded each peer is held to its share. Default 256 MiB. A client that
	// does not read takes 1 to 2 MiB of it: its further calls wait then.
	MaxQueued int

	// Logger is told of workers that come and go (info) and of failures (warn).
	// nil: nothing is logged.
	Logger *slog.Logger
}

// withDefaults returns o with every zero replaced.
func (o Options) withDefaults() Options {
	number := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	if o.Name == "" {
		o.Name = "broker"
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	number(&o.WorkerCalls, defaultWorkerCalls)
	number(&o.Queue, defaultQueue)
	number(&o.MaxChannels, defaultChannels)
	number(&o.MaxClientChannels, defaultClientChannels)
	number(&o.MaxWorkers, 1000)
	number(&o.MaxQueued, defaultQueued)
	// The slot of a channel is a part of its id: see ids.
	if o.MaxChannels < 0 || o.MaxChannels > maxSlots {
		o.MaxChannels = maxSlots
	}
	for _, v := range []*int{&o.WorkerCalls, &o.MaxClientChannels, &o.MaxQueued} {
		if *v < 0 {
			*v = int(^uint(0) >> 1)
		}
	}
	o.Queue = max(o.Queue, 0)
	duration := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
		*v = max(*v, 0)
	}
	duration(&o.Wait, 2*o.Heartbeat)
	duration(&o.Settle, o.Heartbeat)
	if o.Idle == 0 {
		o.Idle = idleBeats * o.Heartbeat
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// ticks is d in ticks of the broker, rounded up.
func (o *Options) ticks(d time.Duration) uint32 {
	tick := o.Heartbeat / ticksPerBeat
	n := d / tick
	if d%tick > 0 { // not by a sum: d may be the longest there is
		n++
	}
	return uint32(min(n, 1<<30))
}

// conn holds the limits of each connection. X-Zrpc tells the peer that the other
// end of its connection understands zrpc's extensions, of revision 2.
func (o *Options) conn() zmtp.Config {
	return zmtp.Config{
		MaxMessage: o.MaxMessage,
		SendHWM:    sendHWM,
		SendBytes:  sendBytes,
		Property:   zmtp.Property{Name: "X-Zrpc", Value: "2"},
	}
}

// socket is what frontend and backend have in common.
func (o *Options) socket(maxConns int) socket.Options {
	return socket.Options{Conn: o.conn(), MaxConns: maxConns, Logger: o.Logger}
}
