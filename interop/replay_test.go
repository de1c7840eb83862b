package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/socket"
	"github.com/zrpc-go/zrpc/pubsub"
	"github.com/zrpc-go/zrpc/zrpc"
)

// line is one event of a conversation that python/record.py has recorded.
type line struct {
	toServer bool
	body     []byte
	event.Event
}

// recorded reads a file of testdata.
func recorded(t *testing.T, path string) []line {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []line
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		mark, body, _ := strings.Cut(scanner.Text(), " ")
		if mark == "#" {
			continue
		}
		b, err := hex.DecodeString(body)
		if err != nil || (mark != "<" && mark != ">") {
			t.Fatalf("%s: a line that is neither # nor < nor >: %q, %v", path, scanner.Text(), err)
		}
		l := line{toServer: mark == ">", body: b}
		if err := event.Parse(b, &l.Event); err != nil {
			t.Fatalf("%s: %x: %v", path, b, err)
		}
		lines = append(lines, l)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// conversations are the recordings between a client and a server.
func conversations(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(paths) < 15 {
		t.Fatalf("recordings: %d, %v", len(paths), err)
	}
	var calls []string
	for _, p := range paths {
		if base := filepath.Base(p); base != "push.hex" && base != "publish.hex" {
			calls = append(calls, p)
		}
	}
	return calls
}

// housekeeping is what passes by the clock or by each side's own choice.
func housekeeping(l line) bool {
	return string(l.Name) == "_zpc_hb" || string(l.Name) == "_zpc_more"
}

// comparable is an event's body without what differs from run to run: its own
// id, and of an error the traceback.
func comparable(t *testing.T, l line) []byte {
	t.Helper()
	b := bytes.Replace(l.body, l.ID, []byte{0xc0}, 1)
	if string(l.Name) != "ERR" {
		return b
	}
	args, err := event.AppendElems(nil, l.Args)
	if err != nil || len(args) != 3 {
		t.Fatalf("an error of %d arguments, want class, message and traceback: %v", len(args), err)
	}
	return bytes.TrimSuffix(b, args[2])
}

// TestRecordings: what Python wrote is what our parser reads, and no part of it
// is taken for a whole.
func TestRecordings(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.hex")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for _, l := range recorded(t, path) {
			if l.Version != 3 || len(l.ID) == 0 || len(l.Name) == 0 {
				t.Errorf("%s: %x: version %d, id %x, name %q", path, l.body, l.Version, l.ID, l.Name)
			}
			for i := range l.body {
				if err := event.Parse(l.body[:i], new(event.Event)); err == nil {
					t.Errorf("%s: the first %d bytes of %x are taken for a whole event", path, i, l.body)
				}
			}
		}
	}
}

// TestServerReplay plays the client's part of each recording to our server: its
// answers must be Python's, byte by byte.
func TestServerReplay(t *testing.T) {
	t.Parallel()
	s := ourServer(t, 5*time.Second)
	at := s.bind(t)
	for _, path := range conversations(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			client := socket.NewDealer(socket.Options{})
			t.Cleanup(func() { client.Close() })
			if err := client.Connect(at); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			for _, l := range recorded(t, path) {
				if l.toServer {
					if err := client.Send(ctx, nil, l.body); err != nil {
						t.Fatal(err)
					}
					continue
				}
				if housekeeping(l) {
					continue
				}
				got := receive(ctx, t, client)
				if want := comparable(t, l); !bytes.Equal(comparable(t, got), want) {
					t.Errorf("answer\n%x, want (the first id aside)\n%x", got.body, l.body)
				}
			}
		})
	}
}

// receive takes the next event that is no housekeeping.
func receive(ctx context.Context, t *testing.T, from receiver) line {
	t.Helper()
	for {
		frames, err := from.Recv(ctx)
		if err != nil {
			t.Fatalf("waiting for an event: %v", err)
		}
		l := line{body: frames[len(frames)-1]}
		if err := event.Parse(l.body, &l.Event); err != nil {
			t.Fatalf("%x: %v", l.body, err)
		}
		if !housekeeping(l) {
			return l
		}
	}
}

// TestClientReplay plays the server's part of each recording to our client: its
// requests must be Python's, byte by byte, and it must read what Python answers.
func TestClientReplay(t *testing.T) {
	t.Parallel()
	for _, path := range conversations(t) {
		if filepath.Base(path) == "headers.hex" {
			continue // its request has keys of a middleware
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			server := socket.NewRouter(socket.Options{})
			t.Cleanup(func() { server.Close() })
			at, err := server.Bind(anyPort)
			if err != nil {
				t.Fatal(err)
			}
			c := ourClient(t, at, zrpc.ClientOptions{})
			for lines := recorded(t, path); len(lines) > 0; {
				n := 1 // one conversation: up to the next first event of a channel
				for n < len(lines) && lines[n].ResponseTo != nil {
					n++
				}
				replayToClient(t, server, c, lines[:n])
				lines = lines[n:]
			}
		})
	}
}

