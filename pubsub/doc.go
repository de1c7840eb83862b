// Package pubsub sends events that nobody answers, in zerorpc's two patterns:
//
//	Publisher → Subscriber   every subscriber gets every event (PUB, SUB)
//	Pusher → Puller          one of the pullers gets each event (PUSH, PULL)
//
// An event is a name and arguments, as a call is. Either side may bind and the
// other connect, each to any number of endpoints, and either may be
// zerorpc-python:
//
//	pub := pubsub.NewPublisher(nil)
//	endpoint, err := pub.Bind("tcp://*:4243")
//	err = pub.Emit(ctx, "tick", 42)
//
//	sub := pubsub.NewSubscriber(nil)
//	err := sub.Handle("tick", func(ctx context.Context, n int) error { … })
//	err = sub.Connect("tcp://127.0.0.1:4243")
//	err = sub.Serve(ctx)
//
// A handler is a function as package zrpc takes it, without streams. Instead of
// handlers and Serve there is an iterator:
//
//	for e, err := range sub.Events(ctx) { … e.Name … e.Decode(&n) … }
//
// # Topics
//
// A publisher can spare a subscriber, and the network, what it does not want:
//
//	pub.Topic("eu.").Emit(ctx, "tick", 42)
//	sub.Subscribe("eu.", "us.")
//
// A topic is compared by prefix, so "eu" would match "europe." too: end it with
// a separator. A subscriber that names no topic gets everything. On the wire the
// topic is a frame before the event. Python's Subscriber takes the last frame
// for the event and reads it like any other; its Publisher sends no topics, so a
// subscriber that names some gets nothing from it.
//
// # Interceptors
//
// Options.Interceptors wrap every Emit, or every event handled, as those of
// package zrpc wrap calls: for a trace that travels, access control, metrics, log
// lines. Packages interceptor/otel and interceptor/logging have some.
//
// # What is delivered, and what is not
//
// A Publisher never waits. What a subscriber's queue has no room for (1000
// events or 1 MiB, see Options) is dropped for that subscriber, counted in
// Stats, and reported by Options.OnLoss or the log. The subscriber cannot know:
// nothing in the protocol numbers events. What is sent before a subscription has
// arrived is not for that subscriber; [Publisher.AwaitSubscriptions] waits for it.
// A subscriber that takes no byte for 30 s is disconnected, and comes back.
//
// A Pusher waits for a puller with room. Each puller gets its turn, events of
// one pusher to one puller keep their order.
//
// In both patterns a connection that breaks takes along what was queued on it,
// and nothing is acknowledged. Where that matters, make a call of it.
//
// A receiver that cannot use an event passes over it and counts why. Python is
// less patient: what it cannot decode ends its Puller.run or Subscriber.run. To
// Python, send strings that are UTF-8 and maps whose keys are strings.
package pubsub
