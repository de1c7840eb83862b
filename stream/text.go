package stream

import (
	"strings"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
)

// appendText writes s as a str that every peer can read: Python drops a whole
// event for one invalid byte.
func appendText(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return event.AppendString(b, s)
}

// pyQuote quotes s as Python's repr does in the simple cases.
func pyQuote(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	r := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, quote, `\`+quote)
	return quote + r.Replace(s) + quote
}