// replayToClient has the client make the recorded call and answers as recorded.
func replayToClient(t *testing.T, server *socket.Router, c *zrpc.Client, lines []line) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request := lines[0]
	args, err := event.AppendElems(nil, request.Args)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan []event.Raw, 1)
	failed := make(chan error, 1)
	go func() {
		var items []event.Raw
		var anyArgs []any
		for _, a := range args {
			anyArgs = append(anyArgs, event.Raw(a))
		}
		res, err := c.Invoke(ctx, string(request.Name), anyArgs...)
		if err == nil {
			for raw, e := range res.Items() {
				if err = e; err == nil {
					items = append(items, raw)
				}
			}
		}
		ended <- items
		failed <- err
	}()

	frames, err := server.Recv(ctx)
	if err != nil {
		t.Fatalf("waiting for the request: %v", err)
	}
	got := line{body: frames[len(frames)-1]}
	if err := event.Parse(got.body, &got.Event); err != nil {
		t.Fatal(err)
	}
	if want := comparable(t, request); !bytes.Equal(comparable(t, got), want) {
		t.Errorf("request\n%x, want (the id aside)\n%x", got.body, request.body)
	}
	var want []event.Raw
	var wantErr *zrpc.RemoteError
	for _, l := range lines[1:] {
		if l.toServer {
			continue // what the client owes is housekeeping, by its own choice
		}
		body := bytes.Replace(l.body, l.ResponseTo, got.ID, 1)
		if err := server.Send(ctx, frames[0], nil, body); err != nil {
			t.Fatal(err)
		}
		elems, _ := event.AppendElems(nil, l.Args) // of a stream's item: any value
		switch string(l.Name) {
		case "OK":
			want = append(want, elems[0])
		case "STREAM":
			want = append(want, l.Args)
		case "ERR":
			wantErr = new(zrpc.RemoteError)
			for i, to := range []*string{&wantErr.Name, &wantErr.Message, &wantErr.Traceback} {
				if err := event.Decode(elems[i], to); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	items, err := <-ended, <-failed
	var remote *zrpc.RemoteError
	switch {
	case wantErr == nil && err != nil:
		t.Errorf("the call: %v", err)
	case wantErr != nil && (!errors.As(err, &remote) || !remote.Received() ||
		remote.Name != wantErr.Name || remote.Message != wantErr.Message || remote.Traceback != wantErr.Traceback):
		t.Errorf("the call: %#v, want %#v", err, wantErr)
	}
	if len(items) != len(want) {
		t.Fatalf("%d items, want %d", len(items), len(want))
	}
	for i := range want {
		if !bytes.Equal(items[i], want[i]) {
			t.Errorf("item %d is %x, want %x", i, items[i], want[i])
		}
	}
}

// TestEventReplay: a recorded event of Python's Pusher reaches our Puller, and
// our Pusher writes the same but for the id.
func TestEventReplay(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"testdata/push.hex", "testdata/publish.hex"} {
		want := recorded(t, path)[0]

		puller := pubsub.NewPuller(nil)
		t.Cleanup(func() { puller.Close() })
		at, err := puller.Bind(anyPort)
		if err != nil {
			t.Fatal(err)
		}
		push := socket.NewPush(socket.Options{})
		t.Cleanup(func() { push.Close() })
		if err := push.Connect(at); err != nil {
			t.Fatal(err)
		}
		if err := push.Send(t.Context(), want.body); err != nil {
			t.Fatal(err)
		}
		for e, err := range puller.Events(t.Context()) {
			if err != nil || e.Name != "event" || !bytes.Equal(e.Args, want.Args) {
				t.Errorf("%s: got %+v, %v", path, e, err)
			}
			break
		}

		pull := socket.NewPull(socket.Options{})
		t.Cleanup(func() { pull.Close() })
		if at, err = pull.Bind(anyPort); err != nil {
			t.Fatal(err)
		}
		pusher := pubsub.NewPusher(nil)
		t.Cleanup(func() { pusher.Close() })
		if err := pusher.Connect(at); err != nil {
			t.Fatal(err)
		}
		if err := pusher.Emit(t.Context(), "event", "a", 1, map[string]any{"k": []byte("v")}); err != nil {
			t.Fatal(err)
		}
		got := receive(t.Context(), t, pull)
		if !bytes.Equal(comparable(t, got), comparable(t, want)) {
			t.Errorf("%s: our event\n%x, want (the id aside)\n%x", path, got.body, want.body)
		}
	}
}
