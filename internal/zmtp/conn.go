package zmtp

import (
	"net"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/budget"
)

// Conn is one open ZMTP connection. Its two halves are independent: Next, Fill,
// Buffered, Resume and Detach belong to whoever holds the right to read, one
// goroutine at a time; everything else may be called by any goroutine.
type Conn struct {
	// set at creation
	nc         net.Conn
	peer       peerInfo
	maxMessage int
	maxFrames  int
	account    budget.Account

	rd reader
	wr writer

	// dlMu guards the read deadline and the fields below.
	dlMu        sync.Mutex
	interrupted bool
}

// newConn takes over nc after its handshake. rest, which the Conn copies, is
// what was read past it.
func newConn(nc net.Conn, cfg *Config, peer peerInfo, rest []byte) *Conn {
	c := &Conn{
		nc: nc, peer: peer,
		maxMessage: cfg.MaxMessage, maxFrames: cfg.MaxFrames,
	}
	if cfg.Budget != nil {
		c.account.Open(cfg.Budget, c.evict)
	}
	c.rd.init(nc, rest, &c.account)
	c.wr.init(c, cfg)
	return c
}

// PeerType returns the peer's socket type.
func (c *Conn) PeerType() zmq4.SocketType { return c.peer.typ }

// PeerIdentity returns the identity that the peer announced, empty if none. It
// is the peer's choice: two peers may announce the same. Not to be changed.
func (c *Conn) PeerIdentity() []byte { return c.peer.identity }

// PeerMinor returns the minor version of ZMTP 3 that the peer greeted with. A
// 3.0 peer subscribes by messages, a later one by commands (RFC 37).
func (c *Conn) PeerMinor() int { return int(c.peer.minor) }

// PeerProperty returns what the peer announced under the name of our
// Config.Property, "" if nothing.
func (c *Conn) PeerProperty() string { return c.peer.property }

// RemoteAddr returns the peer's network address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Done is closed when the connection is, for whatever reason. A failed write is
// none: sends then report it, and the connection is closed by the Fill that
// comes to the end of the peer's input.
func (c *Conn) Done() <-chan struct{} {
	w := &c.wr
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == nil {
		w.done = make(chan struct{})
		if w.closed != nil {
			close(w.done)
		}
	}
	return w.done
}

// Account returns what this connection holds of Config.Budget, so that others can
// draw on it for what came by it.
func (c *Conn) Account() *budget.Account { return &c.account }

// evict closes the connection in favour of others.
func (c *Conn) evict(err error) { c.broken("disconnected", err) }

// Err returns why the connection was closed, nil while it is open.
func (c *Conn) Err() error {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	return c.wr.closed
}

// Close closes the connection: a blocked Fill and all waiting senders return,
// later calls report err (nil: ErrClosed), and what is still queued is dropped.
// The first reason counts. It returns after the flusher has ended, so it must
// not be called from the release function of a SendOwned.
func (c *Conn) Close(err error) error {
	if err == nil {
		err = ErrClosed
	}
	cerr := c.shut(err)
	c.wr.flusher.Wait()
	return cerr
}

// CloseLinger stops accepting messages, gives what is queued at most d to be
// written, and closes. A reader in Fill meanwhile, or soon, is given the rest of d
// to see the peer's end of stream: closing a TCP socket with unread input
// resets it, and a reset takes the replies in flight with it.
func (c *Conn) CloseLinger(d time.Duration) error {
	drained, done := c.wr.drain(), c.Done()
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-drained:
			half, ok := c.nc.(interface{ CloseWrite() error })
			if ok && c.parks(min(d, readerPause), done) && half.CloseWrite() == nil {
				select {
				case <-done:
				case <-timer.C:
				}
			}
		case <-timer.C:
		case <-done:
		}
	}
	return c.Close(nil)
}

// parks reports whether a reader waits for input, at once or within d: it may be busy
// with what has come.
func (c *Conn) parks(d time.Duration, done <-chan struct{}) bool {
	for until := time.Now().Add(d); !c.rd.parked.Load(); {
		select {
		case <-time.After(parkedEvery):
		case <-done:
			return false
		}
		if time.Now().After(until) {
			return false
		}
	}
	return true
}

// shut closes the connection without waiting for anybody. Any goroutine.
func (c *Conn) shut(err error) error {
	w := &c.wr
	w.mu.Lock()
	if w.closed != nil {
		w.mu.Unlock()
		return nil
	}
	w.closed = err
	if w.done != nil {
		close(w.done)
	}
	dropped := w.failLocked(err)
	w.mu.Unlock()
	cerr := c.nc.Close()
	releaseAll(dropped)
	return cerr
}

// broken closes the connection for a reason that has to do with the peer, and
// returns what Err says afterwards.
func (c *Conn) broken(what string, err error) error {
	c.shut(peerError(c.nc, what, err))
	return c.Err()
}
