package interop

import (
	"fmt"
	"strings"
)

// A spelling is a value as the peers' drivers print it (python/spelling.py).

// pythonValues are values of every msgpack format, spelled out; Python's client
// takes each apart and puts it together again without loss.
func pythonValues() []string {
	v := append(append(nodeValues(), integers()...),
		`{"float": "1.0"}`, `{"float": "-0.0"}`, `{"float": "nan"}`,
		`9007199254740992`, `{"int": "9007199254740993"}`,
		`{"int": "9223372036854775807"}`, `{"int": "9223372036854775808"}`,
		`{"int": "18446744073709551615"}`, `{"int": "-9223372036854775808"}`,
		`{"map": [[{"bin": "6b"}, {"bin": "76"}]]}`, // a bin key is not a str key
		`{"map": [["b", 1], ["a", 2]]}`,             // the order of a map is kept
		`{"time": [1, 0]}`, `{"time": [8589934592, 5]}`, `{"time": [-1, 999999999]}`,
	)
	for _, size := range []int{1, 2, 3, 4, 8, 16, 17, 255, 256, 65536} { // fixext 1-16, ext 8, 16, 32
		v = append(v, fmt.Sprintf(`{"ext": [5, "%s"]}`, strings.Repeat("61", size)))
	}
	return v
}

// integers are both sides of each integer format's edge, within 2^53.
func integers() []string {
	v := smallIntegers()
	for _, n := range []int64{1 << 31, 1<<32 - 1, 1 << 32, 1<<53 - 1, -1<<31 - 1, -1<<53 + 1} {
		v = append(v, fmt.Sprint(n))
	}
	return v
}

// smallIntegers are those of them that take 32 bits with their sign.
func smallIntegers() []string {
	var v []string
	for _, n := range []int64{
		0, 1, 127, 128, 255, 256, 65535, 65536, 1<<31 - 1,
		-1, -32, -33, -128, -129, -32768, -32769, -1 << 31,
	} {
		v = append(v, fmt.Sprint(n))
	}
	return v
}

// nodeValues are those, integers aside, that JavaScript keeps apart as well: no
// whole float, no ext, no key but text.
func nodeValues() []string {
	v := []string{
		`null`, `true`, `false`,
		`{"float": "1.5"}`, `{"float": "-2.25"}`, `{"float": "inf"}`, `{"float": "-inf"}`,
		`""`, `"text"`, `"hé ☃ 😀"`, `"a\u0000b"`,
		`{"bin": ""}`, `{"bin": "00ff"}`,
		`[]`, `[1, "a", null, [true, [2, [3]]]]`,
		`{"map": []}`, `{"map": [["a", 1]]}`, `{"map": [["a", {"map": [["b", [{"map": [["c", null]]}]]]}]]}`,
	}
	// Both sides of each length's edge.
	for _, n := range []int{31, 32, 255, 256, 65535, 65536} {
		v = append(v, fmt.Sprintf(`"%s"`, strings.Repeat("x", n)), fmt.Sprintf(`{"bin": "%s"}`, strings.Repeat("01", n)))
	}
	for _, n := range []int{15, 16, 65535, 65536} {
		v = append(v, "["+strings.TrimSuffix(strings.Repeat("0,", n), ",")+"]")
	}
	for _, n := range []int{15, 16, 1000} {
		pairs := make([]string, n)
		for i := range pairs {
			pairs[i] = fmt.Sprintf(`["key %d", %d]`, i, i)
		}
		v = append(v, `{"map": [`+strings.Join(pairs, ",")+`]}`)
	}
	return v
}
