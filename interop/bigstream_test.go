package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/interop/peer"
	"github.com/zrpc-go/zrpc/zrpc"
)

const (
	// bigItems is how many items go each way, and bigItem how large one is: some
	// 150 MiB each way with their events, so that a queue without a bound on any
	// side shows in bigGrowth.
	bigItems = 1_000_000
	bigItem  = 100 // bytes

	// bigGrowth is how much memory either process may take on the way, in KiB.
	bigGrowth = 64 << 10

	// bigTime is how long it all may take.
	bigTime = time.Minute
)

// memory is what a process holds, in KiB.
type memory struct {
	Now  int `msgpack:"now"`  // resident
	Peak int `msgpack:"peak"` // the most that was ever resident
}

// ownMemory reads it from the kernel.
func ownMemory() (memory, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return memory{}, fmt.Errorf("this test measures memory as Linux tells it: %w", err)
	}
	var m memory
	for line := range strings.Lines(string(status)) {
		words := strings.Fields(line)
		if len(words) != 3 || words[2] != "kB" {
			continue
		}
		n, err := strconv.Atoi(words[1])
		switch {
		case err != nil:
			return m, err
		case words[0] == "VmRSS:":
			m.Now = n
		case words[0] == "VmHWM:":
			m.Peak = n
		}
	}
	if m.Now == 0 || m.Peak == 0 {
		return m, errors.New("the kernel does not tell how much memory a process holds")
	}
	return m, nil
}

// bigServer is the part of a server that sends back what it is sent.
func bigServer([]string) error {
	srv := zrpc.NewServer(nil)
	err := errors.Join(
		srv.Handle("memory", ownMemory),
		srv.Handle("back", func(in iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] { return in }),
	)
	if err != nil {
		return err
	}
	at, err := srv.Bind(anyPort)
	if err != nil {
		return err
	}
	fmt.Println("ready", at)
	return srv.Serve(context.Background())
}

// bigClient is the part of a client of it that sends as fast as it may and is
// slow to read. It prints a note when it is done.
func bigClient(args []string) error {
	c := zrpc.NewClient(nil)
	if err := c.Connect(args[0]); err != nil {
		return err
	}
	fmt.Println("ready")
	ctx := context.Background()
	if err := exchange(ctx, c, 10_000, 0); err != nil { // what every process comes to hold
		return fmt.Errorf("the first stream: %w", err)
	}
	before, err := memories(ctx, c)
	if err != nil {
		return err
	}
	begun := time.Now()
	// At first the reader is as slow as to leave everything to its queues, and
	// then it keeps lagging behind.
	if err := exchange(ctx, c, bigItems, 2*time.Second); err != nil {
		return fmt.Errorf("the big stream: %w", err)
	}
	took := time.Since(begun)
	after, err := memories(ctx, c)
	if err != nil {
		return err
	}
	for i, side := range []string{"client", "server"} {
		fmt.Printf("{\"note\": %q, \"text\": \"%d %d\"}\n", side, before[i].Now, after[i].Peak)
	}
	fmt.Printf("{\"note\": \"done\", \"text\": %q}\n", took)
	select {} // until the test has read that
}

// memories are those of the client and the server.
func memories(ctx context.Context, c *zrpc.Client) ([2]memory, error) {
	client, err := ownMemory()
	if err != nil {
		return [2]memory{}, err
	}
	server, err := zrpc.Call[memory](ctx, c, "memory")
	return [2]memory{client, server}, err
}

// exchange sends so many items and reads them back, pausing once for long and
// then for a moment every thousand items.
func exchange(ctx context.Context, c *zrpc.Client, count int, pause time.Duration) error {
	d, err := zrpc.Open[[]byte, []byte](ctx, c, "back")
	if err != nil {
		return err
	}
	defer d.Close()
	sent := make(chan error, 1)
	go func() {
		for i := range count {
			if err := d.Send(fmt.Appendf(make([]byte, 0, bigItem), "%0*d", bigItem, i)); err != nil {
				sent <- fmt.Errorf("sending item %d: %w", i, err)
				return
			}
		}
		sent <- d.CloseSend()
	}()
	rest := time.NewTimer(pause)
	defer rest.Stop()
	<-rest.C
	for i := range count {
		item, err := d.Recv()
		if err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
		if n, err := strconv.Atoi(string(item)); err != nil || n != i {
			return fmt.Errorf("item %d is %q: lost, doubled or out of order", i, item)
		}
		if i%1000 == 0 && pause > 0 {
			rest.Reset(pause / 1000)
			<-rest.C
		}
	}
	if _, err := d.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("after the last item: %w, want the end", err)
	}
	return <-sent
}

// TestBigStream lets a million items go both ways at once between two processes,
// to a reader that is slow: neither process may come to hold what the reader has
// not taken yet.
func TestBigStream(t *testing.T) {
	t.Parallel()
	server := peer.Self(t, "big server")
	client := peer.Self(t, "big client", server.Endpoint())
	note := func(what string) string {
		return client.WaitNote(2*bigTime, what, func(n peer.Note) bool { return n.Note == what }).Text
	}
	for _, side := range []string{"client", "server"} {
		var before, peak int
		if _, err := fmt.Sscan(note(side), &before, &peak); err != nil {
			t.Fatal(err)
		}
		t.Logf("the %s held %d KiB before and %d KiB at the most", side, before, peak)
		if grown := peak - before; grown > bigGrowth {
			t.Errorf("the %s grew by %d KiB, more than %d", side, grown, bigGrowth)
		}
	}
	took, err := time.ParseDuration(note("done"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("it took %v", took)
	if took > bigTime {
		t.Errorf("%d items both ways took %v, more than %v", bigItems, took, bigTime)
	}
}
