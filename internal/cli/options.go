package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/internal/pyprint"
)

// Options is a command line in the zerorpc manner, parsed.
type Options struct {
	Server   bool
	Connect  []string // endpoints to connect to, in the order of zerorpc: the positional one first
	Bind     []string
	Command  string // method or module; empty: none
	Params   []string
	PoolSize int // 0: the library's default

	Timeout   time.Duration // 0: wait for ever
	Heartbeat time.Duration // 0: none
	ActiveHB  bool

	JSON      bool
	ArgsJSON  *string // all parameters as one JSON list; nil: not given
	Literal   bool    // parameters mean themselves: neither @file nor -
	PrintJSON bool
	Raw       bool
	Inspect   bool
	Debug     bool
}

// Defaults of zerorpc's command.
const (
	defaultTimeout   = 30 * time.Second
	defaultHeartbeat = 5 * time.Second
)

// zerorpcOptions is the table of options: zerorpc's in zerorpc's order, then ours.
var zerorpcOptions = []option{
	{names: []string{"-h", "--help"}, help: "print this help"},
	{names: []string{"--client"}, group: "mode", help: "call a method (default)",
		set: func(*Options, string) error { return nil }},
	{names: []string{"--server"}, group: "mode", help: "serve the service named by command",
		set: func(o *Options, _ string) error { o.Server = true; return nil }},
	{names: []string{"--connect"}, metavar: "address", help: "connect to this address; may be repeated, and mixed with --bind",
		set: func(o *Options, v string) error { o.Connect = append(o.Connect, v); return nil }},
	{names: []string{"--bind"}, metavar: "address", help: "listen at this address; may be repeated, and mixed with --connect",
		set: func(o *Options, v string) error { o.Bind = append(o.Bind, v); return nil }},
	{names: []string{"--timeout"}, metavar: "seconds", help: "how long a client waits for an answer to begin; 0: for ever (default: 30)",
		set: func(o *Options, v string) (err error) { o.Timeout, err = seconds(v); return err }},
	{names: []string{"--heartbeat"}, metavar: "seconds",
		help: "time between heartbeats; 0: none. Both sides should use the same (default: 5)",
		set:  func(o *Options, v string) (err error) { o.Heartbeat, err = seconds(v); return err }},
	{names: []string{"--pool-size"}, metavar: "count", help: "how many calls a server runs at a time (default: no bound)",
		set: func(o *Options, v string) (err error) { o.PoolSize, err = count(v); return err }},
	{names: []string{"-j", "--json"}, help: "params are JSON, not strings",
		set: func(o *Options, _ string) error { o.JSON = true; return nil }},
	{names: []string{"-pj", "--print-json"}, group: "print", help: "print results as JSON",
		set: func(o *Options, _ string) error { o.PrintJSON = true; return nil }},
	{names: []string{"-?", "--inspect"},
		help: "print signature and documentation of the method named by command, or without one the signatures of all",
		set:  func(o *Options, _ string) error { o.Inspect = true; return nil }},
	{names: []string{"--active-hb"}, help: "send heartbeats from the start, not only once the server has sent one",
		set: func(o *Options, _ string) error { o.ActiveHB = true; return nil }},
	{names: []string{"-d", "--debug"}, help: "print events and connections as they come and go",
		set: func(o *Options, _ string) error { o.Debug = true; return nil }},

	{names: []string{"--raw"}, ours: true, group: "print", help: "print strings without quotes, and bytes as they are",
		set: func(o *Options, _ string) error { o.Raw = true; return nil }},
	{names: []string{"--args-json"}, ours: true, metavar: "list", help: "all params as one JSON list; @file and - as for params",
		set: func(o *Options, v string) error { o.ArgsJSON = &v; return nil }},
	{names: []string{"--literal"}, ours: true, help: "@file and - are sent as they are",
		set: func(o *Options, _ string) error { o.Literal = true; return nil }},
}

// Parse reads a command line without the program's name. help is true when the help was asked for. An error is a
// *usageError.
func Parse(words []string) (o *Options, help bool, err error) {
	o = &Options{Timeout: defaultTimeout, Heartbeat: defaultHeartbeat}
	positionals, help, err := parseArgs(zerorpcOptions, words, o)
	if help || err != nil {
		return o, help, err
	}
	// With --bind or --connect the place of the address is the command's.
	if len(o.Bind)+len(o.Connect) == 0 && len(positionals) > 0 && positionals[0] != "" {
		if err := checkAddress(positionals[0]); err != nil {
			return o, false, usagef("%s, and it is no subcommand (%s)", err, strings.Join(subcommandNames(), ", "))
		}
		o.Connect, positionals = []string{positionals[0]}, positionals[1:]
	}
	for _, addr := range append(o.Bind[:len(o.Bind):len(o.Bind)], o.Connect...) {
		if err := checkAddress(addr); err != nil {
			return o, false, usagef("%s", err)
		}
	}
	if len(positionals) > 0 {
		o.Command, o.Params = positionals[0], positionals[1:]
	}
	if o.ArgsJSON != nil && len(o.Params) > 0 {
		return o, false, usagef("argument --args-json: not allowed with params")
	}
	return o, false, nil
}

// checkAddress refuses what cannot be an address, so that a mistyped subcommand is not connected to.
func checkAddress(s string) error {
	if !strings.Contains(s, "://") {
		return fmt.Errorf("%s is no address: an address looks like tcp://127.0.0.1:4242", pyprint.Quote(s))
	}
	return nil
}

// maxSeconds keeps a duration far from its limit of 292 years.
const maxSeconds = 1e9

// seconds reads a number of seconds. zerorpc takes whole ones; parts of a second are ours.
func seconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > maxSeconds {
		return 0, fmt.Errorf("invalid seconds value: %s", pyprint.Quote(s))
	}
	return time.Duration(f * float64(time.Second)), nil
}

// count reads a number of things, 0 meaning the default.
func count(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("invalid int value: %s", pyprint.Quote(s))
	}
	if n < 0 {
		return 0, errors.New("must not be negative")
	}
	return n, nil
}
