package zmtp

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Handshake greets the peer on nc, runs the security mechanism and returns the
// open connection. It blocks for at most cfg.HandshakeTimeout; closing nc ends
// it earlier. On error nc is closed, without a word to the peer. The errors are
// those at the head of errors.go, *RefusedError, or the network's; Permanent
// sorts them.
//
// nc belongs to the Conn afterwards. Bytes that the peer sent behind its
// handshake are kept for the first Next.
func Handshake(nc net.Conn, cfg *Config) (*Conn, error) {
	conf := cfg.withDefaults()
	if err := conf.check(); err != nil {
		nc.Close()
		return nil, err
	}
	g := newGuard(nc, &conf)
	var peer peerInfo
	err := nc.SetDeadline(time.Now().Add(conf.HandshakeTimeout))
	if err == nil {
		peer, err = open(g, &conf)
	}
	if err != nil {
		nc.Close()
		g.join()
		if isTimeout(err) {
			err = fmt.Errorf("not finished after %v: %w", conf.HandshakeTimeout, err)
		}
		return nil, peerError(nc, "handshake with", err)
	}
	nc.SetDeadline(time.Time{})
	return newConn(nc, &conf, peer, g.buf), nil
}

// peerInfo is what a handshake told about the other side.
type peerInfo struct {
	typ      zmq4.SocketType
	identity []byte
	minor    byte
	property string // the value of Config.Property at the other side
}

// open runs zmq4's handshake over g. A mechanism's parser may panic on a
// peer's bytes; this is the one place where that is caught.
func open(g *guard, cfg *Config) (p peerInfo, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: mechanism %s: %v", ErrHandshake, cfg.Security.Type(), r)
		}
	}()
	zc, err := zmq4.Open(g, cfg.Security, cfg.Type, zmq4.SocketIdentity(cfg.Identity), cfg.Server, nil)
	if err != nil {
		if g.err != nil {
			return p, g.err
		}
		if errors.Is(err, zmq4.ErrBadCmd) || errors.Is(err, zmq4.ErrBadFrame) {
			err = fmt.Errorf("%w: %w", ErrHandshake, err)
		}
		return p, err
	}
	if err := errors.Join(g.flush(), g.join()); err != nil {
		return p, err
	}
	if g.pass != 0 {
		return p, fmt.Errorf("%w: mechanism %s left a command half read", ErrHandshake, cfg.Security.Type())
	}
	// A mechanism of somebody else may have taken metadata from a command that
	// the guard does not know, so what it says is checked again.
	p.typ = zmq4.SocketType(zc.Peer.Meta[propType])
	p.identity = []byte(zc.Peer.Meta[propIdentity])
	p.minor = g.minor
	p.property = zc.Peer.Meta[cfg.Property.Name]
	if !knownType(string(p.typ)) {
		return p, fmt.Errorf("%w: the peer names no Socket-Type", ErrHandshake)
	}
	return p, checkIdentity(p.identity)
}
