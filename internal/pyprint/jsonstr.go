package pyprint

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What json.loads makes of NaN and Infinity.
var nan, inf = math.NaN(), math.Inf(1)

// str parses a string whose opening quote has been read.
func (p *parser) str() (string, error) {
	begin := p.i - 1
	var b []byte // nil as long as the text needs no change
	start := p.i // p.s[start:p.i] is not in b yet
	var bad surrogates
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			chunk := p.s[start:p.i]
			p.i++
			if b != nil {
				chunk = string(append(b, chunk...))
			}
			p.checkText(chunk, &bad)
			return chunk, nil
		case c < ' ':
			return "", p.fail("Invalid control character at", p.i)
		case c != '\\':
			p.i++
			continue
		}
		if p.i+1 == len(p.s) { // a backslash is the last character: leave the loop
			break
		}
		b = append(b, p.s[start:p.i]...)
		r, err := p.escape()
		if err != nil {
			return "", err
		}
		if utf16.IsSurrogate(r) {
			bad.add(utf8.RuneCount(b), r)
		}
		b = utf8.AppendRune(b, r) // a lone half becomes U+FFFD here, in a string that will be refused
		start = p.i
	}
	return "", p.fail("Unterminated string starting at", begin)
}

// escape parses an escape that begins at i with a backslash and has at least one more character.
func (p *parser) escape() (rune, error) {
	at := p.i
	c := p.s[at+1] // of a character beyond ASCII its first byte, which is no escape either
	p.i += 2
	if c == 'u' {
		r, ok := p.hex4()
		if !ok {
			return 0, p.fail(`Invalid \uXXXX escape`, at+1)
		}
		// The first half of a pair joins with a second half right behind it. Anything else there is read on its own, and
		// the half stays alone.
		if r >= 0xd800 && r < 0xdc00 && strings.HasPrefix(p.s[p.i:], `\u`) && p.i+6 < len(p.s) {
			at := p.i
			p.i += 2
			low, ok := p.hex4()
			if !ok {
				return 0, p.fail(`Invalid \uXXXX escape`, at+1)
			}
			if low >= 0xdc00 && low < 0xe000 {
				return utf16.DecodeRune(r, low), nil
			}
			p.i = at
		}
		return r, nil
	}
	if j := strings.IndexByte(`"\/bfnrt`, c); j >= 0 {
		return rune("\"\\/\b\f\n\r\t"[j]), nil
	}
	return 0, p.fail(`Invalid \escape`, at)
}

// hex4 parses four hexadecimal digits, behind which the string must go on.
func (p *parser) hex4() (r rune, ok bool) {
	if p.i+4 >= len(p.s) {
		return 0, false
	}
	for _, c := range []byte(p.s[p.i : p.i+4]) {
		j := strings.IndexByte(lowerHex, c|0x20)
		if j < 0 || c < '0' || c > '9' && c < 'A' {
			return 0, false
		}
		r = r<<4 | rune(j)
	}
	p.i += 4
	return r, true
}

// surrogates is the first run of characters of a string that UTF-8 cannot hold.
type surrogates struct {
	first, n int // position in characters, and how many
	r        rune
}

// add notes a lone half at a position. Only neighbours of the first one count: Python's error names one range.
func (s *surrogates) add(pos int, r rune) {
	switch {
	case s.n == 0:
		s.first, s.n, s.r = pos, 1, r
	case pos == s.first+s.n:
		s.n++
	}
}

// checkText notes a string that cannot be packed: lone surrogates, or bytes of the command line that are no UTF-8,
// which Python reads as lone surrogates.
func (p *parser) checkText(s string, bad *surrogates) {
	if bad.n == 0 && !utf8.ValidString(s) {
		pos := 0 // in characters, each stray byte counting as one
		for i := 0; i < len(s); pos++ {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				bad.add(pos, 0xdc00+rune(s[i]))
			}
			i += n
		}
	}
	switch {
	case bad.n == 1:
		p.packFail("UnicodeEncodeError", fmt.Sprintf(
			`'utf-8' codec can't encode character '\u%04x' in position %d: surrogates not allowed`, bad.r, bad.first))
	case bad.n > 1:
		p.packFail("UnicodeEncodeError", fmt.Sprintf(
			`'utf-8' codec can't encode characters in position %d-%d: surrogates not allowed`, bad.first, bad.first+bad.n-1))
	}
}
