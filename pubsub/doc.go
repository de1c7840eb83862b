// Package pubsub sends events without an answer, in zerorpc's two patterns:
//
//	Publisher → Subscriber   every subscriber gets every event (PUB, SUB)
//	Pusher → Puller          one of the pullers gets each event (PUSH, PULL)
//
// An event is a name and arguments, as in a call. Either side may bind and the
// other connect, and either may be zerorpc-python:
//
//	pub := pubsub.NewPublisher(nil)
//	pub.Bind("tcp://*:4243")
//	err := pub.Emit(ctx, "tick", 42)
//
//	sub := pubsub.NewSubscriber(nil)
//	sub.Connect("tcp://127.0.0.1:4243")
//	sub.Handle("tick", func(n int) { … })
//	err := sub.Serve(ctx) // or: for e, err := range sub.Events(ctx) { … }
//
// Delivery: a Publisher never waits; what a subscriber has no room for (1000
// events) is dropped for it and counted. A Pusher waits until a puller has room.
// A connection that breaks takes what was queued on it along. There is no
// acknowledgement in either pattern.
package pubsub
