package services

import (
	"strings"
	"time"
)

// maxFormat bounds, in characters, the format that strftime takes. Python has no such bound, and a width in each
// directive lets it answer 256 times what was asked: a request of some MB would be answered by GBs.
const maxFormat = 4096

// strftime formats m as Python's time.strftime does on Linux in the C locale: all directives of C, the flags _ - 0 ^
// and #, a field width and the modifiers E and O. What is no directive is shown as it stands.
func strftime(format string, m *tm) (string, error) {
	if strings.IndexByte(format, 0) >= 0 {
		return "", valueError("embedded null character")
	}
	f := []rune(format)
	if len(f) > maxFormat {
		return "", valueError("strftime: the format has %d characters, more than the %d that this server takes", len(f), maxFormat)
	}
	// Python formats into a buffer of 1024 characters, which it doubles while the result does not fit and the
	// buffer is below 256 times the format. A result that never fits is the empty string.
	limit := 1024
	for limit < 256*len(f) {
		limit *= 2
	}
	w := writer{max: limit - 1}
	w.format(f, m)
	if w.full {
		return "", nil
	}
	return string(w.out), nil
}

// format writes the whole of f.
func (w *writer) format(f []rune, m *tm) {
	for len(f) > 0 && !w.full {
		if f[0] != '%' {
			w.fill(f[0], 1)
			f = f[1:]
			continue
		}
		d, conv, n := parse(f)
		w.convert(&d, conv, m)
		f = f[n:]
	}
}

// refused lists, for each conversion that refuses a modifier, which. The C standard gives E and O a meaning for some
// conversions only; with another they are no directive.
var refused = map[rune]string{
	'a': "EO", 'A': "EO", 'b': "E", 'h': "E", 'B': "E", 'c': "O", 'D': "EO", 'd': "E", 'e': "E", 'F': "EO",
	'H': "E", 'I': "E", 'k': "E", 'l': "E", 'j': "E", 'M': "E", 'm': "E", 'S': "E", 'U': "E", 'V': "E", 'g': "E",
	'G': "E", 'W': "E", 'w': "E", 'x': "O", 'X': "O", 'Y': "O",
}

// composite are the conversions that stand for a format of their own, in the C locale.
var composite = map[rune]string{
	'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'R': "%H:%M", 'r': "%I:%M:%S %p",
	'T': "%H:%M:%S", 'X': "%H:%M:%S", 'x': "%m/%d/%y",
}

// convert writes one conversion.
func (w *writer) convert(d *directive, conv rune, m *tm) {
	// The modifiers ask for the locale's other digits and eras. The C locale has none, so where they are allowed
	// they change nothing.
	if d.modifier != 0 && strings.ContainsRune(refused[conv], d.modifier) {
		d.upper = d.upper || d.change && (conv == 'b' || conv == 'h') // glibc looks at # before E for these two
		w.text(d, d.raw)
		return
	}
	if sub, ok := composite[conv]; ok {
		inner := writer{max: w.max}
		inner.format([]rune(sub), m)
		w.text(d, inner.out)
		return
	}
	// The second argument of number is how many digits the conversion has of its own, before any width: years have
	// no such minimum.
	switch conv {
	case '%':
		w.text(d, []rune{'%'})
	case 'n':
		w.text(d, []rune{'\n'})
	case 't':
		w.text(d, []rune{'\t'})
	case 'a', 'A', 'b', 'h', 'B', 'p', 'P', 'Z':
		w.name(d, conv, m)
	case 'C':
		w.number(d, 1, floorDiv(m.year, 100))
	case 'd':
		w.number(d, 2, m.mday)
	case 'e':
		w.spaced(d, 2, m.mday)
	case 'G':
		year, _ := m.isoWeek()
		w.number(d, 1, year)
	case 'g':
		year, _ := m.isoWeek()
		w.number(d, 2, floorMod(year, 100))
	case 'H':
		w.number(d, 2, m.hour)
	case 'I':
		w.number(d, 2, m.hour12())
	case 'j':
		w.number(d, 3, m.yday+1)
	case 'k':
		w.spaced(d, 2, m.hour)
	case 'l':
		w.spaced(d, 2, m.hour12())
	case 'M':
		w.number(d, 2, m.min)
	case 'm':
		w.number(d, 2, m.mon)
	case 'S':
		w.number(d, 2, m.sec)
	case 's':
		w.number(d, 1, int(m.unix()))
	case 'U':
		w.number(d, 2, (m.yday-m.wday+7)/7)
	case 'u':
		w.number(d, 1, (m.wday+6)%7+1)
	case 'V':
		_, week := m.isoWeek()
		w.number(d, 2, week)
	case 'W':
		w.number(d, 2, (m.yday-(m.wday+6)%7+7)/7)
	case 'w':
		w.number(d, 1, m.wday)
	case 'Y':
		w.number(d, 1, m.year)
	case 'y':
		w.number(d, 2, floorMod(m.year, 100))
	case 'z':
		w.offset(d, m)
	default: // no directive, or a format that ends in the middle of one: shown as it stands
		w.text(d, d.raw)
	}
}

// name writes a conversion whose result is a word, which is what # acts on.
func (w *writer) name(d *directive, conv rune, m *tm) {
	var s string
	switch conv {
	case 'a':
		s = time.Weekday(m.wday).String()[:3]
	case 'A':
		s = time.Weekday(m.wday).String()
	case 'b', 'h':
		s = time.Month(m.mon).String()[:3]
	case 'B':
		s = time.Month(m.mon).String()
	case 'Z':
		s = m.zone
	case 'p', 'P':
		s = "AM"
		if m.hour >= 12 {
			s = "PM"
		}
	}
	// P is lower case whatever the flags say; # makes the two that are upper case by nature lower, the others upper.
	switch {
	case conv == 'P':
		d.lower = true
	case d.change && (conv == 'p' || conv == 'Z'):
		d.upper, d.lower = false, true
	case d.change:
		d.upper = true
	}
	w.text(d, []rune(s))
}

// offset writes %z: the sign and hhmm. Both parts take the width, as in C.
func (w *writer) offset(d *directive, m *tm) {
	if m.isdst < 0 {
		return // unknown, and then C shows nothing rather than +0000
	}
	sign, o := '+', m.offset
	if o < 0 {
		sign, o = '-', -o
	}
	w.text(d, []rune{sign})
	w.number(d, 4, o/3600*100+o/60%60)
}
