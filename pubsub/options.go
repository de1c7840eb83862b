package pubsub

import (
	"log/slog"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Options configures the four types of this package. The zero value, and nil,
// are the defaults.
type Options struct {
	// HWM is how many events are queued for, or from, one peer. Default 1000.
	HWM int

	// MaxMessage bounds one event, in bytes; a peer that sends more is
	// disconnected. Default 64 MiB.
	MaxMessage int

	// Logger is told of connections (debug) and of events that could not be
	// handled (warn). Default: nothing is logged.
	Logger *slog.Logger
}

func (o *Options) normalize() Options {
	var n Options
	if o != nil {
		n = *o
	}
	if n.Logger == nil {
		n.Logger = slog.New(slog.DiscardHandler)
	}
	return n
}

func (o *Options) socket() socket.Options {
	return socket.Options{
		RecvHWM: o.HWM,
		Conn:    zmtp.Config{SendHWM: o.HWM, MaxMessage: o.MaxMessage},
		Logger:  o.Logger,
	}
}

// endpoints are the methods that every socket has.
type endpoints struct{ sock *socket.Socket }

// Bind listens on an endpoint, such as tcp://*:4243, and returns the endpoint
// it really got.
func (e endpoints) Bind(endpoint string) (string, error) { return e.sock.Bind(endpoint) }

// Connect connects to an endpoint and keeps that connection up. It returns at
// once; the other side may come later.
func (e endpoints) Connect(endpoint string) error { return e.sock.Connect(endpoint) }

// Close lets queued events go out for at most a second and ends all connections.
func (e endpoints) Close() error { return e.sock.Close() }

// Stats are counts of a socket.
type Stats struct {
	Peers   int    // present connections
	Dropped uint64 // events dropped because a peer's queue was full
}

// Stats returns the present counts.
func (e endpoints) Stats() Stats {
	s := e.sock.Stats()
	return Stats{Peers: s.Peers, Dropped: s.DroppedFull}
}
