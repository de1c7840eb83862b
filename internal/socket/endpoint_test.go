package socket

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	long := strings.Repeat("p", maxIPCPath)
	for _, tc := range []struct {
		in   string
		bind bool
		want endpoint // of the parts; raw is not compared
		err  string   // a part of the error's text; the endpoint is always in it
	}{
		{in: "tcp://127.0.0.1:80", want: endpoint{scheme: "tcp", host: "127.0.0.1", port: 80}},
		{in: "tcp://0:80", want: endpoint{scheme: "tcp", host: "0.0.0.0", port: 80}},
		{in: "tcp://0:*", bind: true, want: endpoint{scheme: "tcp", host: "0.0.0.0"}},
		{in: "tcp://host.example:65535", want: endpoint{scheme: "tcp", host: "host.example", port: 65535}},
		{in: "tcp://[::1]:80", want: endpoint{scheme: "tcp", host: "::1", port: 80}},
		{in: "tcp://::1:80", want: endpoint{scheme: "tcp", host: "::1", port: 80}},
		{in: "tcp://[fe80::1%lo]:80", want: endpoint{scheme: "tcp", host: "fe80::1%lo", port: 80}},
		{in: "tcp://*:80", bind: true, want: endpoint{scheme: "tcp", host: "*", port: 80}},
		{in: "tcp://lo:*", bind: true, want: endpoint{scheme: "tcp", host: "lo"}},
		{in: "tcp://*:0", bind: true, want: endpoint{scheme: "tcp", host: "*"}},
		{in: "tcp://127.0.0.1:5;10.0.0.1:80", want: endpoint{scheme: "tcp", host: "10.0.0.1", port: 80, source: "127.0.0.1:5"}},
		{in: "tcp://*:0;10.0.0.1:80", want: endpoint{scheme: "tcp", host: "10.0.0.1", port: 80, source: "*:0"}},
		{in: "ipc:///run/s", want: endpoint{scheme: "ipc", name: "/run/s"}},
		{in: "ipc://relative", want: endpoint{scheme: "ipc", name: "relative"}},
		{in: "ipc://@name", want: endpoint{scheme: "ipc", name: "@name"}},
		{in: "ipc://*", bind: true, want: endpoint{scheme: "ipc", name: "*"}},
		{in: "ipc://" + long, want: endpoint{scheme: "ipc", name: long}},
		{in: "inproc://a b/c", want: endpoint{scheme: "inproc", name: "a b/c"}},

		{in: "", err: "tcp://host:port"},
		{in: "127.0.0.1:80", err: "tcp://host:port"},
		{in: "udp://127.0.0.1:80", err: "Protocol not supported"},
		{in: "TCP://127.0.0.1:80", err: "tcp://host:port, ipc://path, inproc://name"},
		{in: "pgm://x", bind: true, err: "Protocol not supported"},
		{in: "tcp://", err: "port is missing"},
		{in: "tcp://host", err: "port is missing"},
		{in: "tcp://:80", err: "host is missing"},
		{in: "tcp://*:80", err: "* is for bind only"},
		{in: "tcp://host:*", err: "port * is for bind only"},
		{in: "tcp://host:0", err: "port 0 is for bind only"},
		{in: "tcp://host:65536", bind: true, err: "no port number"},
		{in: "tcp://host:-1", err: "no port number"},
		{in: "tcp://host:+1", err: "no port number"},
		{in: "tcp://host:http", err: "no port number"},
		{in: "tcp://host:80/", err: "no port number"},
		{in: "tcp://user@host:80", err: "no host name"},
		{in: "tcp://ho st:80", err: "no host name"},
		{in: "tcp://[127.0.0.1]:80", err: "no IPv6 address"},
		{in: "tcp://[nope]:80", err: "no IPv6 address"},
		{in: "tcp://[::1:80", err: "write tcp://[::1]:4242"},
		{in: "tcp://a:b:80", err: "write tcp://[::1]:4242"},
		{in: "tcp://a:1;b:2", bind: true, err: "for connect only"},
		{in: "tcp://a;b:2", err: "source address"},
		{in: "ipc://", err: "give a path"},
		{in: "ipc://@", bind: true, err: "give a path"},
		{in: "ipc://*", err: "path that bind reported"},
		{in: "ipc://" + long + "p", err: "108 bytes, the system allows 107"},
		{in: "ipc://a\x00b", err: "zero byte"},
		{in: "inproc://", err: "give a name"},
	} {
		e, err := parseEndpoint(tc.in, tc.bind)
		if tc.err == "" {
			tc.want.raw = tc.in
			if err != nil || e != tc.want {
				t.Errorf("%q: %+v, %v; want %+v", tc.in, e, err, tc.want)
			}
			continue
		}
		ee, ok := errors.AsType[*EndpointError](err)
		if !ok || ee.Endpoint != tc.in || !strings.Contains(err.Error(), tc.err) || !strings.Contains(err.Error(), tc.in) {
			t.Errorf("%q: error %v, want it to name the endpoint and %q", tc.in, err, tc.err)
		}
		if !errors.Is(err, ErrEndpoint) && !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: %v is neither ErrEndpoint nor ErrProtocol", tc.in, err)
		}
	}
}

