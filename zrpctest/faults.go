package zrpctest

import (
	"math/rand/v2"
	"time"
)

// Faults says what a Proxy does to the events that pass. The zero value lets all
// pass at once.
//
// What happens to the nth event of one direction of one connection depends on
// nothing but the faults, Seed among them, so a test that failed fails again.
type Faults struct {
	// Seed chooses among the ways that Drop, Duplicate and Jitter may go.
	Seed uint64

	// Drop is the share of events, 0 to 1, that get lost, and Duplicate of those
	// that arrive twice. ZeroMQ itself does neither within a connection.
	Drop, Duplicate float64

	// Delay holds every event for so long; Jitter adds up to so much to it. Events
	// of one direction stay in order, so one that is late holds those behind it.
	Delay, Jitter time.Duration

	// Each, when not nil, is asked first, of one event at a time. It must not
	// call methods of the Proxy.
	Each func(Event) Action
}

// Event is one message that a Proxy is about to forward.
type Event struct {
	ToServer bool   // from the client; else from the server
	Name     string // the method of a request; OK, ERR, STREAM, STREAM_DONE, _zpc_hb, …; "" if it is no event
	Conn     int    // the connection it is on: 1 for the client's first
	N        int    // its number in its direction of the connection, from 1
	Body     []byte // as encoded; not to be changed, or kept after Each has returned
}

// Action is what happens to one event.
type Action int

const (
	Default   Action = iota // what Drop and Duplicate of Faults make of it
	Deliver                 // it arrives, whatever Drop and Duplicate say
	Drop                    // it gets lost
	Duplicate               // it arrives twice
	Stall                   // it waits, and all others of the Proxy too, until Resume
	Cut                     // it gets lost and its connection ends
)

// dice decides for one direction of one connection.
type dice struct {
	faults Faults
	rand   *rand.Rand
}

func newDice(f Faults, conn int, toServer bool) *dice {
	lane := uint64(conn) << 1
	if toServer {
		lane |= 1
	}
	return &dice{f, rand.New(rand.NewPCG(f.Seed, lane))}
}

// throw decides on one event. It takes three numbers for each, needed or not, so
// that changing one fault leaves the others where they were.
func (d *dice) throw(e Event) (a Action, delay time.Duration) {
	drop, double, late := d.rand.Float64(), d.rand.Float64(), d.rand.Float64()
	if d.faults.Each != nil {
		a = d.faults.Each(e)
	}
	switch {
	case a != Default:
	case drop < d.faults.Drop:
		a = Drop
	case double < d.faults.Duplicate:
		a = Duplicate
	}
	return a, d.faults.Delay + time.Duration(late*float64(d.faults.Jitter))
}
