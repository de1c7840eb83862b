package cli

import "strings"

// usage is the short form of the verb's help.
func (o *eventOptions) usage() string {
	var parts []string
	for _, opt := range o.table() {
		parts = append(parts, "["+invocation(opt.names[0], opt.metavar)+"]")
	}
	if o.verb.emits {
		parts = append(parts, "[address]", "name", "[params ...]")
	} else {
		parts = append(parts, "[address ...]")
	}
	first := "usage: zrpc " + o.verb.name + " "
	return first + fill(parts, len(first), len(first)) + "\n"
}

// The positional arguments are laid out by hand, as those of the main help are: entry knows no order of paragraphs.
const emitHelp = `
positional arguments:
  address              where to connect to; there is none when --connect or
                       --bind is given
  name                 what the event is called. - reads events from standard
                       input, one a line: {"event": "tick", "args": [42]}, and
                       "topic" if there is one: what sub and pull print
  params               the event's arguments, as a call's: text, @file, -
`

const receiveHelp = `
positional arguments:
  address              where to connect to

Events are printed as JSON, one a line: {"event": "tick", "args": [42]}, on a
terminal in Python's form.
`

// eventExitHelp differs from a call's codes: there is no remote error, and no remote to lose.
const eventExitHelp = `
exit codes:
  0                    the events are on their way, or were printed
  1                    an event cannot be sent, or not be printed
  2                    the command line, or a line of input, makes no sense
  3                    nobody came in time
  5                    an address cannot be used
  130                  interrupted

Nobody answers an event: who has got it is not known.
`

// helpText is the whole help of the verb.
func (o *eventOptions) helpText() string {
	var b strings.Builder
	b.WriteString(o.usage() + "\n" + o.verb.about + "\n")
	if o.verb.emits {
		b.WriteString(emitHelp)
	} else {
		b.WriteString(receiveHelp)
	}
	b.WriteString("\noptions:\n")
	for _, opt := range o.table() {
		names := make([]string, len(opt.names))
		for i, n := range opt.names {
			names[i] = invocation(n, opt.metavar)
		}
		b.WriteString(entry(strings.Join(names, ", "), opt.help))
	}
	return b.String() + eventExitHelp
}
