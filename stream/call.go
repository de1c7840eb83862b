package stream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zrpc-go/zrpc/event"
)

// Call is one request being served. It is the handler's context: it ends when
// the handler returns, when the caller is lost and when the server is closed.
type Call struct {
	channel
	sm     *ServerMux
	method *Method

	// What came with the request. The slices are valid until the handler returns.
	Args    []byte // the encoded args: an array, from well-behaved peers
	Header  []byte // the encoded header map
	Version int    // the caller's protocol version

	in     *scratch     // our copy of the request; nil when inline or owned
	big    []byte       // the connection's buffer that the request lies in, when owned
	lent   *event.Bytes // the args in that buffer, when handlers may release it
	given  []byte       // what follows the encoded result, the handler's own
	tail   *event.Bytes // what follows the encoded result
	until  time.Time    // the caller's deadline; zero: none
	timer  *time.Timer  // ends the call then; the mux's mu guards it
	bytes  int          // what the request counts towards maxPeerBytes
	run    uint64       // the state in which the reader runs it; 0: it never did
	queued *Call        // the next in the gate's queue or the pool's; its lock guards it

	// set before it begins, and its goroutine's then
	lane    int  // of the gate
	answers int  // bytes that it is expected to answer, or does
	entered bool // the gate counts it as one that has not come to run
	bulky   bool // and so does starts

	opening atomic.Bool // a stream of which the gate awaits the first item

	extras atomic.Pointer[Extras] // nil while nobody needs them

	// the mux's mu guards these: its place among the open calls
	listed        bool
	ahead, behind *Call

	cmu   sync.Mutex // guards the fields below
	turn  uint64     // requests that it has served before; see loan
	kept  bool       // somebody may hold on to it
	done  chan struct{}
	cause error
	after []*afterFunc // in no particular order
}

// afterFunc is one registration of AfterFunc.
type afterFunc struct {
	f  func()
	at int // its place in Call.after
}

var _ context.Context = (*Call)(nil)

// Deadline returns the caller's deadline, if it sent one.
func (c *Call) Deadline() (time.Time, bool) { return c.until, !c.until.IsZero() }

// Done is closed when the call ends.
func (c *Call) Done() <-chan struct{} {
	c.cmu.Lock()
	defer c.cmu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.cause != nil {
			close(c.done)
		}
	}
	return c.done
}

// Err is nil while the call lasts, context.DeadlineExceeded if the caller's
// deadline ended it, and else context.Canceled.
func (c *Call) Err() error {
	c.cmu.Lock()
	defer c.cmu.Unlock()
	return c.errLocked()
}

func (c *Call) errLocked() error {
	switch c.cause {
	case nil:
		return nil
	case context.DeadlineExceeded:
		return c.cause
	}
	return context.Canceled
}

// expireLocked arranges for the call to end at its caller's deadline. A call that
// runs on the reading goroutine does without: it is short, or else loses the
// reader and comes here.
func (c *Call) expireLocked() {
	if c.until.IsZero() {
		return
	}
	c.timer = time.AfterFunc(time.Until(c.until), func() {
		c.m.mu.Lock()
		defer c.m.mu.Unlock()
		c.loseLocked(context.DeadlineExceeded)
	})
}

// callKey, connKey and ownerKey are the context keys of the call itself, of the
// connection that it came by and of the Owner of its Extras.
type (
	callKey  struct{}
	connKey  struct{}
	ownerKey struct{}
)

// Value serves FromContext, ConnFromContext and OwnerFromContext, and nothing else.
func (c *Call) Value(key any) any {
	switch key.(type) {
	case callKey:
		return c
	case connKey:
		return c.sm.conn
	case ownerKey:
		if x := c.extras.Load(); x != nil {
			return x.Owner
		}
	}
	return nil
}

// ConnFromContext returns the connection by which the call came that a handler's
// context belongs to, also after the call's end.
func ConnFromContext(ctx context.Context) (Conn, bool) {
	c, ok := ctx.Value(connKey{}).(Conn)
	return c, ok
}

// FromContext returns the call that a handler's context belongs to, while it runs.
func FromContext(ctx context.Context) (*Call, bool) {
	c, ok := ctx.Value(callKey{}).(*Call)
	return c, ok
}

