package pyprint

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// str writes a string that does not fit on one line as several literals, broken behind line ends and white space.
// At the top level they stand in parentheses.
func (p *printer) str(s string, indent, allowance, level int) {
	if s == "" {
		p.out = append(p.out, "''"...)
		return
	}
	if level == 1 {
		indent++
		allowance++
	}
	chunks := strChunks(s, Width-indent, allowance)
	if len(chunks) == 1 { // one long word: no parentheses either
		p.out = appendStrRepr(p.out, chunks[0])
		return
	}
	if level == 1 {
		p.out = append(p.out, '(')
	}
	for i, c := range chunks {
		if i > 0 {
			p.newline(indent)
		}
		p.out = appendStrRepr(p.out, c)
	}
	if level == 1 {
		p.out = append(p.out, ')')
	}
}

// strChunks cuts s into the pieces that pprint writes as literals of at most width characters, the last one leaving
// allowance. A word longer than that stays whole.
func strChunks(s string, width, allowance int) []string {
	var chunks []string
	for s != "" {
		line := s[:lineEnd(s)]
		s = s[len(line):]
		room := width
		if s == "" { // only the last line has something behind it
			room -= allowance
		}
		if reprFits(line, room) {
			chunks = append(chunks, line)
			continue
		}
		start := 0 // line[start:end] is the piece being collected
		for end := 0; end < len(line); {
			next := end + wordEnd(line[end:])
			room := width
			if s == "" && next == len(line) {
				room -= allowance
			}
			// A piece is as long as fits. A word that does not fit even alone becomes a piece all the same.
			if !reprFits(line[start:next], room) && end > start {
				chunks = append(chunks, line[start:end])
				start = end
			}
			end = next
		}
		chunks = append(chunks, line[start:])
	}
	return chunks
}

// reprFits reports whether repr(s) takes at most room characters. It looks no further than it must.
func reprFits(s string, room int) bool {
	if len(s)/utf8.UTFMax > room {
		return false
	}
	// Columns are characters to pprint, wide ones and combining ones alike.
	return utf8.RuneCount(appendStrRepr(nil, s)) <= room
}

// lineEnd returns the length of the first line of s with its end, by the line ends of Python's str.splitlines.
func lineEnd(s string) int {
	for i, r := range s {
		switch r {
		case '\r':
			if strings.HasPrefix(s[i:], "\r\n") {
				return i + 2
			}
			return i + 1
		case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
			return i + utf8.RuneLen(r)
		}
	}
	return len(s)
}

// wordEnd returns the length of the first run of non-spaces in s and the spaces behind it.
func wordEnd(s string) int {
	inSpace := false // within the spaces that belong to the word before them
	for i, r := range s {
		space := isSpace(r)
		if inSpace && !space {
			return i
		}
		inSpace = space
	}
	return len(s)
}

// isSpace is Python's str.isspace for one character: Unicode's White_Space and the four ASCII separators.
func isSpace(r rune) bool {
	return r >= 0x1c && r <= 0x1f || unicode.IsSpace(r)
}

// bytes writes a bytes value that does not fit on one line as several literals, cut at multiples of four bytes.
func (p *printer) bytes(s []byte, indent, allowance, level int) {
	if len(s) <= 4 {
		p.out = appendBytesRepr(p.out, s)
		return
	}
	if level == 1 {
		indent++
		allowance++
		p.out = append(p.out, '(')
	}
	width := Width - indent
	last := len(s) / 4 * 4 // where the rest begins that is no full four bytes
	start := 0             // s[start:i] is the piece being collected
	emit := func(end int) {
		if start > 0 {
			p.newline(indent)
		}
		p.out = appendBytesRepr(p.out, s[start:end])
		start = end
	}
	for i := 0; i < len(s); i += 4 {
		end := min(i+4, len(s))
		room := width
		if i == last { // only a rest shorter than four counts as the last piece: pprint leaves no allowance otherwise
			room -= allowance
		}
		if i > start && len(appendBytesRepr(nil, s[start:end])) > room {
			emit(i)
		}
	}
	emit(len(s))
	if level == 1 {
		p.out = append(p.out, ')')
	}
}
