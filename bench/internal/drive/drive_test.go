package drive

import (
	"bufio"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

// script runs fn as a child in this process and returns a function that sends it a
// command and gives its reply, after the ready line, whose address is returned.
func script(t *testing.T, fn func(in io.Reader, out io.Writer) error) (ask func(wire.Command) wire.Reply, ready string) {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := fn(inR, outW)
		outW.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(outR)
	read := func() (r wire.Reply) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the child ended: %v", <-ended)
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("reply %q: %v", lines.Bytes(), err)
		}
		return r
	}
	t.Cleanup(func() {
		inW.Close() // the end of standard input ends a child
		if err := <-ended; err != nil {
			t.Errorf("the child ended with %v", err)
		}
	})
	first := read()
	if first.Error != "" {
		t.Fatalf("not ready: %s", first.Error)
	}
	return func(c wire.Command) wire.Reply {
		t.Helper()
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := inW.Write(append(b, '\n')); err != nil {
			t.Fatal(err)
		}
		return read()
	}, first.Ready
}

func TestEveryPeerDoesEveryWork(t *testing.T) {
	works := []wire.Command{
		{Work: wire.Echo, Conns: 1, Inflight: 1, Size: 10},
		{Work: wire.Echo, Conns: 2, Inflight: 8, Size: 10},
		{Work: wire.Stream, Conns: 1, Inflight: 1},
		{Work: wire.Bytes, Conns: 1, Inflight: 1, Size: 1 << 20},
		{Work: wire.Bytes, Conns: 1, Inflight: 1, Size: 1 << 20, Lent: true},
		{Work: wire.Echo, Conns: 1, Inflight: 4, Size: 10, Rate: 500},
		{Work: wire.Upload, Conns: 1, Inflight: 1},
		{Work: wire.Bidi, Conns: 1, Inflight: 1},
		{Work: wire.Dial, Conns: 2, Inflight: 1, Size: 10},
	}
	// What a peer lacks is listed, so that nothing gets lost by a typing error.
	lacks := map[string][]string{
		"mux": {wire.Stream, wire.Upload, wire.Bidi}, "gob": {wire.Stream, wire.Upload, wire.Bidi},
		"json": {wire.Stream, wire.Upload, wire.Bidi}, "nats": {wire.Upload, wire.Bidi}, "zmq4": {wire.Upload, wire.Bidi},
	}
	for _, p := range peers.All {
		t.Run(p.Name, func(t *testing.T) {
			server, addr := script(t, func(in io.Reader, out io.Writer) error { return Serve(p, "127.0.0.1:0", in, out) })
			client, _ := script(t, func(in io.Reader, out io.Writer) error { return Drive(p, addr, in, out) })
			for _, w := range works {
				w.Do = wire.Open
				r := client(w)
				if slices.Contains(lacks[p.Name], w.Work) {
					if !r.Unsupported {
						t.Errorf("open %+v: %+v, want unsupported: a dash is shown, not a failure", w, r)
					}
					continue
				}
				if r.Error != "" || r.Unsupported {
					t.Errorf("open %+v: %+v", w, r)
					continue
				}
				r = client(wire.Command{Do: wire.Run, Millis: 10})
				if r.Error != "" || r.Ops == 0 || r.Seconds <= 0 {
					t.Errorf("run %+v: %+v, want calls in some time", w, r)
				}
				if w.Inflight == 1 && w.Work == wire.Echo && (r.P50 <= 0 || r.P99 < r.P50 || r.P999 < r.P99) {
					t.Errorf("run %+v: latencies %v, %v, %v do not rise", w, r.P50, r.P99, r.P999)
				}
				if r := client(wire.Command{Do: wire.Close}); r.Error != "" {
					t.Errorf("close %+v: %s", w, r.Error)
				}
			}
			if u := server(wire.Command{Do: wire.Usage}); u.CPU <= 0 || !u.Go || u.Mallocs == 0 {
				t.Errorf("usage %+v, want CPU time and allocations", u)
			}
		})
	}
}

func TestWrongCommandsAreAnswered(t *testing.T) {
	p, _ := peers.Find("raw")
	server, addr := script(t, func(in io.Reader, out io.Writer) error { return Serve(p, "127.0.0.1:0", in, out) })
	client, _ := script(t, func(in io.Reader, out io.Writer) error { return Drive(p, addr, in, out) })
	for _, tc := range []struct {
		why  string
		ask  func(wire.Command) wire.Reply
		c    wire.Command
		want string
	}{
		{"there is nothing to run on", client, wire.Command{Do: wire.Run, Millis: 1}, "run without open"},
		{"a misspelt command must not pass for done", client, wire.Command{Do: "opne"}, `no command "opne"`},
		{"a server has no work", server, wire.Command{Do: wire.Run}, "tells its usage, and nothing else"},
	} {
		if r := tc.ask(tc.c); !strings.Contains(r.Error, tc.want) {
			t.Errorf("%s: %+v, want an error with %q", tc.why, r, tc.want)
		}
	}
}

func TestFailuresAreNamed(t *testing.T) {
	p, _ := peers.Find("gob")
	// Port 1 refuses: nothing listens on it here, and nobody but root could.
	client, _ := script(t, func(in io.Reader, out io.Writer) error { return Drive(p, "127.0.0.1:1", in, out) })
	if r := client(wire.Command{Do: wire.Open, Work: wire.Echo, Conns: 1, Inflight: 1}); !strings.Contains(r.Error, "dial 127.0.0.1:1") {
		t.Errorf("%+v, want the address that could not be dialled", r)
	}
	var out strings.Builder
	if err := Serve(p, "256.0.0.1:0", strings.NewReader(""), &out); err != nil || !strings.Contains(out.String(), "serve on 256.0.0.1:0") {
		t.Errorf("%v, said %q, want the address that could not be served on", err, out.String())
	}
	if err := Drive(p, "", strings.NewReader("no json\n"), io.Discard); err == nil {
		t.Error("a command that is no JSON was accepted")
	}
}
