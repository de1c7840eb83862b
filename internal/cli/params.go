package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/pyprint"
)

// maxInput is the most that @file and - read: no message may be larger (64 MiB), so reading on would only cost memory.
const maxInput = 64 << 20

// paramError is a parameter that cannot be sent. Its last line is what zerorpc would end with.
type paramError struct {
	what string // which parameter, and where it came from
	err  error
}

func (e *paramError) Error() string { return e.what + "\n" + e.err.Error() }

// params reads the parameters of the call, each encoded as msgpack: strings, or JSON with -j and --args-json.
func (o *Options) params(stdin io.Reader) ([]any, error) {
	// Errors name params by their place, from 1 on, and by where they came from.
	in := inputs{stdin: stdin, literal: o.Literal, max: maxInput}
	if o.ArgsJSON != nil {
		return in.list(*o.ArgsJSON)
	}
	args := make([]any, 0, len(o.Params))
	for i, p := range o.Params {
		text, source, err := in.text(p)
		what := fmt.Sprintf("param %d", i+1)
		if source != "" {
			what += " (" + source + ")"
		}
		if err != nil {
			return nil, &paramError{what, err}
		}
		switch {
		case o.JSON:
			v, err := pyprint.LoadJSON(text)
			if err != nil {
				return nil, &paramError{what + " cannot be used as JSON: " + shorten(text), err}
			}
			// Packed here, in the order and with the number types that Python's json gave them.
			args = append(args, event.Raw(pyprint.AppendValue(nil, v)))
		case utf8.ValidString(text):
			args = append(args, text)
		case source != "": // a file of any content is bytes
			args = append(args, []byte(text))
		default:
			return nil, &paramError{what, fmt.Errorf("%s is not UTF-8; write it to a file and send it as bytes with @file",
				pyprint.Quote(text))}
		}
	}
	return args, nil
}

// shorten quotes text for an error, cut to what fits on a line.
func shorten(text string) string {
	const most = 40
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return pyprint.Quote(text)
}

// inputs resolves @file and -.
type inputs struct {
	stdin   io.Reader // nil once it has been read
	literal bool
	max     int64 // the most that is read, in bytes
}

// text returns what a word stands for. source says where it came from, and is empty if it is the word itself.
func (in *inputs) text(word string) (text, source string, err error) {
	switch {
	case in.literal || word == "@": // a lone @ names no file
		return word, "", nil
	case word == "-":
		if in.stdin == nil {
			// The second reader would find it empty, and nobody would notice.
			return "", "standard input", fmt.Errorf("standard input can be sent once only")
		}
		text, err = in.read(in.stdin)
		in.stdin = nil
		return text, "standard input", err
	case strings.HasPrefix(word, "@@"):
		return word[1:], "", nil
	case strings.HasPrefix(word, "@"):
		text, err = in.readFile(word[1:])
		if err != nil {
			err = fmt.Errorf("%w (to send the text %s itself, write @%s)", err, pyprint.Quote(word), word)
		}
		return text, word, err
	}
	return word, "", nil
}

// list reads the value of --args-json.
func (in *inputs) list(word string) ([]any, error) {
	text, source, err := in.text(word)
	what := "--args-json"
	if source != "" {
		what += " (" + source + ")"
	}
	if err != nil {
		return nil, &paramError{what, err}
	}
	v, err := pyprint.LoadJSON(text)
	if err != nil {
		return nil, &paramError{what + " cannot be used as JSON: " + shorten(text), err}
	}
	l, ok := v.([]any)
	if !ok {
		return nil, &paramError{what, fmt.Errorf("want a JSON list of all arguments such as [1, \"a\"], not %s", shorten(text))}
	}
	args := make([]any, len(l))
	for i, e := range l {
		args[i] = event.Raw(pyprint.AppendValue(nil, e))
	}
	return args, nil
}

// readFile returns the content of a file; it may be a pipe, as in @<(command).
func (in *inputs) readFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return in.read(f)
}

// read reads all of r, but no more than a message holds: an endless input is an error, not the end of the memory.
func (in *inputs) read(r io.Reader) (string, error) {
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(r, in.max+1))
	if err == nil && n > in.max {
		err = fmt.Errorf("larger than %d MiB, which is the most that a message holds", in.max>>20)
	}
	return b.String(), err
}
