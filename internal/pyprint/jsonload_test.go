package pyprint

import (
	"errors"
	"strings"
	"testing"
)

func TestLoadJSON(t *testing.T) {
	for _, c := range []struct {
		why, text, want string
	}{
		{"of equal keys the last wins", `{"a": 1, "b": 2, "a": 3}`, `{'a': 3, 'b': 2}`},
		{"a surrogate pair is one character", `"\ud83d\ude00"`, "'\U0001f600'"},
		{"Python's own words for numbers", `[NaN, Infinity, -Infinity]`, `[nan, inf, -inf]`},
		{"the largest int", "18446744073709551615", "18446744073709551615"},
		{"a float beyond the range", "1e999", "inf"},
		{"minus zero is the int 0", "-0", "0"},
		{"minus zero as a float", "-0.0", "-0.0"},
		{"recorded: not JSON", "notjson", "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"},
		{"places count characters", "[\"é\",\nx]", "json.decoder.JSONDecodeError: Expecting value: line 2 column 1 (char 6)"},
		{"beyond 64 bits", "18446744073709551616", "OverflowError: Integer value out of range"},
		{"below 64 bits", "[-9223372036854775809]", "OverflowError: Integer value out of range"},
		{"bad JSON comes first, as Python parses before it packs", "[18446744073709551616",
			"json.decoder.JSONDecodeError: Expecting ',' delimiter: line 1 column 22 (char 21)"},
		{"a byte order mark", "\ufeff1",
			"json.decoder.JSONDecodeError: Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"},
		{"two halves of no pair", `"a\udc00\udc00"`,
			`UnicodeEncodeError: 'utf-8' codec can't encode characters in position 1-2: surrogates not allowed`},
		{"bytes that are no UTF-8", "\"é\xff\"",
			`UnicodeEncodeError: 'utf-8' codec can't encode character '\udcff' in position 1: surrogates not allowed`},
		{"too deep", strings.Repeat("[", 121), "ValueError: nested deeper than 120 levels, which no receiver takes"},
		{"too deep in objects", strings.Repeat(`{"a":`, 121), "ValueError: nested deeper than 120 levels, which no receiver takes"},
	} {
		v, err := LoadJSON(c.text)
		got := string(appendRepr(nil, v))
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q: got %s, want %s", c.why, c.text, got, c.want)
		}
	}
	if _, err := LoadJSON(strings.Repeat("[", 120) + strings.Repeat("]", 120)); err != nil {
		t.Errorf("120 levels: %v", err)
	}
}

func FuzzLoadJSON(f *testing.F) {
	f.Add(`{"a": [1, 2.5e3, "\ud83d\ude00", NaN, -Infinity, {"a": {}}], "a": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := LoadJSON(text)
		if err != nil {
			var d *DecodeError
			if errors.As(err, &d) && (d.Pos > len(text) || d.Line < 1 || d.Column < 1) {
				t.Errorf("place outside the text: %v", d)
			}
			return
		}
		// What json.loads made, json.dumps can write, and it reads back the same.
		b, err := AppendJSON(nil, AppendValue(nil, v))
		if err != nil {
			t.Fatal(err)
		}
		again, err := LoadJSON(string(b))
		if err != nil || string(appendRepr(nil, again)) != string(appendRepr(nil, v)) {
			t.Errorf("%s read back: %v, %v", b, again, err)
		}
	})
}
