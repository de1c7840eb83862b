package pyprint

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// oracleLine is one line of testdata/oracle.py.
type oracleLine struct {
	Raw, Pretty, JSON, Text, Error string
}

// oracle runs the real pprint and json over count generated values or texts. One seed is fixed, so that a failure
// seen once stays; the other is new each time and printed.
func oracle(t *testing.T, kind string, count int, check func(t *testing.T, l oracleLine)) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is not in PATH: this test compares with Python's own pprint and json; install python3")
	}
	for _, seed := range []int{1, rand.IntN(1 << 30)} {
		t.Logf("%s: seed %d", kind, seed)
		out, err := exec.Command(python, "testdata/oracle.py", kind, strconv.Itoa(seed), strconv.Itoa(count)).Output()
		if err != nil {
			var stderr []byte
			if e, ok := err.(*exec.ExitError); ok {
				stderr = e.Stderr
			}
			t.Fatalf("oracle.py %s %d: %v\n%s", kind, seed, err, stderr)
		}
		lines := bufio.NewScanner(bytes.NewReader(out))
		lines.Buffer(nil, 64<<20)
		n := 0
		for lines.Scan() {
			var l oracleLine
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			check(t, l)
			n++
		}
		if n != count {
			t.Fatalf("%d lines of %d: %v", n, count, lines.Err())
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPrettyAndJSONAsPython(t *testing.T) {
	failed := 0
	oracle(t, "values", 4000, func(t *testing.T, l oracleLine) {
		raw := unhex(t, l.Raw)
		got, err := AppendPretty([]byte(">"), raw)
		if err != nil || string(got) != ">"+l.Pretty {
			t.Errorf("raw %s (%v)\ngot  %s\nwant >%s", l.Raw, err, got, l.Pretty)
			failed++
		}
		got, err = AppendJSON([]byte(">"), raw)
		text := string(got)
		if err != nil { // a refused value must leave nothing half-written
			text += err.Error()
		}
		if text != ">"+l.JSON {
			t.Errorf("raw %s\ngot  %s\nwant >%s", l.Raw, text, l.JSON)
			failed++
		}
		if failed > 10 {
			t.Fatal("too many differences")
		}
	})
}

func TestLoadJSONAsPython(t *testing.T) {
	failed := 0
	oracle(t, "texts", 8000, func(t *testing.T, l oracleLine) {
		v, err := LoadJSON(l.Text)
		got, want := "", l.Error
		if err != nil {
			got = err.Error()
		} else {
			// Both sides through Decode: Python packs its dict, ours is compared as a tree.
			w, err := Decode(unhex(t, l.Raw))
			if err != nil && l.Error == "" {
				t.Fatal(err)
			}
			got, want = string(appendRepr(nil, v)), l.Error+string(appendRepr(nil, w))
		}
		if strings.Contains(want, "Illegal trailing comma") && strings.Contains(got, "JSONDecodeError: Expecting ") {
			return // Python 3.13 words this one case anew; ours is 3.9 to 3.12
		}
		if got != want {
			t.Errorf("text %q\ngot  %s\nwant %s", l.Text, got, want)
			if failed++; failed > 10 {
				t.Fatal("too many differences")
			}
		}
	})
}
