package zrpc

import (
	"log/slog"
	"math"
	"runtime/debug"
	"time"

	"github.com/zrpc-go/zrpc/internal/budget"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
	"github.com/zrpc-go/zrpc/stream"
)

// ServerOptions configures a Server. The zero value, and nil, are zerorpc's
// defaults. Zero means the default, negative means off.
type ServerOptions struct {
	// Name is what introspection calls the service. Default: the type of the
	// first registered receiver.
	Name string

	// Heartbeat is the interval of heartbeats to callers of calls that last.
	// Default 5 s; negative: none are sent and a silent caller is never lost.
	Heartbeat time.Duration

	// PoolSize bounds the calls that run at once; further ones wait, those of
	// different connections in turn. Default: no bound but MaxCalls.
	PoolSize int

	// MaxCalls bounds the open calls, running or waiting, of all connections,
	// MaxConnCalls those of one; beyond, a request is answered ServerBusy.
	// Defaults 65,536 and 4,096.
	MaxCalls, MaxConnCalls int

	// MaxConns bounds the connections. Default 10,000.
	MaxConns int

	// MaxMessage bounds one message, in bytes; a peer that sends more is
	// disconnected, with all its calls. Clients that have the same bound refuse such
	// a call themselves, with an error that says so. Default 64 MiB.
	MaxMessage int

	// MaxHeld bounds, in bytes, what all connections together hold of messages that
	// have not come whole, of open calls' requests and of answers that are not
	// sent; some 50 KiB of each connection are not counted. Beyond, a request that
	// is larger is answered ServerBusy and a connection that goes on with a message
	// is closed, unless there are others that hold much more: then these are closed,
	// and what comes before they have given it back may be refused once more.
	// Default 1 GiB, or half of GOMEMLIMIT where that is less. A peer that asks for
	// much and does not read comes to some 3 MiB, or 20 if it had many slow calls
	// before: then its further calls wait, and do not begin.
	MaxHeld int

	// Window is how many items a caller's stream may be ahead of the handler.
	// Default 100.
	Window int

	// Grace is how long Serve lets calls in progress go on after its context
	// has ended. Default 10 s; negative: not at all.
	Grace time.Duration

	// Traceback sends callers the stack of a handler that panicked and the
	// long form of its errors. Off by default: it tells about the inside.
	Traceback bool

	// Interceptors wrap every call, the first the outermost; zerorpc's own
	// methods, such as _zerorpc_inspect, are calls too. A panic is always
	// recovered and answered, whatever is here; they get it as a *PanicError.
	Interceptors []Interceptor

	// Logger is told of connections (debug) and of what needs a look.
	// Default: nothing is logged.
	Logger *slog.Logger

	// Trace is called with the encoded body of every event sent and received,
	// for debugging. It must not keep the slice, and not block.
	Trace func(sent bool, event []byte)
}

// ClientOptions configures a Client. The zero value, and nil, are zerorpc's
// defaults. Zero means the default, negative means off.
type ClientOptions struct {
	// Heartbeat is the interval of heartbeats in calls that last. A server
	// that sends none for two to three intervals is lost, and so is one that no
	// connection could be made to for three. Default 5 s; negative: none are sent,
	// and nothing but a broken connection or the call's context ends a call.
	Heartbeat time.Duration

	// Passive makes the client wait for the server's first heartbeat before it
	// sends its own, or loses the server for want of them.
	Passive bool

	// MaxMessage bounds one message, in bytes: calls with larger arguments are
	// errors, and a server that sends more is disconnected. It should be no more
	// than the servers'. Default 64 MiB.
	MaxMessage int

	// Logger is told of connections (debug) and of what needs a look.
	// Default: nothing is logged.
	Logger *slog.Logger

	// Trace is as in ServerOptions.
	Trace func(sent bool, event []byte)

	// Interceptors wrap every call, the first the outermost.
	Interceptors []Interceptor

	// Balance chooses among the connections of a client that has several.
	// Default: RoundRobin.
	Balance Balance

	// Health says when a server is left out because it does not answer.
	Health HealthOptions

	// Resolver names endpoints to connect to, beside those of Connect, for as long
	// as the client is open. Connections to endpoints that it no longer names are
	// drained. Default: none.
	Resolver Resolver

	// Drain is how long calls in progress may go on at an endpoint that the
	// resolver no longer names; then they end with ErrLostRemote. Default 5 min;
	// negative: without end.
	Drain time.Duration

	// CallOptions are the defaults of every call; see Client.With.
	CallOptions
}