// Whatever is given, parsing does not panic and what it accepts can be used.
func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{"tcp://*:0", "tcp://[::1]:80", "tcp://a:1;b:2", "ipc://@x", "ipc://*", "inproc://x", "tcp://::1:1", "x://"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, bind bool) {
		e, err := parseEndpoint(s, bind)
		if err != nil {
			return
		}
		switch e.scheme {
		case "tcp":
			if _, _, err := net.SplitHostPort(e.hostPort()); err != nil || !bind && (e.port == 0 || e.host == "*") {
				t.Fatalf("%q gives %+v: %v", s, e, err)
			}
		case "ipc":
			if len(e.name) == 0 || len(e.name) > maxIPCPath {
				t.Fatalf("%q gives %+v", s, e)
			}
		case "inproc":
			if e.name == "" {
				t.Fatalf("%q gives %+v", s, e)
			}
		default:
			t.Fatalf("%q gives %+v", s, e)
		}
	})
}

// Bind says what it got, in a form that another socket can connect to.
func TestBindReports(t *testing.T) {
	loopback := loopbackName(t)
	dir := shortDir(t)
	for _, tc := range []struct{ in, prefix string }{
		{"tcp://127.0.0.1:*", "tcp://127.0.0.1:"},
		{"tcp://127.0.0.1:0", "tcp://127.0.0.1:"},
		{"tcp://*:*", "tcp://0.0.0.0:"}, // as libzmq's LAST_ENDPOINT
		{"tcp://0.0.0.0:0", "tcp://0.0.0.0:"},
		{"tcp://localhost:0", "tcp://127.0.0.1:"},
		{"tcp://" + loopback + ":0", "tcp://127.0.0.1:"},
		{"ipc://" + dir + "/x", "ipc://" + dir + "/x"},
		{"ipc://*", "ipc://" + filepath.Join(os.TempDir(), "zrpc-")},
		{"inproc://reports", "inproc://reports"},
	} {
		t.Run(tc.in, func(t *testing.T) {
			pull := closing(t, NewPull(soon()))
			actual := bind(t, pull, tc.in)
			if !strings.HasPrefix(actual, tc.prefix) || strings.HasSuffix(actual, ":0") {
				t.Fatalf("bound to %q, want %q…", actual, tc.prefix)
			}
			push := closing(t, NewPush(soon()))
			connect(t, push, actual)
			send(t, push, "x")
			wantRecv(t, "what Bind reports can be connected to", pull, "x")
		})
	}
}

// loopbackName finds the loopback interface: lo, lo0 or whatever it is.
func loopbackName(t *testing.T) string {
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if a, err := interfaceAddr(i.Name); err == nil && a == "127.0.0.1" {
			return i.Name
		}
	}
	t.Fatal("no interface has the address 127.0.0.1")
	return ""
}

// * is every address, IPv6 included where the system has it.
func TestBindAll(t *testing.T) {
	pull := closing(t, NewPull(soon()))
	_, port, _ := strings.Cut(bind(t, pull, "tcp://*:*"), "tcp://0.0.0.0:")
	hosts := []string{"127.0.0.1", "localhost"}
	if ln, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		ln.Close()
		hosts = append(hosts, "[::1]")
		six := closing(t, NewPull(soon()))
		if a := bind(t, six, "tcp://[::1]:*"); !strings.HasPrefix(a, "tcp://[::1]:") {
			t.Errorf("bound to %q", a)
		}
	}
	for _, h := range hosts {
		push := closing(t, NewPush(soon()))
		connect(t, push, "tcp://"+h+":"+port)
		send(t, push, h)
		wantRecv(t, "by each of its addresses", pull, h)
	}
	push := closing(t, NewPush(soon()))
	connect(t, push, "tcp://127.0.0.1:*;127.0.0.1:"+port)
	send(t, push, "source")
	wantRecv(t, "from a given source address", pull, "source")
}

