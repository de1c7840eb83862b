package table

import "sync"

// Other stands for all names that came after a set was full.
const Other = "_OTHER"

// Names is a bounded set of names, for labels of metrics: each distinct one
// costs memory for ever, here and where the metrics are stored, and some are
// chosen by the other side. It may be used concurrently.
type Names struct {
	max int // set at creation

	mu    sync.RWMutex // guards known
	known map[string]bool
}

// NewNames returns a set that takes the first bound names.
func NewNames(bound int) *Names { return &Names{max: bound, known: map[string]bool{}} }

// Fit returns name, if it belongs to the set or still fits in, and else Other.
func (n *Names) Fit(name string) string {
	n.mu.RLock()
	known := n.known[name]
	n.mu.RUnlock()
	if known {
		return name
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.known[name] {
		if len(n.known) >= n.max {
			return Other
		}
		n.known[name] = true
	}
	return name
}
