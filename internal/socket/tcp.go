package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// listenTCP binds a tcp endpoint and returns the endpoint that it really got.
//
// A host may be "*", an address, an interface name or a host name, in this
// order (zmq_tcp). "*" listens on IPv4 and, where the system has it, IPv6, and
// is reported as 0.0.0.0: a libzmq peer connects to that, and to [::] only
// after it has been told to use IPv6.
func listenTCP(e endpoint) (net.Listener, string, error) {
	network, addr := "tcp", e.hostPort()
	if a, err := netip.ParseAddr(e.host); err == nil {
		// The literal decides the family. Left to itself Go takes 0.0.0.0 for
		// both families; [::] is meant to be both.
		if a.Is4() {
			network = "tcp4"
		} else if !a.IsUnspecified() {
			network = "tcp6"
		}
	} else if e.host != "*" {
		host, err := interfaceAddr(e.host)
		if err != nil {
			return nil, "", err
		}
		if host != "" {
			addr = net.JoinHostPort(host, strconv.Itoa(e.port))
		}
	}
	// Multipath TCP would give accepted connections another kind of socket for
	// no gain: our peers do not ask for it.
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), network, addr)
	if err != nil {
		return nil, "", listenError(err)
	}
	got := ln.Addr().(*net.TCPAddr)
	if e.host == "*" {
		return ln, "tcp://" + net.JoinHostPort("0.0.0.0", strconv.Itoa(got.Port)), nil
	}
	return ln, "tcp://" + got.String(), nil
}

// dialTCP makes one attempt to connect. Names are resolved anew each time.
func dialTCP(ctx context.Context, e endpoint) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	if e.source != "" {
		local, err := sourceAddr(e.source)
		if err != nil {
			return nil, err
		}
		d.LocalAddr = local
	}
	return d.DialContext(ctx, "tcp", e.hostPort())
}

// sourceAddr resolves the local half of tcp://source;destination.
func sourceAddr(s string) (*net.TCPAddr, error) {
	host, port, err := splitHostPort(s, true)
	if err != nil {
		return nil, err
	}
	if host == "*" {
		return &net.TCPAddr{Port: port}, nil
	}
	a, err := interfaceAddr(host)
	if err != nil {
		return nil, err
	}
	if a == "" {
		a = host
	}
	return net.ResolveTCPAddr("tcp", net.JoinHostPort(a, strconv.Itoa(port)))
}

// interfaceAddr returns the first IPv4 address, or else the first IPv6 one, of
// the network interface of that name; "" if there is no such interface.
func interfaceAddr(name string) (string, error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return "", nil // a host name, then
	}
	addrs, err := ifi.Addrs()
	if err != nil {
		return "", fmt.Errorf("addresses of interface %s: %w", name, err)
	}
	six := ""
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if n.IP.To4() != nil {
			return n.IP.String(), nil
		}
		if six == "" {
			six = n.IP.String()
			if n.IP.IsLinkLocalUnicast() {
				six += "%" + name
			}
		}
	}
	if six == "" {
		return "", fmt.Errorf("interface %s has no address", name)
	}
	return six, nil
}

// listenError gives the system's errors of listening our names.
func listenError(err error) error {
	if errors.Is(err, errnoInUse) {
		return ErrAddressInUse
	}
	return err
}
