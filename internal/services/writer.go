package services

import (
	"strconv"
	"unicode"
)

// writer collects the result of one strftime call.
type writer struct {
	out  []rune
	max  int  // characters that fit
	full bool // more than max were to be written; out is of no use
}

// text writes s in the directive's case, padded on the left to its width.
func (w *writer) text(d *directive, s []rune) {
	pad := ' '
	if d.pad == '0' {
		pad = '0'
	}
	w.fill(pad, d.width-len(s))
	if len(w.out)+len(s) > w.max {
		w.full = true
		return
	}
	for _, r := range s {
		switch {
		case d.lower:
			r = unicode.ToLower(r)
		case d.upper:
			r = unicode.ToUpper(r)
		}
		w.out = append(w.out, r)
	}
}

// spaced is number with blanks as the default padding.
func (w *writer) spaced(d *directive, digits, v int) {
	if d.pad == 0 {
		d.pad = '_'
	}
	w.number(d, digits, v)
}

// number writes v with at least so many digits, the sign counted.
func (w *writer) number(d *directive, digits, v int) {
	s := []rune(strconv.Itoa(v))
	if d.pad == '-' { // no digits are added, but a width still is filled, with blanks
		w.text(d, s)
		return
	}
	missing := max(digits, d.width) - len(s)
	if d.pad == '_' {
		w.fill(' ', missing)
	} else {
		if v < 0 && missing > 0 { // zeros go between the sign and the digits, blanks before both
			w.fill('-', 1)
			s = s[1:]
		}
		w.fill('0', missing)
	}
	w.text(&directive{}, s)
}

// fill writes r n times; nothing if n is not positive.
func (w *writer) fill(r rune, n int) {
	if n > w.max-len(w.out) {
		w.full = true
		return
	}
	for ; n > 0; n-- {
		w.out = append(w.out, r)
	}
}
