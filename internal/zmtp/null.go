package zmtp

import (
	"io"

	"github.com/go-zeromq/zmq4"
)

// nullSecurity is the NULL mechanism (RFC 23). zmq4 has one too, but writes
// its properties in the random order of a map and an Identity for every socket
// type; this one writes the bytes that libzmq writes.
type nullSecurity struct{ property Property }

// Type implements zmq4.Security.
func (nullSecurity) Type() zmq4.SecurityType { return zmq4.NullSecurity }

// Handshake sends our READY without waiting for the peer's, as both sides do.
// The guard below conn has checked the peer's command whole.
func (s nullSecurity) Handshake(conn *zmq4.Conn, _ bool) error {
	typ := conn.Meta[propType]
	body := appendProperty(nil, propType, typ)
	if hasIdentity(zmq4.SocketType(typ)) {
		body = appendProperty(body, propIdentity, conn.Meta[propIdentity])
	}
	if s.property.Name != "" {
		body = appendProperty(body, s.property.Name, s.property.Value)
	}
	if err := conn.SendCmd(zmq4.CmdReady, body); err != nil {
		return err
	}
	cmd, err := conn.RecvCmd()
	if err != nil {
		return err
	}
	if cmd.Name != zmq4.CmdReady {
		return zmq4.ErrBadCmd
	}
	md, err := parseMetadata(cmd.Body)
	if err != nil {
		return err
	}
	if v := findProperty(cmd.Body, s.property.Name); v != nil {
		conn.Peer.Meta[s.property.Name] = string(v)
	}
	conn.Peer.Meta[propType] = md.Type
	conn.Peer.Meta[propIdentity] = string(md.Identity)
	return nil
}

// Encrypt implements zmq4.Security: NULL leaves data as it is.
func (nullSecurity) Encrypt(w io.Writer, data []byte) (int, error) { return w.Write(data) }

// Decrypt implements zmq4.Security: NULL leaves data as it is.
func (nullSecurity) Decrypt(w io.Writer, data []byte) (int, error) { return w.Write(data) }
