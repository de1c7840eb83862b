package suite

import "time"

const (
	// minRun and maxRun bound the length of a run: below, starting and stopping shows;
	// above, more rounds tell more than longer runs.
	minRun, maxRun = 50 * time.Millisecond, time.Second
	// The warm-up is a part of the run's length, and no longer than this.
	maxWarm = 300 * time.Millisecond
	// roundCost is what a round takes for starting and stopping processes.
	roundCost = 3 * time.Second
	// runCost is what a run takes besides warming up and running: connecting, asking
	// for usage, and the call or stream that was under way when its time was over.
	runCost = 50 * time.Millisecond
	// heldCost is what thousands of idle connections or streams take to make and to end.
	heldCost = 8 * time.Second
)

// Fit sets Time and Warm so that all rounds fit into budget. A run of the length that
// the user asked for is not changed; zero asks for none.
func (p *Plan) Fit(budget, asked time.Duration) {
	p.Time = asked
	if asked <= 0 {
		runs := max(1, p.runs())
		each := (budget-time.Duration(p.Rounds)*roundCost-p.held())/time.Duration(runs) - runCost
		p.Time = min(max(each*3/4, minRun), maxRun).Round(time.Millisecond) // the other quarter is the warm-up
	}
	p.Warm = min(p.Time/3, maxWarm)
}

// runs is how many there will be at most: what a system cannot do falls away.
func (p *Plan) runs() (n int) {
	for _, w := range p.Works {
		if !w.idle() {
			n += w.rounds(p.Rounds) * p.doing(w)
		}
	}
	return n
}

// held is the time of the works that hold something idle, which have no length of
// their own.
func (p *Plan) held() (d time.Duration) {
	for _, w := range p.Works {
		if w.idle() {
			d += time.Duration(w.rounds(p.Rounds)*p.doing(w)) * heldCost
		}
	}
	return d
}

// doing is how many systems do a work.
func (p *Plan) doing(w Work) (n int) {
	for _, s := range p.Systems {
		if w.Does(s) {
			n++
		}
	}
	return n
}
