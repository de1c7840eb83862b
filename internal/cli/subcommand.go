package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/zrpc-go/zrpc/internal/gendoc"
)

// subcommand is a word that, as the first of the command line, is neither address nor command.
type subcommand struct {
	name, args, help string
	run              func(e *Env, args []string) int
}

// subcommands are looked up by Main and listed in the help. A function, because they refer to the help themselves.
func subcommands() []subcommand {
	return []subcommand{
		{"broker", "...", "spread the calls of clients over workers; zrpc broker --help", (*Env).broker},
		{"completion", "SHELL", "completion of options and live method names, for bash, zsh or fish", (*Env).completion},
		{"gen", "doc ...", "Go code that gives services their documentation", (*Env).gen},
		{"pub", "ADDR NAME ...", "publish an event, or those of standard input, to all subscribers", (*Env).pub},
		{"pull", "ADDR ...", "print the events that pushers send here", (*Env).pull},
		{"push", "ADDR NAME ...", "push an event, or those of standard input, to one of the pullers", (*Env).push},
		{"sub", "ADDR ...", "print the events of publishers", (*Env).sub},
		{"version", "", "print the version", (*Env).version},
	}
}

// reserved are words that the design gives to subcommands which this version does not have. As the first word they are
// refused, so that a script written now does not change its meaning with the version that brings them.
var reserved = []string{"bench", "gateway", "keygen"}

// subcommandNames lists them for error messages.
func subcommandNames() []string {
	var names []string
	for _, s := range subcommands() {
		names = append(names, s.name)
	}
	return names
}

// gen writes code. What it writes is the job of a package of its own.
func (e *Env) gen(args []string) int {
	if len(args) == 0 || args[0] != "doc" {
		fmt.Fprintln(e.Stderr, "zrpc: error: what shall be generated? There is: zrpc gen doc")
		return exitUsage
	}
	return gendoc.Main(args[1:], e.Stdout, e.Stderr)
}

// version prints what was built.
func (e *Env) version(args []string) int {
	if len(args) > 0 {
		fmt.Fprintln(e.Stderr, "zrpc: error: version takes no arguments")
		return exitUsage
	}
	version := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	fmt.Fprintf(e.Stdout, "zrpc %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}
