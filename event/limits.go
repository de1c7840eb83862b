package event

// Limits on what a peer may send. Each is checked against the bytes at hand
// before anything is allocated.
const (
	// MaxDepth is how many arrays and maps may lie inside each other in one
	// value. People nest ten levels; decoders recurse, and a stack per level is
	// what an attacker would spend.
	MaxDepth = 128

	// MaxNodes is how many elements one value may have in all, map keys
	// counted. A node costs one byte on the wire and some 16 bytes as a Go
	// interface value, so a message of the largest size made of nils would grow
	// sixteenfold in memory.
	MaxNodes = 4 << 20

	// MaxNameLen is the longest event name in bytes. Method names are words;
	// the name is echoed in errors and logs.
	MaxNameLen = 1024

	// MaxIDLen is the longest message_id or response_to in bytes, as encoded.
	// Python sends 34 bytes and Node 38; ids are kept as long as their channel
	// lives and are echoed in each answer.
	MaxIDLen = 256

	// MaxHeaderLen is the largest header map in bytes: tracing and metadata
	// keys fit many times, and lookups walk the map.
	MaxHeaderLen = 1 << 20
)

const (
	// maxPresize bounds the elements that a slice or map is pre-sized for:
	// beyond it the container grows by what is really there.
	maxPresize = 1024

	// maxSendDepth is the depth allowed for a value to send. It is one less than
	// MaxDepth because an answer wraps its result in an array.
	maxSendDepth = MaxDepth - 1

	// maxLen is the longest string, binary, array or map that msgpack's widest
	// header, 32 bits, can announce.
	maxLen = 1<<32 - 1
)
