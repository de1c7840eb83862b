package pubsub

import (
	"fmt"
	"sync"

	"github.com/zrpc-go/zrpc/internal/socket"
)

// Subscriber receives the events of the publishers that it is connected to, all
// of them or those of some topics. Its methods may be called concurrently.
type Subscriber struct {
	endpoints
	*receiver

	// set at creation
	sub *socket.Sub

	mu sync.Mutex

	// mu guards the fields below.
	chosen bool                // Subscribe or Unsubscribe was called: everything is no longer the default
	topics map[string]struct{} // in force
}

// NewSubscriber returns a subscriber without endpoints, which wants all events.
// nil options are the defaults.
func NewSubscriber(opt *Options) *Subscriber {
	o := opt.normalize()
	sub := socket.NewSub(o.socket())
	_ = sub.Subscribe("") // fails only once it is closed
	return &Subscriber{
		endpoints: endpoints{sub.Socket},
		receiver:  newReceiver(sub.Socket, sub.Take, &o),
		sub:       sub,
		topics:    map[string]struct{}{"": {}},
	}
}

// Subscribe adds topics: events whose topic begins with one of them are received.
// The first call takes the place of the default, which is everything; the topic
// "" is everything again. Call it before Connect, or events of other topics may
// come meanwhile. It returns before the publishers know; one of this package
// disconnects who names a topic of more than 1 KiB, more than 10,000 of them or more
// than 1 MiB in all. Error: ErrClosed.
func (s *Subscriber) Subscribe(topics ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, topic := range topics {
		if _, ok := s.topics[topic]; !ok {
			if err := s.sub.Subscribe(topic); err != nil {
				return fmt.Errorf("pubsub: subscribing to %q: %w", topic, err)
			}
			s.topics[topic] = struct{}{}
		} else if topic == "" {
			s.chosen = true // what was the default is now wanted
		}
	}
	if s.chosen || len(topics) == 0 {
		return nil
	}
	// Last, so that nothing of the topics is missed in between.
	s.chosen = true
	return s.removeLocked("")
}

// Unsubscribe removes topics that Subscribe added, or everything, the topic "".
// Without any topic left nothing is received. Error: ErrClosed.
func (s *Subscriber) Unsubscribe(topics ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, topic := range topics {
		if err := s.removeLocked(topic); err != nil {
			return err
		}
	}
	return nil
}

func (s *Subscriber) removeLocked(topic string) error {
	if _, ok := s.topics[topic]; !ok {
		return nil
	}
	if err := s.sub.Unsubscribe(topic); err != nil {
		return fmt.Errorf("pubsub: unsubscribing from %q: %w", topic, err)
	}
	delete(s.topics, topic)
	s.chosen = true
	return nil
}
