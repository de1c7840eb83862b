package socket

import (
	"log/slog"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Options configure a Socket. Beside Type everything may be left zero, which
// means the default. A negative count means no bound.
type Options struct {
	// Type is the ZeroMQ socket type announced to peers. The constructors of
	// the patterns set it themselves.
	Type zmq4.SocketType

	// Identity is announced to peers, which may route by it: at most 255
	// bytes, not starting with a zero byte. Empty: anonymous.
	Identity []byte

	// Security gives the mechanism of one connection and whether this side
	// plays the mechanism's server; it is called for each connection, so that a
	// mechanism may keep state. accepted is whether the peer came to us. nil: NULL.
	Security func(accepted bool) (sec zmq4.Security, server bool)

	// Conn holds the limits of each connection, its Property and the Budget that all
	// share. Type, Identity, Security and Server are ignored: they are given above.
	Conn zmtp.Config

	// RecvHWM and RecvBytes bound what is received from one peer and not yet
	// taken by Recv; its connection is not read meanwhile. Defaults 1000
	// messages and 1 MiB; a single larger message may enter an empty queue.
	RecvHWM, RecvBytes int

	// ReconnectMin and ReconnectMax bound the jittered wait before Connect
	// tries again; see backoff. Defaults 100 ms and 30 s, for negative ones too.
	ReconnectMin, ReconnectMax time.Duration

	// Linger is how long Close and Disconnect let queued messages go out.
	// Default 1 s; negative: not at all.
	Linger time.Duration

	// MaxConns bounds accepted connections; further ones are closed at once.
	// Default 10,000. MaxHandshakes bounds those of them whose handshake is
	// not done; the oldest is closed for a new one. Default 1024.
	MaxConns, MaxHandshakes int

	// Mandatory makes a Router report what it cannot send, as libzmq's
	// ZMQ_ROUTER_MANDATORY, instead of dropping and counting it.
	Mandatory bool

	// Serve owns each connection once its handshake is done. It is called on
	// the connection's goroutine and has the right to read; the peer is gone
	// when it returns. It must return when a read fails, and must not call
	// Close of the socket. nil: what arrives is dropped.
	Serve func(p *Peer)

	// Begin, if set, is called instead of Serve, for owners that need no goroutine
	// of ours for each connection: it must return soon, or when Close begins, and
	// see to it that end is called once, when the owner is done with p; the peer is
	// gone when end returns, which may wait for Linger if the connection is open.
	Begin func(p *Peer, end func())

	// OnConnectError is told of every failed attempt of Connect, on the
	// connector's goroutine; the attempt is repeated after it returns. The
	// errors of zmtp (RefusedError, ErrIncompatible …) can be told by errors.Is
	// and errors.As.
	OnConnectError func(endpoint string, err error)

	// Logger is told of connections (debug) and failures (debug; warn where a
	// limit or the system refused). nil: nothing is logged.
	Logger *slog.Logger
}

// withDefaults returns o with every zero replaced.
func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		} else if *v < 0 {
			*v = int(^uint(0) >> 1)
		}
	}
	def(&o.MaxConns, defaultMaxConns)
	def(&o.MaxHandshakes, defaultMaxHandshakes)
	def(&o.RecvHWM, defaultRecvHWM)
	def(&o.RecvBytes, defaultRecvBytes)
	if o.ReconnectMin <= 0 {
		o.ReconnectMin = defaultReconnectMin
	}
	if o.ReconnectMax <= 0 {
		o.ReconnectMax = defaultReconnectMax
	}
	o.ReconnectMax = max(o.ReconnectMax, o.ReconnectMin)
	if o.Linger == 0 {
		o.Linger = defaultLinger
	}
	if o.Serve == nil {
		o.Serve = discard
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// discard reads a connection to its end and drops what comes.
func discard(p *Peer) {
	for {
		_, ok, err := p.Next()
		if err == nil && !ok {
			err = p.Fill()
		}
		if err != nil {
			return
		}
	}
}