// CallOptions are choices for single calls, made by Client.With. A zero field
// leaves what the client had.
type CallOptions struct {
	// Timeout bounds the wait for an answer, or for the first item of a stream,
	// beside the context's own deadline. Default: none.
	Timeout time.Duration

	// ItemTimeout bounds the wait for each further item of a stream. Default: none.
	ItemTimeout time.Duration

	// Credit is how many items a stream may be ahead of its reader. Default 100.
	Credit int

	// Metadata is sent along with each call; that of the context, see
	// WithMetadata, goes before it.
	Metadata Metadata

	// Idempotent says that the calls may run twice: Retry, and interceptors that
	// make calls again, may then do so even when they cannot know whether a first
	// attempt ran. Each attempt at a call has the same key; a server may recognise
	// it, see package interceptor/retry. What a client had, With cannot take back.
	Idempotent bool

	// Retry says how often calls that failed are made again. Default: never.
	Retry Retry
}

const defaultGrace = 10 * time.Second

func (o *ServerOptions) normalize() {
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func (o *ServerOptions) stream(t *stream.Ticker) *stream.Options {
	return &stream.Options{Heartbeat: o.Heartbeat, Window: o.Window, Ticker: t, Trace: o.Trace}
}

func (o *ServerOptions) socket() socket.Options {
	return socket.Options{
		MaxConns: o.MaxConns,
		Conn:     zmtp.Config{Property: announcement, MaxMessage: maxMessage(o.MaxMessage), Budget: o.budget()},
		Logger:   o.Logger,
	}
}

// defaultHeld leaves room for a dozen of the largest messages, and for the rest of
// a program in the usual few GiB.
const defaultHeld = 1 << 30

// budget returns what all connections share; nil: there is no bound.
func (o *ServerOptions) budget() *budget.Budget {
	most := o.MaxHeld
	switch {
	case most < 0:
		return nil
	case most == 0:
		most = int(min(defaultHeld, debug.SetMemoryLimit(-1)/2)) // -1 only asks
	}
	return budget.New(most)
}

func (o *ClientOptions) normalize() {
	if o.Heartbeat == 0 {
		o.Heartbeat = stream.DefaultHeartbeat
	}
	if o.Balance == nil {
		o.Balance = RoundRobin
	}
	o.Health.normalize()
	if o.Drain == 0 {
		o.Drain = defaultDrain
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func (o *ClientOptions) stream(t *stream.Ticker) *stream.Options {
	return &stream.Options{Heartbeat: o.Heartbeat, Passive: o.Passive, Ticker: t, Trace: o.Trace}
}

func (o *ClientOptions) socket() socket.Options {
	return socket.Options{Conn: zmtp.Config{Property: announcement, MaxMessage: maxMessage(o.MaxMessage)}, Logger: o.Logger}
}

// maxMessage is MaxMessage as package zmtp has it, which knows no "off".
func maxMessage(n int) int {
	if n < 0 {
		return math.MaxInt / 2 // sums of it and a few headers do not overflow
	}
	return n
}

// over returns o with the fields that are set in p.
func (o CallOptions) over(p CallOptions) CallOptions {
	if p.Timeout != 0 {
		o.Timeout = p.Timeout
	}
	if p.Credit != 0 {
		o.Credit = p.Credit
	}
	if p.ItemTimeout != 0 {
		o.ItemTimeout = p.ItemTimeout
	}
	if p.Metadata != nil {
		o.Metadata = p.Metadata
	}
	o.Idempotent = o.Idempotent || p.Idempotent
	o.Retry = o.Retry.over(p.Retry)
	return o
}