// AfterFunc lets package context derive contexts without a goroutine for each.
func (c *Call) AfterFunc(f func()) (stop func() bool) {
	c.cmu.Lock()
	defer c.cmu.Unlock()
	if c.cause != nil {
		go f()
		return func() bool { return false }
	}
	a := &afterFunc{f, len(c.after)}
	c.after = append(c.after, a)
	return func() bool {
		c.cmu.Lock()
		defer c.cmu.Unlock()
		if a.f == nil || c.cause != nil {
			return false
		}
		// A call may last, and derive contexts by the million meanwhile.
		last := len(c.after) - 1
		c.after[a.at] = c.after[last]
		c.after[a.at].at = a.at
		c.after[last] = nil
		c.after = c.after[:last]
		a.f = nil
		return true
	}
}

// Cause is why the call ended: an error that wraps ErrLostRemote, or
// context.Canceled after a regular end.
func (c *Call) Cause() error {
	c.cmu.Lock()
	defer c.cmu.Unlock()
	return c.cause
}

// cancel ends the context.
func (c *Call) cancel(cause error) {
	c.cmu.Lock()
	defer c.cmu.Unlock()
	if c.cause != nil {
		return
	}
	c.cause = cause
	if c.done != nil {
		close(c.done)
	}
	for _, a := range c.after {
		go a.f()
	}
	c.after = nil
}

// Conn returns the connection that the request came by.
func (c *Call) Conn() Conn { return c.sm.conn }

// Name returns the name of the method.
func (c *Call) Name() string { return c.method.Name }

// SendItem sends one encoded item of a stream. It waits for the caller's credit
// and for room on the connection. One goroutine at a time.
func (c *Call) SendItem(item []byte) error {
	// As sendEvent, with less on the stack of a stream that waits.
	if err := c.takeCredit(c, c.sm); err != nil {
		return err
	}
	first := c.opening.Load() && c.opening.CompareAndSwap(true, false)
	if first {
		c.sm.sendsFirst(c, len(item))
	}
	var err error
	if x := c.extras.Load(); x != nil {
		err = c.sendItemWith(x, item)
	} else {
		s := c.pack(event.NameStream, item)
		err = c.m.conn.Send(c, c.envelope, s.b, Async)
		s.free()
	}
	if first {
		c.sm.sentFirst(c)
	}
	return err
}

// sendItemWith sends an item, with the header pairs of x that are due.
func (c *Call) sendItemWith(x *Extras, item []byte) error {
	extra, n := x.due(false)
	return c.sendCreditedWith(c, event.NameStream, extra, n, item, Async)
}

// NextItem returns the next encoded item of the caller's stream, valid until
// the next NextItem; io.EOF after the last, which no other error matches. One
// goroutine at a time.
func (c *Call) NextItem(ctx context.Context) ([]byte, error) { return c.next(ctx, c.sm) }

// loseLocked ends the call because its caller is gone.
func (c *Call) loseLocked(err error) {
	c.abortLocked(err)
	c.cancel(err)
}

// adopt gives the call its own copy of a request that lies in the read buffer.
func (c *Call) adopt(msg *Message, e *event.Event) {
	if msg.Owned {
		c.envelope, c.id, c.Header, c.Args = msg.Envelope, e.ID, e.Header, e.Args
		c.big, msg.Owned = msg.Buffer, false
		return
	}
	var b []byte
	if c.method.streams() {
		// It is not given back (see disown), so it had better be no larger than it is.
		b = make([]byte, 0, len(msg.Envelope)+len(e.ID)+len(e.Header)+len(e.Args))
	} else {
		c.in = scratchPool.Get().(*scratch)
		b = c.in.b
	}
	b = append(b, msg.Envelope...)
	i := len(b)
	b = append(b, e.ID...)
	j := len(b)
	b = append(b, e.Header...)
	k := len(b)
	b = append(b, e.Args...)
	if c.in != nil {
		c.in.b = b
	}
	c.envelope, c.id, c.Header, c.Args = b[:i:i], b[i:j:j], b[j:k:k], b[k:]
}

// disown gives the memory of the request back; nothing of it may be used any
// more. That of a stream is left to the collector: a goroutine that the handler
// left behind may be about to send on the channel.
func (c *Call) disown() {
	if c.flow != nil {
		return
	}
	c.Args, c.Header, c.envelope, c.id = nil, nil, nil, nil
	if c.in != nil {
		c.in.free()
		c.in = nil
	}
	c.recycle()
}
