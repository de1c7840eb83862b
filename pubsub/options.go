package pubsub

import (
	"log/slog"
	"time"

	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/internal/zmtp"
)

// Options configures the four types of this package; each uses what concerns
// it. The zero value, and nil, are the defaults; a negative number is the default
// too, unless its field says otherwise.
type Options struct {
	// HWM is how many events are queued for, or from, one peer, beside those just
	// being written. A Publisher drops beyond it, a Pusher waits, a receiver stops
	// reading that peer. Default 1000, as ZeroMQ's high-water mark.
	HWM int

	// QueueBytes bounds the same queue in bytes; a single event that is larger
	// may enter an empty queue. Default 1 MiB.
	QueueBytes int

	// MaxMessage bounds one event, in bytes. Emit refuses a larger one, a peer
	// that sends one is disconnected. Default 64 MiB.
	MaxMessage int

	// Linger is how long Close lets queued events go out. Default 1 s;
	// negative: not at all.
	Linger time.Duration

	// Concurrency is how many handlers Serve runs at a time. Default 1: events
	// are handled one after the other, in the order of their arrival. With more
	// their order is lost.
	Concurrency int

	// Interceptors are around every Emit of a sender, and around every event
	// that Serve of a receiver handles or has no handler for; the first is the
	// outermost.
	Interceptors []Interceptor

	// OnLoss is told when a Publisher's events are dropped: at once when that
	// begins, then at most once a second while it goes on. It runs on a
	// goroutine of the publisher's, and must not call Close.
	OnLoss func(Loss)

	// OnError is told of every event that Serve could not handle: what matches
	// [ErrNoHandler], arguments that do not fit, what the handler or an
	// interceptor returned, a [*PanicError]; and, with a nil event, of messages
	// that are no events. It runs where the handler did, so as often at a time as
	// Concurrency says.
	OnError func(e *Event, err error)

	// Logger is told of connections (debug), of losses, and of events that
	// could not be handled (warn, at most one line a second for each reason).
	// Default: nothing is logged.
	Logger *slog.Logger
}

const (
	// defaultHWM is libzmq's ZMQ_SNDHWM and ZMQ_RCVHWM.
	defaultHWM = 1000

	// reportEvery is the time between two reports of one kind, so that an
	// overload is not made worse by the talk of it.
	reportEvery = time.Second
)

// normalize returns a copy of o, which may be nil, with the defaults that this
// package needs to know itself.
func (o *Options) normalize() Options {
	var n Options
	if o != nil {
		n = *o
	}
	setDefault(&n.HWM, defaultHWM)
	setDefault(&n.QueueBytes, zmtp.DefaultSendBytes)
	setDefault(&n.MaxMessage, zmtp.DefaultMaxMessage)
	setDefault(&n.Concurrency, 1)
	if n.Logger == nil {
		n.Logger = slog.New(slog.DiscardHandler)
	}
	return n
}

func setDefault(v *int, def int) {
	if *v <= 0 {
		*v = def
	}
}

// socket translates normalized options.
func (o *Options) socket() socket.Options {
	return socket.Options{
		RecvHWM:   o.HWM,
		RecvBytes: o.QueueBytes,
		Conn:      zmtp.Config{SendHWM: o.HWM, SendBytes: o.QueueBytes, MaxMessage: o.MaxMessage},
		Linger:    o.Linger,
		Logger:    o.Logger,
	}
}
