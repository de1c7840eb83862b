package socket

import (
	"testing"
	"time"
)

// The waits of ten minutes without a server, at both ends of the jitter.
func TestBackoff(t *testing.T) {
	for _, tc := range []struct {
		name           string
		rand           float64
		early, tenMins int // attempts within the first 10 s and the first 10 min
	}{
		{"shortest", 0, 100, 130},
		{"longest", 0.999999, 66, 94},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := backoff{min: defaultReconnectMin, max: defaultReconnectMax, rand: func() float64 { return tc.rand }}
			start := time.Unix(0, 0)
			now, early, all := start, 0, 0
			for now.Sub(start) < 10*time.Minute {
				w := b.next(now)
				if w < 100*time.Millisecond || w > 30*time.Second {
					t.Fatalf("a wait of %v after %v", w, now.Sub(start))
				}
				if now.Sub(start) < reconnectEager {
					if early++; w > 150*time.Millisecond {
						t.Fatalf("a wait of %v after %v: a server that comes is found at once", w, now.Sub(start))
					}
				}
				all++
				now = now.Add(w)
			}
			if early < tc.early-1 || early > tc.early+1 || all < tc.tenMins-8 || all > tc.tenMins+8 {
				t.Fatalf("%d attempts in 10 s and %d in 10 min, want about %d and %d", early, all, tc.early, tc.tenMins)
			}
			b.reset()
			if w := b.next(now); w > 150*time.Millisecond {
				t.Fatalf("a wait of %v after a success", w)
			}
			if w := b.refused(); w < 22*time.Second || w > 30*time.Second {
				t.Fatalf("a wait of %v after a refusal", w)
			}
		})
	}
	b := backoff{min: time.Minute, max: time.Minute}
	if w := b.next(time.Now()); w != time.Minute {
		t.Fatalf("a wait of %v, the user said a minute", w)
	}
}
