package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// addressError is an address that cannot be used at all.
type addressError struct {
	what, endpoint string // "bind" or "connect"
	err            error
}

func (e *addressError) Error() string {
	// The socket's errors begin with the address as well.
	reason := strings.TrimPrefix(e.err.Error(), e.what+" "+e.endpoint+": ")
	return "cannot use " + e.endpoint + ": " + reason
}
func (e *addressError) Unwrap() error { return e.err }

// serviceError is a service that --server cannot offer.
type serviceError struct{ err error }

func (e *serviceError) Error() string { return e.err.Error() }

// report tells what went wrong, if anything, and returns the exit code. The last line is for scripts:
//
//	NAME: MESSAGE                                             a remote error, 1
//	timeout after 30s, when calling remote method METHOD      3
//	Lost remote after 10s heartbeat, when calling …           4
//	Lost remote with its connection, when calling …           4
//
// Lines above it are for people.
func (e *Env) report(o *Options, err error) int {
	var (
		remote      *zrpc.RemoteError
		output      *outputError
		param       *paramError
		address     *addressError
		service     *serviceError
		interrupted *interruptedError
		code        int
		text        string
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &interrupted):
		if interrupted.signal != os.Interrupt {
			return exitOK // a server that was told to end, and did
		}
		return exitInterrupted
	case errors.As(err, &param):
		code, text = exitUsage, "zrpc: "+param.Error()
	case errors.As(err, &service):
		code, text = exitUsage, "zrpc: "+service.Error()
	case errors.As(err, &address):
		code, text = exitUnavailable, "zrpc: "+address.Error()
	case errors.As(err, &remote):
		code, text = exitRemote, e.remoteText(o, remote)
	case errors.As(err, &output):
		code, text = exitRemote, "zrpc: "+o.where()+" answered what cannot be printed:\n"+output.Error()
	case errors.Is(err, zrpc.ErrUnavailable): // before the next two, which it may match as well
		code, text = exitUnavailable, "zrpc: cannot reach "+o.endpoints()+"\n"+o.unreachable(err)
	case errors.Is(err, context.DeadlineExceeded):
		code, text = exitTimeout, "zrpc: no answer from "+o.endpoints()+"\n"+o.timedOut(err)
	case errors.Is(err, zrpc.ErrLostRemote):
		code, text = exitLost, "zrpc: "+trimPrefix(err)+"\n"+o.lost(err)
	default:
		code, text = exitRemote, "zrpc: "+trimPrefix(err)
	}
	fmt.Fprintln(e.Stderr, strings.TrimRight(text, "\n"))
	return code
}

// remoteText is a remote error: what failed, the traceback if the remote sent one, and the error itself as the last
// line. Python's tracebacks end with that line already.
func (e *Env) remoteText(o *Options, remote *zrpc.RemoteError) string {
	last := remote.Error()
	if remote.Message == "" && remote.Name != "" {
		last = remote.Name // as Python shows an exception without text
	}
	text := "zrpc: " + o.where() + " failed:\n"
	if trace := strings.TrimRight(remote.Traceback, "\n"); trace != "" && trace != last {
		text += trace + "\n"
		if strings.HasSuffix(trace, "\n"+last) {
			return text
		}
	}
	return text + last
}

// trimPrefix is the text of an error of the library without the name of the program, which stands there already.
func trimPrefix(err error) string { return strings.TrimPrefix(err.Error(), "zrpc: ") }

// timedOut is zerorpc's text for a timeout. The library's own differs in the form of the time.
func (o *Options) timedOut(err error) string {
	return fmt.Sprintf("timeout after %s, when calling remote method %s", pySeconds(o.Timeout), o.method(err))
}

// unreachable is the same for a server that was never there, with the reason behind it.
func (o *Options) unreachable(err error) string {
	text := trimPrefix(err)
	var timeout *zrpc.TimeoutError
	if !errors.As(err, &timeout) {
		return text
	}
	reason := strings.TrimPrefix(text, timeout.Error())
	return o.timedOut(err) + strings.TrimSuffix(reason, ": "+context.DeadlineExceeded.Error())
}

// lost is zerorpc's text for a lost remote. zerorpc knows only of heartbeats; a connection that ended is told as such.
func (o *Options) lost(err error) string {
	how := "with its connection"
	if errors.Is(err, zrpc.ErrSilent) {
		how = "after " + pySeconds(2*o.Heartbeat) + " heartbeat"
	}
	return fmt.Sprintf("Lost remote %s, when calling remote method %s", how, o.method(err))
}

// where says what was called: method and endpoints.
func (o *Options) where() string {
	if o.Command == "" || o.Inspect {
		return "inspection of " + o.endpoints()
	}
	return fmt.Sprintf("%q at %s", o.Command, o.endpoints())
}

// endpoints lists where the call may have gone.
func (o *Options) endpoints() string {
	return strings.Join(append(o.Bind[:len(o.Bind):len(o.Bind)], o.Connect...), ", ")
}

// method is the remote method that err is about; during an inspection that is one of zerorpc's own.
func (o *Options) method(err error) string {
	var timeout *zrpc.TimeoutError
	switch {
	case errors.As(err, &timeout):
		return timeout.Method
	case o.Command == "" || o.Inspect:
		return "_zerorpc_inspect"
	}
	return o.Command
}

// pySeconds is a time as zerorpc writes it: whole seconds without a fraction.
func pySeconds(d time.Duration) string { return fmt.Sprintf("%gs", d.Seconds()) }
