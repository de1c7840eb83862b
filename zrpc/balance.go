package zrpc

// Candidate is a connection that a call may go to.
type Candidate struct {
	// Endpoint is where it leads: what Connect was given or a resolver named; or,
	// of a server that connected to us, what Bind returned.
	Endpoint string

	outstanding func() int
}

// NewCandidate makes a candidate, as a test of a Balance needs it.
func NewCandidate(endpoint string, outstanding func() int) Candidate {
	return Candidate{endpoint, outstanding}
}

// Outstanding is how many calls are open on the connection, streams included.
func (c Candidate) Outstanding() int { return c.outstanding() }

// Balance chooses, for each call, the connection that it goes to and stays on:
// it returns an index of candidates, of which there are at least two. turn grows
// by one with each choice and starts anywhere. candidates must not be changed nor
// kept. It is called by many goroutines at once, and must not block.
//
// Connections that are ejected (see HealthOptions) or drained are no candidates.
type Balance func(turn uint64, candidates []Candidate) int

// RoundRobin takes one after the other: even, and right for calls that cost the
// same on servers that are alike. It is the default.
func RoundRobin(turn uint64, candidates []Candidate) int {
	return int(turn % uint64(len(candidates)))
}

// LeastOutstanding takes the connection with the fewest open calls: a server that
// is slow gets fewer. It looks at every candidate, so it is for some dozens of
// them; and many clients that choose by it flock to the same server. One that
// refuses calls at once looks idle, and is kept from drawing them all by being
// ejected; see HealthOptions.
func LeastOutstanding(turn uint64, candidates []Candidate) int {
	n := len(candidates)
	best := RoundRobin(turn, candidates) // of equals, the one whose turn it is
	least := candidates[best].Outstanding()
	for k, i := 1, best; k < n && least > 0; k++ {
		if i++; i == n {
			i = 0
		}
		if o := candidates[i].Outstanding(); o < least {
			best, least = i, o
		}
	}
	return best
}

// PowerOfTwo takes two at random and of these the one with fewer open calls:
// nearly as good as LeastOutstanding, at a cost that does not grow with the number
// of servers, and without the flocking.
func PowerOfTwo(turn uint64, candidates []Candidate) int {
	n := uint64(len(candidates))
	r := scramble(turn)
	i := r >> 32 % n
	j := r & (1<<32 - 1) % (n - 1)
	if j >= i { // two different ones
		j++
	}
	if candidates[j].Outstanding() < candidates[i].Outstanding() {
		return int(j)
	}
	return int(i)
}

// scramble makes a number that looks random of one that counts: splitmix64's
// finalizer (Steele, Lea and Flood, 2014). It needs no state that goroutines
// would share.
func scramble(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
