package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/pyprint"
	"github.com/zrpc-go/zrpc/pubsub"
)

// record is an event as a line of text has it:
//
//	{"event": "tick", "args": [42], "topic": "eu."}
//
// topic is left out where there is none, and args may be.
type record struct {
	event, topic string // event is empty for an empty line
	args         []any  // as encoded
}

// parseRecord reads a line.
func parseRecord(line string) (r record, err error) {
	if strings.TrimSpace(line) == "" {
		return r, nil
	}
	v, err := pyprint.LoadJSON(line)
	if err != nil {
		return r, err
	}
	d, ok := v.(*pyprint.Dict)
	if !ok {
		return r, fmt.Errorf(`want {"event": "name", "args": [...]}, not %s`, shorten(line))
	}
	for i := range d.Len() {
		key, v := d.At(i)
		switch key {
		case "event":
			r.event, ok = v.(string)
		case "topic":
			r.topic, ok = v.(string)
		case "args":
			var l []any
			l, ok = v.([]any)
			for _, arg := range l {
				r.args = append(r.args, event.Raw(pyprint.AppendValue(nil, arg)))
			}
		default:
			return r, fmt.Errorf("unknown key %s; there are event, args and topic", pyprint.AppendStr(nil, key))
		}
		if !ok {
			return r, fmt.Errorf("the value of %s is of the wrong type; event and topic are strings, args is a list", key)
		}
	}
	if r.event == "" {
		return r, errors.New("the key event is missing")
	}
	return r, nil
}

// appendEvent appends the line of a received event, as JSON or in Python's pprint form.
func appendEvent(b []byte, e *pubsub.Event, asJSON bool) ([]byte, error) {
	pairs := 2
	if e.Topic != "" {
		pairs++
	}
	raw := event.AppendMapHeader(make([]byte, 0, len(e.Args)+len(e.Name)+len(e.Topic)+32), pairs)
	raw = event.AppendString(event.AppendString(raw, "event"), e.Name)
	raw = append(event.AppendString(raw, "args"), e.Args...)
	if e.Topic != "" {
		raw = event.AppendString(event.AppendString(raw, "topic"), e.Topic)
	}
	show := pyprint.AppendPretty
	if asJSON {
		show = pyprint.AppendJSON
	}
	b, err := show(b, raw)
	if err != nil {
		return b, err
	}
	return append(b, '\n'), nil
}
