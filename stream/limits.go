package stream

import (
	"time"

	"github.com/zrpc-go/zrpc/internal/msgid"
)

// Defaults and limits of the event layer, each with its reason.
const (
	// DefaultHeartbeat is zerorpc's own; both ends should agree on it.
	DefaultHeartbeat = 5 * time.Second

	// DefaultWindow is how many stream items a receiver lets the sender be
	// ahead. It is zerorpc-python's queue length, which that peer must not exceed
	// and which it expects nobody to exceed.
	DefaultWindow = 100

	// maxWindow bounds what may be asked for: more is no bound, and sums of it
	// must not overflow.
	maxWindow = 1 << 20

	// maxGrown is what a window that nobody chose grows to between zrpc peers, as
	// long as the receiver waits for items: enough that a grant is on its way
	// long before the sender has used up the last one.
	maxGrown = 2048

	// maxInboxBytes is what one channel is meant to hold for a reader that is
	// slow. Windows count items, so big items shrink the window to stay under it.
	maxInboxBytes = 16 << 20

	// maxCredit bounds what a peer may grant: a larger sum means no more than
	// "send on" and must not overflow.
	maxCredit = 1 << 40

	// DefaultPeerCalls bounds the open calls of one connection: some 10 KiB
	// each with its goroutine, so that one peer cannot take more than 40 MiB.
	DefaultPeerCalls = 4096

	// DefaultCalls bounds the open calls of all connections of a server.
	DefaultCalls = 65536

	// maxPeerBytes bounds what one connection's open calls hold of what their
	// callers sent, requests and items that were not taken, because a single one
	// may be as large as the largest message. It also bounds the items that one
	// stream to a caller holds: a full window of them at 1 MiB each fits.
	maxPeerBytes = 128 << 20

	// maxClientChannels is what the slot part of a message id can number,
	// less the value that means "no slot".
	maxClientChannels = msgid.NoSlot - 1

	// usualEvent is the room that an encoding buffer has at first, in bytes: an
	// event with a short argument takes about 100.
	usualEvent = 256

	// keepScratch is the largest encoding buffer that goes back to a pool.
	keepScratch = 8 << 10

	// keepLarge is the largest buffer that goes back to the pool of large ones.
	keepLarge = 4 << 20

	// HandOver is the size, in bytes, from which arguments and results are
	// written from where they are instead of being copied behind the header.
	HandOver = 16 << 10
)

// Options configures a mux. The zero value is zerorpc's defaults.
type Options struct {
	// Heartbeat is the interval of this end's heartbeats. 0 means
	// DefaultHeartbeat, negative means none are sent and none are missed.
	Heartbeat time.Duration

	// Passive makes this end wait for the peer's first heartbeat before it sends
	// its own or judges the peer's.
	Passive bool

	// Window is how many stream items the other end may be ahead of a
	// receiver here; 0 means DefaultWindow, which grows while a receiver waits
	// if the peer is zrpc.
	Window int
	fixed  bool // Window was chosen

	// Ticker drives heartbeats; muxes may share one. Nil makes one for this mux.
	Ticker *Ticker

	// Trace, when set, is called with the body of every event sent and received,
	// by several goroutines at once. It must not keep the slice, nor block, nor
	// use the mux, which may be locked.
	Trace func(sent bool, body []byte)
}

func (o *Options) normalize() {
	if o.Heartbeat == 0 {
		o.Heartbeat = DefaultHeartbeat
	}
	if o.fixed = o.Window > 0; !o.fixed {
		o.Window = DefaultWindow
	}
	o.Window = min(o.Window, maxWindow)
	if o.Ticker == nil {
		o.Ticker = NewTicker(o.Heartbeat)
	}
}
