package broker

import (
	"time"

	"github.com/zrpc-go/zrpc/internal/msgid"
)

// Defaults of Options and the broker's own limits, each with its reason.
const (
	// defaultHeartbeat is zerorpc's own.
	defaultHeartbeat = 5 * time.Second

	// ticksPerBeat is how finely a heartbeat is divided. Silence is counted in
	// ticks of this process and not in wall time: a broker that was stopped
	// has not listened meanwhile, and must not condemn everybody when it wakes.
	ticksPerBeat = 8

	// A worker that was silent for probeTicks is asked for a sign of life; from
	// doubtTicks on others are preferred; at deadTicks its connection is closed.
	// With the tick under way that is less than two heartbeats.
	probeTicks = 4
	doubtTicks = 6
	deadTicks  = 14

	// slowTicks is how long a worker may owe an answer to _zerorpc_ping before
	// it gets no further calls: its process lives, its main loop does not.
	slowTicks = ticksPerBeat

	// ownTicks is how long the broker's own calls to a worker may take.
	ownTicks = 2 * ticksPerBeat

	// idleBeats: zerorpc gives up a peer that was silent for three heartbeats,
	// so a channel on which heartbeats have stopped for that long has no ends.
	idleBeats = 3

	// cancelTicks is for how long a call counts as running whose worker was told
	// that its caller gave up.
	cancelTicks = 2

	// silentIdle is how long a channel lives on which there never was a
	// heartbeat: both ends have them switched off, and a call may take an hour.
	silentIdle = time.Hour

	// maxGapTicks bounds how rare heartbeats are believed to be by design.
	maxGapTicks = 12 * ticksPerBeat

	// defaultChannels bounds the open channels of all clients: about 1 KiB each
	// with a small request.
	defaultChannels = 65_536

	// defaultClientChannels is what a zrpc server allows one connection.
	defaultClientChannels = 4096

	// defaultWorkerCalls is a little less than that: to a worker the broker is
	// one connection, and the broker's own calls need room too.
	defaultWorkerCalls = 4000

	// defaultQueue is how many calls wait for a worker. Whoever waits behind a
	// thousand others has mostly given up when the turn comes.
	defaultQueue = 1000

	// queueBytes bounds the requests of the calls that wait, in bytes.
	queueBytes = 64 << 20

	// holdBytes bounds the requests of calls that wait until their client has read
	// more answers, in bytes, and holdOne those of one client: as much as of all
	// that wait for a worker, and no less than clients of large requests have open.
	holdBytes = 64 << 20
	holdOne   = 16 << 20

	// gateLook is how often what one client may have on its way is adapted while its
	// calls wait, and starvedLooks how many looks at a client whose calls the workers
	// do not come to for those of others are passed over before it gets more. What
	// they have answered counts for 1/forgets of it at the next look, so that a
	// machine that stands still for one does not make busy workers look idle.
	gateLook     = 50 * time.Millisecond
	starvedLooks = 16
	forgets      = 2

	// keepBytes bounds the requests that are kept after they were sent, until
	// the worker shows that it runs them; keepOne is the largest kept. Beyond,
	// a call can only be failed, not moved to another worker.
	keepBytes = 64 << 20
	keepOne   = 4 << 20

	// earlyEvents and earlyBytes bound what a caller's own stream may send
	// before it is known who runs the call. Its first credit is one item.
	earlyEvents = 8
	earlyBytes  = 256 << 10

	// maxAttempts is on how many workers one call is tried: a request that
	// kills its worker must not go through all of them.
	maxAttempts = 3

	// sendBytes and sendHWM bound what is queued for one peer; a queue that is
	// full costs a channel, and 64 results of 1 MiB at once are normal.
	sendBytes = 64 << 20
	sendHWM   = 100_000

	// defaultQueued bounds what is queued for all peers together; see budget.
	defaultQueued = 256 << 20

	// maxMethods bounds what one worker may offer.
	maxMethods = 10_000

	// maxHelps is for how many methods of a worker without _zerorpc_inspect
	// documentation is fetched.
	maxHelps = 500

	// refreshEvery is how often workers are asked again what they offer: a Go
	// service may register methods while it serves.
	refreshEvery = time.Minute

	// copyMax is the size, in bytes, from which a request or result is passed
	// on from the buffer it was received in.
	copyMax = 16 << 10

	// keepScratch is the largest splice buffer that a reader keeps.
	keepScratch = 64 << 10
)

// maxSlots bounds the channels of all clients by what an id can number; the rest
// is for the broker's own calls.
const maxSlots = msgid.NoSlot - 1<<16
