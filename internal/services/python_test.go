package services

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the recording, on machines that have none
)

// pyCase is one line of testdata/oracle.py: a call and what Python answered.
type pyCase struct {
	Libc   string   `json:"libc"`
	TZ     string   `json:"tz"`
	Fn     string   `json:"fn"`
	Args   []tagged `json:"args"`
	Result tagged   `json:"result"`
	Error  []string `json:"error"`
}

// tagged is a value with its Python type, as the script writes it, decoded to what a msgpack decoder gives.
type tagged struct{ v any }

func (t *tagged) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	m, ok := v.(map[string]any)
	if !ok {
		t.v = v // nil or bool
		return nil
	}
	var err error
	for tag, x := range m {
		switch s, _ := x.(string); tag {
		case "i":
			var i int64
			if i, err = strconv.ParseInt(s, 10, 64); err == nil {
				t.v = i
			} else {
				t.v, err = strconv.ParseUint(s, 10, 64)
			}
		case "f":
			t.v, err = strconv.ParseFloat(s, 64)
		case "s":
			t.v = s
		case "b":
			t.v, err = base64.StdEncoding.DecodeString(s)
		case "l":
			var inner struct{ L []tagged }
			err = json.Unmarshal(b, &inner)
			l := make([]any, 0, len(inner.L))
			for _, e := range inner.L {
				l = append(l, e.v)
			}
			t.v = l
		case "d":
			t.v = map[string]any{}
		}
	}
	return err
}

// call calls the Go service as the RPC layer would.
func (c *pyCase) call(loc *time.Location) (any, error) {
	args := make([]any, len(c.Args))
	for i, a := range c.Args {
		args[i] = a.v
	}
	clk := clock{now: time.Now, loc: func() *time.Location { return loc }}
	switch c.Fn {
	case "add":
		return add(args[0], args[1])
	case "subtract":
		return subtract(args[0], args[1])
	case "multiply":
		return multiply(args[0], args[1])
	case "divide":
		return divide(args[0], args[1])
	case "getpow":
		return power(args[0], args[1])
	case "streaming_range":
		l := []any{}
		for i, err := range streamingRange(args[0].(int64), args[1].(int64), args[2].(int64)) {
			if err != nil {
				return nil, err
			}
			l = append(l, i)
		}
		return l, nil
	case "ctime":
		return clk.ctime(args...)
	case "gmtime":
		return clk.gmtime(args...)
	case "localtime":
		return clk.localtime(args...)
	case "strftime":
		return clk.strftime(args[0].(string), args[1:]...)
	case "sleep":
		return nil, sleep(context.Background(), args[0])
	}
	return nil, fmt.Errorf("the script knows a function %q that this test does not", c.Fn)
}

// show renders a result so that equal results, in Python's sense of type and value, are equal texts.
func show(v any) string {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return "float nan" // a NaN has many forms, and a sign that is the processor's choice
		}
		return "float " + strconv.FormatFloat(v, 'g', -1, 64)
	case []int:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = int64(x)
		}
		return show(l)
	case []any:
		var b strings.Builder
		for _, x := range v {
			b.WriteString(show(x) + ", ")
		}
		return "[" + b.String() + "]"
	case int64, uint64:
		return fmt.Sprintf("int %d", v)
	}
	return fmt.Sprintf("%T %q", v, fmt.Sprint(v))
}

// compare replays the cases of r. withText says whether the texts of errors are compared: they change with Python's
// version, the names do not.
func compare(t *testing.T, r io.Reader, withText bool) (n int) {
	t.Helper()
	zones := map[string]*time.Location{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	bad := 0
	for lines.Scan() {
		var c pyCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%v in %s", err, lines.Bytes())
		}
		if c.Libc != "" {
			continue
		}
		n++
		loc := zones[c.TZ]
		if loc == nil {
			var err error
			if loc, err = time.LoadLocation(c.TZ); err != nil {
				loc = localZone(c.TZ) // a rule
			}
			zones[c.TZ] = loc
		}
		got, err := c.call(loc)
		var line, want string
		if e, ok := err.(*Error); ok {
			line = "error " + e.WireName()
			if withText {
				line += ": " + e.Error()
			}
		} else if err != nil {
			t.Fatal(err)
		} else {
			line = show(got)
		}
		if c.Error != nil {
			want = "error " + c.Error[0]
			if withText {
				want += ": " + c.Error[1]
			}
		} else {
			want = show(c.Result.v)
		}
		if line != want {
			if bad++; bad > 20 {
				t.Fatal("and more")
			}
			t.Errorf("TZ=%s %s(%s)\n  go     %s\n  python %s", c.TZ, c.Fn, argText(c.Args), line, want)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func argText(args []tagged) string {
	var l []string
	for _, a := range args {
		l = append(l, show(a.v))
	}
	return strings.Join(l, ", ")
}

// TestPythonRecorded replays what CPython 3.11 on glibc answered: texts of errors included.
func TestPythonRecorded(t *testing.T) {
	f, err := os.Open("testdata/python.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if n := compare(t, z, true); n < 10000 {
		t.Errorf("the recording has %d cases, it was cut", n)
	}
}

// TestPythonLive asks the python3 of this machine new random questions. With a C library other than glibc (whose
// strftime it is that is followed) the recording alone decides.
func TestPythonLive(t *testing.T) {
	seed := rand.Uint32()
	t.Logf("seed %d", seed)
	for _, zone := range []string{"Europe/Berlin", "America/St_Johns"} {
		cmd := exec.Command("python3", "testdata/oracle.py", "random", strconv.Itoa(int(seed)), "300")
		cmd.Env = append(os.Environ(), "TZ="+zone)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("no answers from python3: %v; install Python 3", err)
		}
		if !strings.HasPrefix(string(out), `{"libc": "glibc"}`) {
			t.Log("this python3 does not run on glibc: see TestPythonRecorded")
			return
		}
		if n := compare(t, strings.NewReader(string(out)), false); n != 1200 {
			t.Errorf("%d cases, want 1200", n)
		}
	}
}