// Errors name the endpoint, the cause and what to do.
func TestBindErrors(t *testing.T) {
	taken := closing(t, NewPull(soon()))
	dir := shortDir(t)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		ep   string
		is   error
		text string
	}{
		{bind(t, taken, "tcp://127.0.0.1:*"), ErrAddressInUse, "another endpoint"},
		{bind(t, taken, "inproc://taken"), ErrAddressInUse, "another endpoint"},
		{bind(t, taken, "ipc://"+dir+"/s"), ErrAddressInUse, "a process is listening"},
		{bind(t, taken, "ipc://@zrpc-test-"+filepath.Base(dir)), ErrAddressInUse, "another endpoint"},
		{"ipc://" + file, ErrAddressInUse, "is a file and no socket"},
		{"ipc://" + dir + "/none/s", nil, "directory of the path does not exist"},
		{"tcp://192.0.2.1:80", nil, "not one of this machine"},
		{"tcp://no..such.host:80", nil, "neither an interface nor a host"},
	} {
		_, err := New(Options{Type: "PAIR"}).Bind(tc.ep)
		if err == nil || tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.text) || !strings.Contains(err.Error(), "bind "+tc.ep) {
			t.Errorf("bind %s: %v, want %v and %q", tc.ep, err, tc.is, tc.text)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("a plain file must not be replaced: %v", err)
	}
}

// A socket file that nobody listens on any more is replaced; it is removed on
// close, but only while it is ours.
func TestIPCFile(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	ln.Close() // as a process that was killed leaves it
	s := NewPull(soon())
	bind(t, s, "ipc://"+path)
	s.Close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Fatalf("the file is removed on close: %v", err)
	}
	s = NewPull(soon())
	bind(t, s, "ipc://"+path)
	// Another program unlinks it and takes the path, as libzmq would.
	os.Remove(path)
	other, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	s.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("another program's file stays: %v", err)
	}
}

// Of many that find the same stale file one replaces it, and is not itself
// taken for stale by the others.
func TestIPCStaleRace(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	for range 20 {
		ln, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		ln.(*net.UnixListener).SetUnlinkOnClose(false)
		ln.Close()
		const n = 8
		socks := make([]*Pull, n)
		errs := make(chan error, n)
		for i := range socks {
			socks[i] = NewPull(Options{})
			go func() {
				_, err := socks[i].Bind("ipc://" + path)
				errs <- err
			}()
		}
		won := 0
		for range n {
			if err := <-errs; err == nil {
				won++
			} else if !errors.Is(err, ErrAddressInUse) {
				t.Fatal(err)
			}
		}
		for _, s := range socks {
			s.Close()
		}
		if _, err := os.Lstat(path); won != 1 || !os.IsNotExist(err) {
			t.Fatalf("%d of %d are bound to one path; the file after all closed: %v", won, n, err)
		}
	}
}

func TestUnbindDisconnect(t *testing.T) {
	pull, push := closing(t, NewPull(soon())), closing(t, NewPush(soon()))
	for _, scheme := range []string{"tcp", "ipc", "inproc"} {
		ep := bind(t, pull, anyEndpoint(t, scheme))
		connect(t, push, ep)
		available(t, push.out, 1)
		if err := pull.Unbind(ep); err != nil {
			t.Fatal(err)
		}
		send(t, push, "after unbind")
		wantRecv(t, "connections outlive Unbind", pull, "after unbind")
		if again, err := closing(t, NewPull(soon())).Bind(ep); err != nil || again != ep {
			t.Fatalf("the address is free again: %v", err)
		}
		send(t, push, "last")
		if err := push.Disconnect(ep); err != nil {
			t.Fatal(err)
		}
		wantRecv(t, "what is queued still goes out", pull, "last")
		peers(t, push, 0)
	}
	for _, err := range []error{pull.Unbind("tcp://127.0.0.1:1"), push.Disconnect("inproc://nobody")} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("of an endpoint not in use: %v", err)
		}
	}
}
