package pubsub

import "github.com/zrpc-go/zrpc/internal/socket"

// Puller receives its share of the events of the pushers that it is connected
// to. Its methods may be called concurrently.
type Puller struct {
	endpoints
	*receiver
}

// NewPuller returns a puller without endpoints. nil options are the defaults.
func NewPuller(opt *Options) *Puller {
	o := opt.normalize()
	pull := socket.NewPull(o.socket())
	return &Puller{endpoints{pull.Socket}, newReceiver(pull.Socket, pull.Take, &o)}
}
