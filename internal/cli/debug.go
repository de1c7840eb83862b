package cli

import (
	"log/slog"

	"github.com/zrpc-go/zrpc/internal/pyprint"
)

// debug returns a logger and a tracer that write to standard error, each event in the form of zerorpc's debug output:
//
//	--> hello {'message_id': b'…', 'v': 3} ['RPC']
//
// The tracer runs while its connection is locked; writing a line is all it may do there.
func (e *Env) debug() (*slog.Logger, func(sent bool, event []byte)) {
	log := slog.New(slog.NewTextHandler(e.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return log, func(sent bool, event []byte) {
		_, _ = e.Stderr.Write(traceLine(sent, event))
	}
}

// maxTrace bounds a line of debug output: a large message would bury the rest.
const maxTrace = 4096

// traceLine is one event as text.
func traceLine(sent bool, event []byte) []byte {
	line := []byte("zrpc.events: <-- ")
	if sent {
		line = []byte("zrpc.events: --> ")
	}
	v, err := pyprint.Decode(event)
	if err != nil {
		return append(append(line, err.Error()...), '\n')
	}
	// [header, name, args], shown name first.
	if l, ok := v.([]any); ok && len(l) == 3 {
		line = append(pyprint.AppendStr(line, l[1]), ' ')
		line = append(pyprint.AppendStr(line, l[0]), ' ')
		v = l[2]
	}
	line = pyprint.AppendStr(line, v)
	if len(line) > maxTrace {
		line = append(line[:maxTrace], "…"...)
	}
	return append(line, '\n')
}
