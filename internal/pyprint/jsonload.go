package pyprint

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth bounds the nesting of a JSON parameter. An event may nest 128 levels and the list of parameters is one
// of them; what is deeper would be refused by the receiver, without an answer.
const maxJSONDepth = 120

// DecodeError is text that is not JSON: what Python calls json.decoder.JSONDecodeError, with its words.
type DecodeError struct {
	Msg               string
	Line, Column, Pos int // in characters; line and column from 1, Pos from 0
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("json.decoder.JSONDecodeError: %s: line %d column %d (char %d)", e.Msg, e.Line, e.Column, e.Pos)
}

// PackError is valid JSON that has no msgpack form: a number beyond 64 bits, half a surrogate pair, too deep nesting.
type PackError struct {
	Name string // the class of exception that Python's msgpack raises
	Msg  string
}

func (e *PackError) Error() string { return e.Name + ": " + e.Msg }

// LoadJSON parses text as json.loads does, NaN, Infinity and -Infinity included, and returns its value tree. Of equal
// keys the last one wins. Errors are *DecodeError and *PackError.
func LoadJSON(text string) (any, error) {
	if strings.HasPrefix(text, "\ufeff") {
		return nil, newDecodeError(text, "Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
	}
	// The order of the checks is Python's, as the first complaint is the one that is shown: syntax, then what stands
	// behind the value, then what the packer refuses.
	p := parser{s: text}
	p.space()
	v, err := p.value(maxJSONDepth)
	if err == nil {
		if p.space(); p.i != len(text) {
			err = p.fail("Extra data", p.i)
		}
	}
	if err != nil {
		return nil, err
	}
	if p.pack != nil {
		return nil, p.pack
	}
	return v, nil
}

// newDecodeError places an error at byte offset i of text, clipped to its end.
func newDecodeError(text, msg string, i int) *DecodeError {
	before := text[:min(i, len(text))]
	e := &DecodeError{Msg: msg, Pos: utf8.RuneCountInString(before), Line: 1 + strings.Count(before, "\n")}
	e.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return e
}

// parser reads s from byte i on.
type parser struct {
	s    string
	i    int
	pack error // the first value that cannot be packed; reported if the whole text is JSON, as Python packs last
}

// fail is a syntax error at byte offset i.
func (p *parser) fail(msg string, i int) error { return newDecodeError(p.s, msg, i) }

// packFail notes what the packer would refuse, unless something before it was refused already.
func (p *parser) packFail(name, msg string) {
	if p.pack == nil {
		p.pack = &PackError{name, msg}
	}
}

// peek returns the byte at i, 0 at the end: no caller looks for a NUL.
func (p *parser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// space skips what JSON takes for white space: four characters, and no Unicode space besides.
func (p *parser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\n\r", p.s[p.i]) >= 0 {
		p.i++
	}
}

// constants are the values that are words. Python's json knows the last three, which JSON does not.
var constants = []struct {
	word  string
	value any
}{
	{"null", nil}, {"true", true}, {"false", false}, {"NaN", nan}, {"Infinity", inf}, {"-Infinity", -inf},
}

// value parses one value that may nest depth levels; white space before it has been skipped.
func (p *parser) value(depth int) (any, error) {
	switch p.peek() {
	case '"':
		p.i++
		return p.str()
	case '{', '[':
		if depth == 0 {
			return nil, &PackError{"ValueError", fmt.Sprintf("nested deeper than %d levels, which no receiver takes", maxJSONDepth)}
		}
		p.i++
		if p.s[p.i-1] == '{' {
			return p.object(depth - 1)
		}
		return p.array(depth - 1)
	}
	// A word is taken as soon as it is complete, whatever follows: "nullx" is null and then extra data.
	for _, c := range constants {
		if strings.HasPrefix(p.s[p.i:], c.word) {
			p.i += len(c.word)
			return c.value, nil
		}
	}
	return p.number()
}

// object parses what follows '{'.
func (p *parser) object(depth int) (any, error) {
	d := &Dict{}
	p.space()
	if p.peek() == '}' {
		p.i++
		return d, nil
	}
	for {
		if p.peek() != '"' {
			return nil, p.fail("Expecting property name enclosed in double quotes", p.i)
		}
		p.i++
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		if p.space(); p.peek() != ':' {
			return nil, p.fail("Expecting ':' delimiter", p.i)
		}
		p.i++
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		d.set(key, v)
		done, err := p.next('}')
		if done || err != nil {
			return d, err
		}
	}
}

// array parses what follows '['.
func (p *parser) array(depth int) (any, error) {
	l := []any{}
	p.space()
	if p.peek() == ']' {
		p.i++
		return l, nil
	}
	for {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
		done, err := p.next(']')
		if done || err != nil {
			return l, err
		}
	}
}

// next reads what stands behind an element: a comma and space, or the closing bracket (done).
func (p *parser) next(closing byte) (done bool, err error) {
	p.space()
	switch p.peek() {
	case closing:
		p.i++
		return true, nil
	case ',':
		p.i++
		p.space()
		return false, nil
	}
	return false, p.fail("Expecting ',' delimiter", p.i)
}

// number parses an int or a float: a float if it has a fraction or an exponent.
func (p *parser) number() (any, error) {
	start := p.i
	digits := func() (n int) {
		for p.peek() >= '0' && p.peek() <= '9' {
			p.i++
			n++
		}
		return n
	}
	if p.peek() == '-' {
		p.i++
	}
	if p.peek() == '0' {
		p.i++ // no digit may follow: "01" is 0 and then extra data
	} else if digits() == 0 {
		p.i = start
		return nil, p.fail("Expecting value", start)
	}
	isFloat := false
	// A fraction or exponent without digits is left for the caller to stumble over, as Python does.
	for _, intro := range []string{".", "eE"} {
		mark := p.i
		if p.i == len(p.s) || strings.IndexByte(intro, p.s[p.i]) < 0 {
			continue
		}
		p.i++
		if intro != "." && (p.peek() == '+' || p.peek() == '-') {
			p.i++
		}
		if digits() == 0 {
			p.i = mark
		} else {
			isFloat = true
		}
	}
	text := p.s[start:p.i]
	if isFloat {
		f, _ := strconv.ParseFloat(text, 64) // out of range gives an infinity, in Python too
		return f, nil
	}
	return p.integer(text), nil
}

// integer is a number without fraction. Python's ints have no limit, msgpack's have 64 bits.
func (p *parser) integer(text string) any {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n
	}
	u, err := strconv.ParseUint(text, 10, 64)
	if err == nil {
		return u
	}
	p.packFail("OverflowError", "Integer value out of range")
	return nil // never seen: LoadJSON reports the error instead
}
