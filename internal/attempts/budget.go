package attempts

import "sync"

// Budget is a bucket of tokens that bounds retries, as gRPC's clients do: each
// failed attempt takes a token out, each call that succeeds puts a part of one
// in, and there are retries only while the bucket is more than half full. A
// server that refuses everything is so asked once for each call, soon after the
// trouble began. It may be used concurrently, and by several clients.
type Budget struct {
	// set at creation
	max, ratio float64

	mu     sync.Mutex // guards tokens
	tokens float64
}

const (
	defaultTokens = 10
	defaultRatio  = 0.1 // in the long run, one retry for ten calls
)

// NewBudget returns a full bucket of so many tokens, to which a call that
// succeeds adds ratio. Zero or negative means the defaults, 10 and 0.1.
func NewBudget(tokens, ratio float64) *Budget {
	if tokens <= 0 {
		tokens = defaultTokens
	}
	if ratio <= 0 {
		ratio = defaultRatio
	}
	return &Budget{max: tokens, ratio: ratio, tokens: tokens}
}

// failed takes a token and reports whether a retry may follow.
func (b *Budget) failed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = max(0, b.tokens-1)
	return b.tokens > b.max/2
}

func (b *Budget) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.max, b.tokens+b.ratio)
}
