package auth

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzPattern compares patterns with the regular expressions that mean the same.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{{"admin_*", "admin_stop"}, {"a*b*c", "abcbc"}, {"**", ""}, {"a.c", "abc"}, {"*a", "aab"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if !isText(pattern) || !isText(name) {
			return // regexp has its own way with broken UTF-8
		}
		quoted := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
		want, err := regexp.Compile(`(?s)\A` + quoted + `\z`)
		if err != nil {
			return // too large for it
		}
		if got := fits(pattern, name); got != want.MatchString(name) {
			t.Errorf("%q fits %q: %v", pattern, name, got)
		}
	})
}

func isText(s string) bool { return strings.ToValidUTF8(s, "") == s }
