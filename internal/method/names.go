package method

import (
	"strings"
	"unicode"
)

// SnakeCase turns an exported Go name into the name that Python would give it:
// StreamingRange becomes streaming_range, GetURL get_url, HTTPServer
// http_server, V2Ping v2_ping, UserIDs user_ids. A word begins at a capital
// letter that follows a small letter or a digit, or that is followed by a small
// letter and ends a run of capitals; a run with the plural's s stays together.
func SnakeCase(name string) string {
	r := []rune(name)
	var b strings.Builder
	for i, c := range r {
		if unicode.IsUpper(c) && i > 0 && r[i-1] != '_' && startsWord(r, i) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// startsWord reports whether the capital at r[i] begins a word.
func startsWord(r []rune, i int) bool {
	if !unicode.IsUpper(r[i-1]) {
		return true
	}
	if i+1 == len(r) || !unicode.IsLower(r[i+1]) {
		return false
	}
	// The last capital of a run belongs to the word that follows, unless what
	// follows is the s of a plural.
	plural := r[i+1] == 's' && (i+2 == len(r) || unicode.IsUpper(r[i+2]) || r[i+2] == '_')
	return !plural
}
