package attempts

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitsGrow(t *testing.T) {
	p := Policy{Max: 300 * time.Millisecond}
	for attempt, want := range []time.Duration{50, 100, 200, 300, 300} {
		if got := p.bound(attempt + 1); got != want*time.Millisecond {
			t.Errorf("after attempt %d at most %v, want %v", attempt+1, got, want*time.Millisecond)
		}
	}
	if p := (Policy{Base: time.Hour}); p.bound(100) != defaultMax {
		t.Errorf("Base beyond Max waits %v", p.bound(100))
	}
}

func TestAgain(t *testing.T) {
	failed := errors.New("failed")
	for _, test := range []struct {
		why      string
		err      error
		may      bool
		deadline time.Duration // of the context; 0: none
		tokens   float64
		want     int // attempts
	}{
		{"a success is the last", nil, false, 0, 10, 1},
		{"what may not run twice", failed, false, 0, 10, 1},
		{"until the attempts are used up", failed, true, 0, 100, 4},
		{"until the budget is", failed, true, 0, 4, 2},
		{"a wait that would be longer than the context", failed, true, time.Nanosecond, 100, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			if test.deadline > 0 {
				ctx, cancel = context.WithTimeout(ctx, test.deadline)
			}
			defer cancel()
			var told int
			var waited time.Duration
			c := Call{Policy: Policy{Attempts: 4, Base: time.Hour, Max: time.Hour}, Budget: NewBudget(test.tokens, 0),
				Told: func(attempt int, err error, wait time.Duration) {
					if told++; attempt != told || err != failed {
						t.Errorf("%s: told of attempt %d, %v", test.why, attempt, err)
					}
					waited += wait
				}}
			begun, made := time.Now(), 1
			for c.Again(ctx, test.err, test.may) {
				made++
			}
			if made != test.want || told != made-1 || time.Since(begun) != waited {
				t.Errorf("%s: %d attempts, %d waits of %v in %v; want %d", test.why, made, told, waited, time.Since(begun), test.want)
			}
		})
	}
}
