package zmtp

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/zrpc-go/zrpc/internal/budget"
)

// Config is what a connection needs to know. Zero and negative numbers mean the
// defaults in limits.go. It is not changed by Handshake and may serve many connections.
type Config struct {
	Type     zmq4.SocketType // our socket type; required
	Identity []byte          // announced by REQ, DEALER and ROUTER; at most 255 bytes, not starting with 0
	Security zmq4.Security   // nil: NULL. A mechanism that encrypts traffic is refused
	Server   bool            // this side bound: it plays the mechanism's server

	// Property is a metadata property of the application's own, which RFC 23
	// wants to begin with "X-". It is announced to the peer, and what the peer
	// announces under the same name is Conn.PeerProperty. The NULL mechanism of
	// this package carries it; peers that do not know it ignore it.
	Property Property

	HandshakeTimeout time.Duration // greeting and mechanism together; 0: 10 s
	MaxMessage       int           // bytes of one whole message; 0: 64 MiB
	MaxFrames        int           // frames of one message; 0: 64

	SendHWM    int           // messages that wait for this peer, beside those being written; 0: 1000
	SendBytes  int           // bytes queued for this peer, beyond which the next message waits; 0: 1 MiB
	WriteStall time.Duration // a peer that accepts no byte for so long is closed; 0: 30 s

	// Budget bounds what all connections that have it hold together of messages
	// that have not come whole and of messages that are queued, small ones
	// excepted. A connection that would exceed it is closed, and one that holds
	// much more than one that would. nil: only each connection by itself is bounded.
	Budget *budget.Budget
}

// Property is one metadata property; the zero value is none.
type Property struct{ Name, Value string }

// withDefaults returns a copy with the zero values replaced.
func (c *Config) withDefaults() Config {
	d := *c
	setDefault(&d.HandshakeTimeout, DefaultHandshakeTimeout)
	setDefault(&d.MaxMessage, DefaultMaxMessage)
	setDefault(&d.MaxFrames, DefaultMaxFrames)
	setDefault(&d.SendHWM, DefaultSendHWM)
	setDefault(&d.SendBytes, DefaultSendBytes)
	setDefault(&d.WriteStall, DefaultWriteStall)
	if d.Security == nil {
		d.Security = nullSecurity{d.Property}
	}
	return d
}

func setDefault[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// check refuses what can never work.
func (c *Config) check() error {
	if !knownType(string(c.Type)) {
		return fmt.Errorf("zmtp: Config.Type %q is no ZeroMQ socket type", string(c.Type))
	}
	if err := checkIdentity(c.Identity); err != nil {
		return fmt.Errorf("zmtp: Config.Identity: %w", err)
	}
	if p := c.Property; p != (Property{}) && (!strings.HasPrefix(p.Name, "X-") || len(p.Name)+len(p.Value) > maxProperty) {
		return fmt.Errorf("zmtp: Config.Property %q: its name must begin with X-, and it must not take more than %d bytes", p.Name, maxProperty)
	}
	switch m := c.Security.Type(); m {
	case zmq4.NullSecurity, zmq4.PlainSecurity:
		return nil
	default:
		// Its frames would need decrypting, and zmq4's interface cannot say
		// how: the size goes out before Encrypt, and MORE is not passed to it.
		return fmt.Errorf("zmtp: Config.Security: %w: %s traffic is not supported, use NULL or PLAIN", ErrMechanism, m)
	}
}
