package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/zrpc-go/zrpc/internal/pyprint"
)

// option is one option of the command line.
type option struct {
	names   []string // "-j", "--json"; errors and the help show them in this order
	metavar string   // name of the value; empty: the option takes none
	help    string
	group   string                           // options of one group exclude each other
	ours    bool                             // unknown to zerorpc, so no abbreviation of a zerorpc option may reach it
	set     func(o *Options, v string) error // v is empty for an option without a value; nil: asks for the help
}

// name is how errors call the option: "-j/--json".
func (o *option) name() string { return strings.Join(o.names, "/") }

// usageError is a command line that makes no sense. It ends the program with exit code 2 and is shown below the usage.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// argument is one word of the command line, classified before anything is acted upon, as argparse does: what is wrong
// with a later word is reported even if an earlier one asks for the help.
type argument struct {
	text     string
	opt      *option // nil for a positional and for an unknown option
	as       string  // the option's name as typed or completed
	explicit *string // what stands behind "=" or is glued to a short option
	glued    bool    // explicit is glued: "-jd"
	unknown  bool    // looks like an option and is none
	behind   bool    // stands behind "--"
}

// isValue reports whether a can be the value of the option before it.
func (a *argument) isValue() bool { return a.opt == nil && !a.unknown && !a.behind }

// numberLike are words that begin with a minus and are parameters: no option begins with a digit. argparse takes fewer
// (not -1e5), which then cost the user a "--".
var numberLike = regexp.MustCompile(`^-\.?[0-9]`)

// parseArgs fills o and returns the positionals in order. Unlike argparse it allows options between positionals;
// everything argparse accepts means the same here. It returns help=true when the help was asked for.
func parseArgs(table []option, words []string, o *Options) (positionals []string, help bool, err error) {
	args, err := classify(table, words)
	if err != nil {
		return nil, false, err
	}
	var unknown []string           // reported together, after everything else, as argparse does
	chosen := map[string]*option{} // by group
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a.unknown:
			unknown = append(unknown, a.text)
			continue
		case a.opt == nil:
			positionals = append(positionals, a.text)
			continue
		}
		run := []*option{a.opt}
		value := "" // of the option, if it takes one
		switch {
		case a.opt.metavar == "":
			if run, err = bundle(table, a); err != nil {
				return nil, false, err
			}
		case a.explicit != nil:
			value = *a.explicit
		case i+1 < len(args) && args[i+1].isValue():
			i++
			value = args[i].text
		default:
			return nil, false, usagef("argument %s: expected one argument", a.opt.name())
		}
		for _, opt := range run {
			if other := chosen[opt.group]; opt.group != "" && other != nil && other != opt {
				return nil, false, usagef("argument %s: not allowed with argument %s", opt.name(), other.name())
			}
			chosen[opt.group] = opt
			if opt.set == nil {
				return nil, true, nil
			}
			if err := opt.set(o, value); err != nil {
				return nil, false, usagef("argument %s: %s", opt.name(), err)
			}
		}
	}
	if unknown != nil {
		return nil, false, usagef("unrecognized arguments: %s", strings.Join(unknown, " "))
	}
	return positionals, false, nil
}

// bundle returns the options that an option without a value stands for: itself, or several for "-jd".
func bundle(table []option, a argument) ([]*option, error) {
	run := []*option{a.opt}
	if a.explicit == nil {
		return run, nil
	}
	rest := *a.explicit
	for last := a.opt; rest != ""; rest = rest[1:] {
		next := lookup(table, "-"+rest[:1])
		if !a.glued || next == nil || next.metavar != "" {
			return nil, usagef("argument %s: ignored explicit argument %s", last.name(), pyprint.Quote(rest))
		}
		run = append(run, next)
		last = next
	}
	if !a.glued { // "--json=" with nothing behind it
		return nil, usagef("argument %s: ignored explicit argument ''", a.opt.name())
	}
	return run, nil
}

// classify tells options from positionals. Everything behind the first "--" is positional.
func classify(table []option, words []string) ([]argument, error) {
	args := make([]argument, 0, len(words))
	for i, w := range words {
		if w == "--" {
			for _, w := range words[i+1:] {
				args = append(args, argument{text: w, behind: true})
			}
			break
		}
		a, err := classifyOne(table, w)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	return args, nil
}

func classifyOne(table []option, w string) (argument, error) {
	a := argument{text: w, as: w}
	if len(w) < 2 || w[0] != '-' {
		return a, nil
	}
	if a.opt = lookup(table, w); a.opt != nil {
		return a, nil
	}
	if name, value, ok := strings.Cut(w, "="); ok {
		if a.opt = lookup(table, name); a.opt != nil {
			a.as, a.explicit = name, &value
			return a, nil
		}
	}
	// zerorpc's options come first, so that an option of ours never makes one of their abbreviations ambiguous.
	for _, ours := range []bool{false, true} {
		found := abbreviations(table, w, ours)
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			names := make([]string, len(found))
			for i, f := range found {
				names[i] = f.as
			}
			return a, usagef("ambiguous option: %s could match %s", w, strings.Join(names, ", "))
		}
	}
	a.unknown = !numberLike.MatchString(w) && !strings.Contains(w, " ")
	return a, nil
}

// abbreviations returns the options that w may stand for: a prefix of a long name, or a short option with what is
// glued to it.
func abbreviations(table []option, w string, ours bool) (found []argument) {
	prefix, long := w, strings.HasPrefix(w, "--")
	var value *string
	if long {
		if p, v, ok := strings.Cut(w, "="); ok {
			prefix, value = p, &v
		}
	}
	for i := range table {
		if table[i].ours != ours {
			continue
		}
		for _, name := range table[i].names {
			switch {
			case !long && name == w[:2]:
				glued := w[2:]
				found = append(found, argument{text: w, opt: &table[i], as: name, explicit: &glued, glued: true})
			case strings.HasPrefix(name, prefix):
				found = append(found, argument{text: w, opt: &table[i], as: name, explicit: value})
			}
		}
	}
	return found
}

// lookup returns the option with exactly this name.
func lookup(table []option, name string) *option {
	for i := range table {
		if slices.Contains(table[i].names, name) {
			return &table[i]
		}
	}
	return nil
}
