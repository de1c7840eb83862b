package services

import (
	"testing"
	"time"
)

// FuzzStrftime: no format panics, and no result is longer than Python's buffer allows.
func FuzzStrftime(f *testing.F) {
	for _, s := range []string{"", "%", "%Y-%m-%d", "%_5d%-d%^a%#Z", "%9999999999s", "%E%O%Ey%Od", "%c%x%X%r%D%F", "\xff%\xff", "%V%G%g%U%W%j%s%z"} {
		f.Add(s, int64(0))
		f.Add(s, int64(maxUnix))
		f.Add(s, int64(minUnix))
	}
	f.Fuzz(func(t *testing.T, format string, unix int64) {
		if unix < minUnix || unix > maxUnix {
			return
		}
		m := tmOf(time.Unix(unix, 0).UTC())
		got, err := strftime(format, &m)
		if err == nil && len(got) > max(1024, 512*len(format))*4 {
			t.Errorf("%d bytes for a format of %d", len(got), len(format))
		}
	})
}
