package cli

import (
	"strings"

	"github.com/zrpc-go/zrpc/internal/services"
)

// Layout of the help, as argparse lays it out at 80 columns: texts begin at column 24 and end before column 78.
const (
	helpColumn = 23
	helpWidth  = 78
)

// The texts around the table of options. Their first column is as wide as that of the table.
const description = `Call a method of a zerorpc service, list what it offers, or be one.`

const paramsHelp = `
params:
  text                 sent as a string; with -j the JSON value that it spells
  @file                the content of the file; @@text is the string "@text"
  -                    the content of standard input
  --                   nothing behind it is an option
`

const exitHelp = `
exit codes:
  0                    the call succeeded, or the server was told to end
  1                    the remote method failed, or its result cannot be printed
  2                    the command line makes no sense
  3                    no answer in time
  4                    the remote was lost: no heartbeats, or no connection
  5                    the remote cannot be reached, or the address not be used
  130                  interrupted

Results go to standard output, all else to standard error, nothing in colour.
`

// positionalHelp are the words of the command line that are no options.
var positionalHelp = []struct{ name, help string }{
	{"address", "where to connect to, such as tcp://127.0.0.1:4242. There is none when --connect or --bind is given"},
	{"command", "the method to call; without one, all methods are listed. With --server, the service: " +
		strings.Join(services.Names(), ", ")},
	{"params", "the method's parameters"},
}

// usage is the short form, shown with every usage error.
func usage() string {
	var parts []string
	for i := 0; i < len(zerorpcOptions); i++ {
		o := zerorpcOptions[i]
		part := invocation(o.names[0], o.metavar)
		// Of the groups only this one has all its members side by side in the table.
		if o.group == "mode" { // the two modes stand in one pair of brackets
			i++
			part += " | " + zerorpcOptions[i].names[0]
		}
		parts = append(parts, "["+part+"]")
	}
	const first = "usage: zrpc "
	indent := "\n" + strings.Repeat(" ", len(first))
	return first + fill(parts, len(first), len(first)) + indent + "[address] [command] [params ...]\n"
}

// helpText is the whole help.
func helpText() string {
	var b strings.Builder
	b.WriteString(usage() + "\n" + description + "\n\npositional arguments:\n")
	for _, p := range positionalHelp {
		b.WriteString(entry(p.name, p.help))
	}
	b.WriteString("\noptions:\n")
	for _, o := range zerorpcOptions {
		names := make([]string, len(o.names))
		for i, n := range o.names {
			names[i] = invocation(n, o.metavar)
		}
		b.WriteString(entry(strings.Join(names, ", "), o.help))
	}
	b.WriteString(paramsHelp + "\nsubcommands, as the first word:\n")
	for _, c := range subcommands() {
		b.WriteString(entry(invocation(c.name, c.args), c.help))
	}
	b.WriteString("Write --client before a method that has such a name.\n" + exitHelp)
	return b.String()
}

// invocation is an option or subcommand as it is typed.
func invocation(name, metavar string) string {
	if metavar == "" {
		return name
	}
	return name + " " + metavar
}

// entry is one line of the help, or several: a name and its text in the second column.
func entry(name, text string) string {
	first := "  " + name
	if len(first) < helpColumn-1 {
		first += strings.Repeat(" ", helpColumn-len(first))
	} else { // too long for the first column: the text begins below
		first += "\n" + strings.Repeat(" ", helpColumn)
	}
	return first + fill(strings.Fields(text), helpColumn, helpColumn) + "\n"
}

// fill puts words into lines that end before column helpWidth. The first line is at column at, the others begin at
// column indent.
func fill(words []string, at, indent int) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case at+1+len(w) > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(w)
		at += len(w)
	}
	return b.String()
}
