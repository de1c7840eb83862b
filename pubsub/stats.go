package pubsub

// Stats are counts of one Publisher, Pusher, Subscriber or Puller. All but Peers
// count since its making.
type Stats struct {
	Peers    int    // present connections
	Emitted  uint64 // events that Emit took
	Received uint64 // events that Serve or Events took
	Dropped  Drops
}

// Drops counts events that came to nothing, by the reason. What a broken
// connection takes along is known to nobody and is in none of them.
type Drops struct {
	// By a Publisher: a subscriber's queue was full, or its connection was just
	// ending. Each subscriber that misses an event counts.
	Full uint64

	// By a receiver: the peer had gone and left more behind than is kept (16 MiB
	// of all peers together).
	Gone uint64

	// By a Subscriber: the event came although its topic was not subscribed to,
	// as happens for a moment after Unsubscribe.
	Unwanted uint64

	Malformed uint64 // a message that is no event
	Unhandled uint64 // Serve had no handler of its name
	Failed    uint64 // its arguments did not fit the handler, or that failed or panicked
}

// Total is the sum of all reasons.
func (d Drops) Total() uint64 {
	return d.Full + d.Gone + d.Unwanted + d.Malformed + d.Unhandled + d.Failed
}
