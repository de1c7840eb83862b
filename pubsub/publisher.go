package pubsub

import (
	"context"
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/internal/socket"
)

// Publisher sends each event to all subscribers that want it. Its methods may be
// called concurrently.
type Publisher struct {
	endpoints

	// set at creation
	pub  *socket.Pub
	all  *Emitter // without topic and header
	loss *lossWatch
}

// NewPublisher returns a publisher without endpoints. nil options are the
// defaults.
func NewPublisher(opt *Options) *Publisher {
	o := opt.normalize()
	pub := socket.NewPub(o.socket())
	out := newOutlet(pub.Send, &o)
	p := &Publisher{endpoints{pub.Socket}, pub, &Emitter{out: out}, newLossWatch(pub, &o)}
	out.sent = p.loss.look
	return p
}

// Emit sends an event without a topic; see [Emitter.Emit]. It goes to the
// subscribers that named no topic.
func (p *Publisher) Emit(ctx context.Context, name string, args ...any) error {
	return p.all.Emit(ctx, name, args...)
}

// Topic returns an emitter whose events go to the subscribers of a prefix of the
// topic, and to those that named none. The empty topic is none.
func (p *Publisher) Topic(topic string) *Emitter {
	e := *p.all
	if topic != "" {
		e.topic = []byte(topic)
	}
	return &e
}

// WithHeader is [Emitter.WithHeader] for events without a topic.
func (p *Publisher) WithHeader(key string, value any) *Emitter { return p.all.WithHeader(key, value) }

// The wait between two looks at the subscriptions: short at first, since they
// usually arrive within a round trip, then what nobody notices.
const (
	awaitMin = time.Millisecond
	awaitMax = 20 * time.Millisecond
)

// AwaitSubscriptions waits until n subscriptions are in force, so that what is
// emitted next reaches them. A subscriber has one for each topic that it named,
// or a single one for everything. Errors: ctx's, ErrClosed.
func (p *Publisher) AwaitSubscriptions(ctx context.Context, n int) error {
	have := 0
	for wait := awaitMin; ; wait = min(2*wait, awaitMax) {
		if have = p.pub.Subscriptions(); have >= n {
			return nil
		}
		var err error
		select {
		case <-time.After(wait):
			continue
		case <-ctx.Done():
			err = ctx.Err()
		case <-p.sock.Done():
			err = ErrClosed
		}
		return fmt.Errorf("pubsub: waiting for subscriptions: %d of %d have come: %w", have, n, err)
	}
}

// Stats returns the present counts.
func (p *Publisher) Stats() Stats { return senderStats(p.sock, p.all.out) }

// Close lets queued events go out for Options.Linger, ends all connections and
// returns when all goroutines of the publisher have ended.
func (p *Publisher) Close() error {
	err := p.sock.Close()
	p.loss.close()
	return err
}

func senderStats(sock *socket.Socket, out *outlet) Stats {
	s := sock.Stats()
	return Stats{Peers: s.Peers, Emitted: out.emitted.Load(), Dropped: Drops{Full: s.DroppedFull}}
}
