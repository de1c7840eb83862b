package socket

import "time"

// Limits and defaults, each with its reason. Options override those that an
// application may reasonably want otherwise.
const (
	// defaultMaxConns bounds accepted connections. An idle one costs 7 to 8 KiB,
	// so a flood of connections stays near 80 MiB.
	defaultMaxConns = 10_000

	// defaultMaxHandshakes bounds accepted connections whose handshake is not
	// done. A good peer needs milliseconds for it, so a thousand at once is a
	// restart of a large fleet; whatever lingers beyond that is evicted.
	defaultMaxHandshakes = 1024

	// defaultReconnectMin is libzmq's ZMQ_RECONNECT_IVL.
	defaultReconnectMin = 100 * time.Millisecond

	// defaultReconnectMax keeps a fleet whose server is gone for good from
	// dialing more than twice a minute each.
	defaultReconnectMax = 30 * time.Second

	// reconnectEager is how long a lost or not yet started server is looked
	// for at ReconnectMin before the wait grows: processes that are started or
	// restarted together find each other within 150 ms, whoever is first.
	reconnectEager = 10 * time.Second

	// dialTimeout bounds one attempt to reach an address. It is the handshake's
	// own default: a host that drops packets is tried about as often.
	dialTimeout = 10 * time.Second

	// defaultLinger is how long Close lets queued messages go out.
	defaultLinger = time.Second

	// defaultRecvHWM is libzmq's ZMQ_RCVHWM.
	defaultRecvHWM = 1000

	// defaultRecvBytes bounds the bytes of one peer's receive queue, since a
	// thousand messages may each be 64 MiB.
	defaultRecvBytes = 1 << 20

	// recvBytesAll bounds the receive queues of all peers together: each may
	// hold its share of it, and always one message. Ten thousand peers that
	// fill their queues of an idle application cost 32 MiB and not 10 GiB.
	recvBytesAll = 32 << 20

	// sendBytesAll is what all send queues of a ROUTER or PUB may hold together
	// before each peer is held to its share, and auditEvery how many bytes are
	// sent between two looks at it, which is by how much it can be overrun.
	sendBytesAll = 32 << 20
	auditEvery   = 4 << 20

	// orphanBytesAll bounds what peers that are gone leave to be received.
	// Without it a peer could fill its queue, reconnect and fill the next.
	orphanBytesAll = 16 << 20

	// messageCost is counted for each received message beside its bytes, so
	// that empty ones are not free: its slices and its place in the queue.
	messageCost = 128

	// readBatch is how many messages, and readBatchBytes how many bytes of
	// them, a reader moves into its queue under one lock. More gains nothing
	// measurable and delays the first of them.
	readBatch      = 64
	readBatchBytes = 64 << 10

	// maxSubscriptions bounds the distinct prefixes of one subscriber; libzmq
	// has no bound. An order of magnitude above what one process follows.
	maxSubscriptions = 10_000

	// maxSubscription bounds one prefix in bytes. Topics are words; and a message is
	// looked up once for each length that some prefix has, so that thirty peers with
	// long ones of all lengths would make each cost a millisecond and more.
	maxSubscription = 1 << 10

	// maxSubscriptionBytes bounds one subscriber's prefixes in bytes.
	maxSubscriptionBytes = 1 << 20

	// maxAllSubscriptionBytes bounds a publisher's subscriptions of all peers,
	// subscriptionCost for each included.
	maxAllSubscriptionBytes = 32 << 20

	// subscriptionCost is the memory of one subscription beside its prefix:
	// two map entries and their share of buckets.
	subscriptionCost = 160

	// acceptRetryMin and acceptRetryMax are the waits after an accept error
	// such as EMFILE. The upper one is short: descriptors come back at any time.
	acceptRetryMin = 5 * time.Millisecond
	acceptRetryMax = 250 * time.Millisecond

	// pipeBuffer bounds one direction of an in-memory connection: as much as
	// a loopback TCP socket takes at least, so that behaviour is alike.
	pipeBuffer = 64 << 10

	// burstGap is the gap between two sends below which they are taken for a
	// burst, whose messages then share system calls. A wake-up costs 30 to
	// 40 µs; a pause longer than this is not worth one.
	burstGap = 20 * time.Microsecond

	// directTargets is up to how many subscribers a publisher writes to itself;
	// a system call for each of more would hold the caller up.
	directTargets = 4

	// shareMin is from which size on the subscribers of a message share one copy of
	// it: zmtp copies smaller ones into its write buffers anyway.
	shareMin = 16<<10 + 1

	// maxIPCPath is what sun_path holds on Linux beside the closing zero byte.
	maxIPCPath = 107

	// ipcLockWait bounds the wait for another process that is binding in the
	// same directory. Binding takes microseconds.
	ipcLockWait = time.Second
)
