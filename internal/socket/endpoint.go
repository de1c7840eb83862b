package socket

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// schemes lists what parseEndpoint accepts, for error texts.
const schemes = "tcp://host:port, ipc://path, inproc://name"

// endpoint is a parsed address, before anything is resolved: names may come to
// mean something else between two attempts to connect.
type endpoint struct {
	raw    string // as given
	scheme string // "tcp", "ipc" or "inproc"
	name   string // ipc: path, "@name" (abstract) or "*"; inproc: name
	host   string // tcp: name, interface, IP literal without brackets, or "*"
	port   int    // tcp: 0 on bind means any free one
	source string // tcp, connect only: local "host:port" to dial from, or ""
}

// parseEndpoint checks an endpoint as libzmq writes them (zmq_tcp, zmq_ipc and
// zmq_inproc manual pages). bind says which way round it will be used.
func parseEndpoint(s string, bind bool) (endpoint, error) {
	op := "connect"
	if bind {
		op = "bind"
	}
	bad := func(err error, format string, a ...any) (endpoint, error) {
		return endpoint{}, &EndpointError{Op: op, Endpoint: s, Err: err, Hint: fmt.Sprintf(format, a...)}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return bad(ErrEndpoint, "an endpoint is one of %s", schemes)
	}
	e := endpoint{raw: s, scheme: scheme}
	switch scheme {
	case "tcp":
		if src, dst, ok := strings.Cut(rest, ";"); ok {
			if bind {
				return bad(ErrEndpoint, "a source address is for connect only")
			}
			// The source of a connection may be any port, as for a listener.
			if _, _, err := splitHostPort(src, true); err != nil {
				return bad(ErrEndpoint, "source address: %v", err)
			}
			e.source, rest = src, dst
		}
		var err error
		if e.host, e.port, err = splitHostPort(rest, bind); err != nil {
			return bad(ErrEndpoint, "%v", err)
		}
	case "ipc":
		if hint := checkIPC(rest, bind); hint != "" {
			return bad(ErrEndpoint, "%s", hint)
		}
		e.name = rest
	case "inproc":
		if rest == "" {
			return bad(ErrEndpoint, "give a name, as in inproc://workers")
		}
		e.name = rest
	default:
		return bad(ErrProtocol, "%q is not known; use %s", scheme+"://", schemes)
	}
	return e, nil
}

// checkIPC returns what is wrong with an ipc path, or "".
func checkIPC(path string, bind bool) string {
	switch {
	case path == "" || path == "@":
		return "give a path, as in ipc:///run/service.sock or ipc://@service"
	case path == "*" && !bind:
		return "connect needs the path that bind reported"
	case len(path) > maxIPCPath:
		return fmt.Sprintf("the path has %d bytes, the system allows %d", len(path), maxIPCPath)
	case strings.IndexByte(path, 0) >= 0:
		return "a path has no zero byte"
	case path[0] == '@' && !haveAbstract:
		return "abstract names (@name) exist on Linux only; use a path"
	}
	return ""
}

// splitHostPort takes "host:port" apart. wild allows "*" as the host and 0 or
// "*" as the port. An IPv6 address may stand in brackets, as it should, or
// bare, as libzmq allows.
func splitHostPort(s string, wild bool) (host string, port int, err error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", 0, fmt.Errorf("the port is missing in %q, as in tcp://127.0.0.1:4242", s)
	}
	host, p := s[:i], s[i+1:]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
		if a, err := netip.ParseAddr(host); err != nil || !a.Is6() {
			return "", 0, fmt.Errorf("%q is no IPv6 address", host)
		}
	} else if strings.ContainsAny(host, ":[]") {
		if _, err := netip.ParseAddr(host); err != nil {
			return "", 0, fmt.Errorf("%q is no IPv6 address; write tcp://[::1]:4242", host)
		}
	}
	switch {
	case host == "0":
		host = "0.0.0.0" // so libzmq's resolver reads it, and not package net's
	case host == "":
		return "", 0, fmt.Errorf("the host is missing; use a name, an address or, to bind, *")
	case host == "*" && !wild:
		return "", 0, fmt.Errorf("* is for bind only; name the host to connect to")
	case strings.ContainsAny(host, " \t\r\n/?#@\x00"):
		return "", 0, fmt.Errorf("%q is no host name", host)
	}
	if p == "*" || p == "0" {
		if !wild {
			return "", 0, fmt.Errorf("port %s is for bind only; name the port to connect to", p)
		}
		return host, 0, nil
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 1 || port > 65535 || p[0] == '+' {
		return "", 0, fmt.Errorf("%q is no port number (1 to 65535)", p)
	}
	return host, port, nil
}

// hostPort is the address in the form that package net takes.
func (e endpoint) hostPort() string {
	host := e.host
	if host == "*" {
		host = ""
	}
	return net.JoinHostPort(host, strconv.Itoa(e.port))
}
