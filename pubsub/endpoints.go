package pubsub

import "github.com/zrpc-go/zrpc/internal/socket"

// endpoints are the methods that the four types have in common. They may be
// called concurrently.
type endpoints struct{ sock *socket.Socket }

// Bind listens on an endpoint, such as tcp://*:4243, tcp://127.0.0.1:* (any free
// port), ipc:///run/events.sock or inproc://name, and returns the endpoint it
// really got.
func (e endpoints) Bind(endpoint string) (string, error) { return e.sock.Bind(endpoint) }

// Connect connects to an endpoint and keeps that connection up. It returns at
// once; the other side may come later. Only what can never work is an error.
func (e endpoints) Connect(endpoint string) error { return e.sock.Connect(endpoint) }

// Unbind stops listening on an endpoint, as it was given to Bind or returned by
// it. Connections that came by it stay.
func (e endpoints) Unbind(endpoint string) error { return e.sock.Unbind(endpoint) }

// Disconnect ends the connections that Connect made to an endpoint; what is
// queued still goes out for Options.Linger.
func (e endpoints) Disconnect(endpoint string) error { return e.sock.Disconnect(endpoint) }
