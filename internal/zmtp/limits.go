package zmtp

import "time"

// Defaults of Config, used for its zero values.
const (
	// DefaultHandshakeTimeout bounds greeting and mechanism together, so that
	// somebody who connects and says nothing, or says it byte by byte, holds a
	// descriptor no longer than this.
	DefaultHandshakeTimeout = 10 * time.Second

	// DefaultMaxMessage bounds one message, all frames together, in bytes of
	// content. The buffer grows with the bytes that came, so this is not what
	// a lying peer costs.
	DefaultMaxMessage = 64 << 20

	// DefaultMaxFrames bounds the frames of one message: an RPC envelope has
	// two or three, every router on the way adds one or two, and empty frames
	// would otherwise be free of charge.
	DefaultMaxFrames = 64

	// DefaultSendHWM is libzmq's high-water mark, in messages.
	DefaultSendHWM = 1000

	// DefaultSendBytes is the high-water mark in bytes: what a peer that stops
	// reading costs at most, beyond the message that crosses the line.
	DefaultSendBytes = 1 << 20

	// DefaultWriteStall is how long a peer may accept no byte while data waits.
	DefaultWriteStall = 30 * time.Second
)

const (
	// readerPause is how long CloseLinger waits for a reader to come back for more:
	// one that there is none of is not missed for longer. It looks each parkedEvery.
	readerPause = 50 * time.Millisecond
	parkedEvery = time.Millisecond
)

// Limits of the handshake, checked before anything reaches zmq4.
const (
	greetingSize    = 64
	maxHandshakeCmd = 16 << 10 // READY with generous metadata; libzmq's own is 40 bytes
	maxHandshake    = 64 << 10 // all handshake bytes of one peer
	maxHandshakeN   = 8        // command frames: the longest mechanism needs three
	maxIdentity     = 255      // RFC 23: identity = 0*255OCTET
	maxProperty     = 255      // name and value of Config.Property: keeps READY a short command
)

// Limits of traffic.
const (
	// maxCommand bounds a traffic command (SUBSCRIBE carries a topic).
	maxCommand = 64 << 10

	// maxPongContext is RFC 37's limit of a PING's context; longer ones are cut
	// as libzmq does.
	maxPongContext = 16

	// ttlUnit is RFC 37's unit of a PING's time to live.
	ttlUnit = 100 * time.Millisecond

	// ttlGrace is granted once after a time to live has run out: when this
	// process was stopped, its input is looked at before the peer is judged.
	ttlGrace = 100 * time.Millisecond
)

// Sizes that are about speed.
const (
	// quickMax is the size, in bytes, of the messages of a call or two. What is read
	// and written in such pieces belongs to callers that wait for nothing else.
	quickMax = 512

	// readSize is the size of the pooled read buffer: many small messages a
	// system call, and still cheap to hold for each busy connection.
	readSize = 32 << 10

	// gatherMin: an incomplete message that has this much of the read buffer,
	// and needs more than that, moves to a buffer of its own.
	gatherMin = readSize / 2

	// directMin: this much missing of a gathered message is read straight into
	// it; less goes through the read buffer, together with what follows.
	directMin = 8 << 10

	// gatherFactor: a gathering buffer is at most this many times larger than
	// what has really come.
	gatherFactor = 4

	// maxTrust: a claim up to the size of an earlier complete message of the
	// same peer, and up to this, is given its buffer at once. The peer has
	// already paid for it in bytes.
	maxTrust = 5 << 20

	// minRoom: the read buffer is compacted when less than this is free.
	minRoom = 8 << 10

	// corkMsgs: messages sent with Later or Yield are written at this many, so that
	// the peer works on them while the next are made. With all of 64 calls in one
	// write, the two ends take turns and a CPU idles.
	corkMsgs = 16

	// asyncMsgs: messages sent with Async are written by a sender at this many, or
	// at half the high-water mark if that is less, where the flusher has not come to
	// it: none is refused for want of a CPU.
	asyncMsgs = 256

	// corkMax: data sent with Later is written anyway at this many bytes.
	corkMax = 64 << 10

	// copyMax: bodies above it are queued in a buffer of their own, and owned
	// tails up to it are copied: a copy this small is cheaper than a second
	// system call. copyFirst of larger ones go with the header all the same.
	copyMax   = 64 << 10
	copyFirst = 16 << 10

	// firstBuf and keepBuf: a write buffer starts at the one size, and goes back
	// to the pool up to the other.
	firstBuf = 1 << 10
	keepBuf  = 256 << 10

	// keepSegments: longer lists of segments are not kept for the next batch. Few
	// batches have more, and those take their time anyway.
	keepSegments = 64

	// maxRounds: a caller that writes its own and other senders' messages hands
	// the job to the flusher after so many batches, so that no sender serves
	// the others for ever.
	maxRounds = 16

	// stallSlices: the write deadline is a slice of Config.WriteStall, so that a
	// stall is noticed at most one slice late.
	stallSlices = 4
)
