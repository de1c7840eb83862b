package cli

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// parsed is what a command line means, in the form that testdata/oracle.py writes.
type parsed struct {
	Error       string
	Help        bool
	Server      bool
	Connect     []string
	Bind        []string
	Timeout     int
	Heartbeat   int
	Pool        int
	Flags       []bool
	Positionals []string
	Minor       int // of Python's version
}

func parseForTest(words []string) (p parsed) {
	o := Options{Timeout: defaultTimeout, Heartbeat: defaultHeartbeat}
	positionals, help, err := parseArgs(zerorpcOptions, words, &o)
	switch {
	case err != nil:
		p.Error = err.Error()
		// These are ours, because seconds may have a fraction.
		p.Error = strings.Replace(p.Error, "invalid seconds value", "invalid int value", 1)
	case help:
		p.Help = true
	default:
		p = parsed{Server: o.Server, Connect: append([]string{}, o.Connect...), Bind: append([]string{}, o.Bind...),
			Timeout: int(o.Timeout / time.Second), Heartbeat: int(o.Heartbeat / time.Second), Pool: o.PoolSize,
			Flags:       []bool{o.JSON, o.PrintJSON, o.Inspect, o.ActiveHB, o.Debug},
			Positionals: append([]string{}, positionals...)}
	}
	return p
}

// Command lines are made of the words that argparse treats specially, in any order.
func TestParseAsArgparse(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is not in PATH: this test compares with Python's own argparse; install python3")
	}
	words := []string{"tcp://h:1", "tcp://h:2", "hello", "x", "-", "--", "-1", "-.5", "-1.5", "", "a b", "-x y", "@f", "'", "--client",
		"--server", "--serv", "--connect", "--connect=tcp://h:3", "--conn", "--c", "--bind", "--b=tcp://h:4", "--timeout", "--timeout=7",
		"--time", "--timeout=x", "--timeout=", "--heartbeat", "--h", "--heart=3", "--pool-size", "--p", "--po", "--pool=4", "-j", "--json",
		"--json=1", "--json=", "-j=1", "-pj", "-p", "-pjd", "--print", "-?", "-?j", "--inspect", "--i", "--active-hb", "--a", "--act", "-d", "-dj",
		"-jd", "-jdx", "-jpj", "-d?", "--debug", "-h", "--help", "-x", "--nope", "--nope=1", "5", "7"}
	for _, seed := range []uint64{1, rand.Uint64()} {
		t.Logf("seed %d", seed)
		rnd := rand.New(rand.NewPCG(seed, 0))
		var lines [][]string
		var in bytes.Buffer
		for range 6000 {
			line := []string{}
			for range rnd.IntN(7) {
				line = append(line, words[rnd.IntN(len(words))])
			}
			lines = append(lines, line)
			_ = json.NewEncoder(&in).Encode(line)
		}
		cmd := exec.Command(python, "testdata/oracle.py")
		cmd.Stdin = &in
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		answers := json.NewDecoder(bytes.NewReader(out))
		more := 0
		for _, line := range lines {
			var want parsed
			if err := answers.Decode(&want); err != nil {
				t.Fatal(err)
			}
			minor := want.Minor
			want.Minor = 0
			got := parseForTest(line)
			switch {
			case strings.HasPrefix(want.Error, "unrecognized arguments") && got.Error == "":
				// argparse cannot take positionals on both sides of an option; here they may be anywhere.
				more++
				continue
			case strings.HasPrefix(want.Error, "unrecognized arguments") && strings.HasPrefix(got.Error, "unrecognized arguments"):
				continue // for the same reason argparse may list positionals as well
			case minor >= 13 && (want.Error != "" || want.Help) && strings.Contains(got.Error, "ignored explicit argument"):
				continue // from Python 3.13 on "-jx" is not complained about before all else was looked at
			case strings.HasSuffix(got.Error, "value: '-1'") || strings.HasSuffix(got.Error, "not be negative"):
				continue // zerorpc takes negative times and fails later
			case strings.Count(strings.Join(line, "\n")+"\n", "--\n") > 1:
				continue // Python before 3.13 loses the second "--", which is a parameter
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%q\ngot  %+v\nwant %+v", line, got, want)
			}
		}
		if more > len(lines)/2 {
			t.Errorf("%d of %d lines were not compared", more, len(lines))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--connect\ntcp://h:1\n-jd\nhello\n--\n-x")
	f.Fuzz(func(t *testing.T, text string) {
		o, help, err := Parse(strings.Split(text, "\n"))
		if err == nil && !help && (o.Timeout < 0 || o.Heartbeat < 0 || o.PoolSize < 0) {
			t.Errorf("%q: %+v", text, o)
		}
	})
}
