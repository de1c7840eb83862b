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
	heldCost = 5 * time.Second
	// settleCost is what warming up takes on average where it takes until a work goes no
	// faster.
	settleCost = 1300 * time.Millisecond
	// renewCost is what new processes for a group of works take.
	renewCost = 1500 * time.Millisecond
)

// Fit sets Time and Warm so that all rounds fit into budget. A run of the length that
// the user asked for is not changed; zero asks for none.
func (p *Plan) Fit(budget, asked time.Duration) {
	p.Time, p.Asked = asked, asked > 0
	if asked <= 0 {
		runs := max(1, p.runs())
		each := (budget-time.Duration(p.Rounds)*roundCost-p.beyond())/time.Duration(runs) - runCost
		p.Time = min(max(each*3/4, minRun), maxRun).Round(time.Millisecond) // the other quarter is the warm-up
	}
	p.Warm = min(p.Time/3, maxWarm)
}

// runs is how many there will be at most: what a system cannot do falls away. A run that
// takes twice the time counts as two.
func (p *Plan) runs() (n int) {
	for _, w := range p.Works {
		if !w.idle() && w.group != neighbours {
			n += w.rounds(p.Rounds) * p.doing(w) * w.long()
		}
	}
	return n
}

// beyond is the time of what has a length of its own: works that hold something idle,
// works in turns, new processes and warming up until a work goes no faster.
func (p *Plan) beyond() (d time.Duration) {
	for _, w := range p.Works {
		n := time.Duration(w.rounds(p.Rounds))
		switch {
		case w.idle():
			d += n * time.Duration(p.doing(w)) * heldCost
		case w.group == neighbours:
			for _, s := range p.Systems {
				if w.Does(s) {
					d += n * time.Duration(turns(s)) * (turnTime + turnCost)
				}
			}
		default:
			for _, s := range p.Systems {
				if w.Does(s) && w.settles(s) {
					d += n * settleCost
				}
			}
		}
	}
	for _, g := range grouped(p.Works) {
		if g[0].group != "" {
			d += time.Duration(g[0].rounds(p.Rounds)) * renewCost
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
