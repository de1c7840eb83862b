package cli

import (
	"io"
	"iter"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/pyprint"
)

// outputError is a result that came but could not be shown: no JSON form, or no room on the disk.
type outputError struct{ err error }

func (e *outputError) Error() string { return e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// results writes results to out in the form that the options ask for. Each write is one whole result, so that
// whoever reads a stream sees every item when it arrives.
type results struct {
	out io.Writer
	o   *Options
	buf []byte // reused between the items of a stream
}

// one writes the result of a unary call.
func (r *results) one(raw []byte) error {
	r.buf = r.buf[:0]
	if err := r.append(raw); err != nil {
		return err
	}
	return r.flush()
}

// stream writes the items of a stream: one a line, or one JSON list. If the stream ends with an error, what came
// before it has been written, and a JSON list stays open so that nobody takes it for complete.
func (r *results) stream(items iter.Seq2[event.Raw, error]) error {
	r.buf = r.buf[:0]
	// The bracket goes out at once, as an empty or slow stream must show that it has begun.
	if r.o.PrintJSON {
		r.buf = append(r.buf, '[')
		if err := r.flush(); err != nil {
			return err
		}
	}
	first := true
	for raw, err := range items {
		if err != nil { // the last pair
			return err
		}
		r.buf = r.buf[:0]
		if r.o.PrintJSON && !first {
			r.buf = append(r.buf, ',')
		}
		first = false
		if err := r.append(raw); err != nil {
			return err
		}
		if err := r.flush(); err != nil {
			return err
		}
	}
	if r.o.PrintJSON {
		r.buf = append(r.buf[:0], ']')
		return r.flush()
	}
	return nil
}

// append adds one value to buf: JSON without a newline, as zerorpc writes it, or a pprint form with one.
func (r *results) append(raw []byte) (err error) {
	switch text, isText := event.Text(raw); {
	case r.o.PrintJSON:
		r.buf, err = pyprint.AppendJSON(r.buf, raw)
	case r.o.Raw && isText:
		r.buf = append(r.buf, text...)
		if event.Kind(raw) == "str" { // bytes go to files, where a newline would be one byte too many
			r.buf = append(r.buf, '\n')
		}
	default:
		if r.buf, err = pyprint.AppendPretty(r.buf, raw); err == nil {
			r.buf = append(r.buf, '\n')
		}
	}
	if err != nil {
		return &outputError{err}
	}
	return nil
}

// flush writes buf. There is no buffering below: what was written has left the process.
func (r *results) flush() error {
	if _, err := r.out.Write(r.buf); err != nil {
		return &outputError{err}
	}
	return nil
}
