package socket

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// Everything that is written comes out, in order, through a buffer smaller
// than it, whatever the sizes of the pieces.
func TestPipeCopies(t *testing.T) {
	a, b := Pipe()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	want := make([]byte, 1<<20)
	for i := range want {
		want[i] = byte(rng.Uint32())
	}
	sizes := make([]int, 0, 1000)
	for left := len(want); left > 0; left -= sizes[len(sizes)-1] {
		sizes = append(sizes, min(left, 1+rng.IntN(3*pipeBuffer/2)))
	}
	go func() {
		at := 0
		for _, n := range sizes {
			if k, err := a.Write(want[at : at+n]); k != n || err != nil {
				t.Errorf("Write: %d, %v", k, err)
			}
			at += n
		}
		a.Close()
	}()
	var got []byte
	p := make([]byte, 100_000)
	for {
		n, err := b.Read(p[:1+rng.IntN(len(p))])
		got = append(got, p[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%d bytes came out, not the %d that went in", len(got), len(want))
	}
}

func TestPipeTryWrite(t *testing.T) {
	a, b := Pipe()
	try := a.(interface{ TryWrite([]byte) (int, error) })
	if n, err := try.TryWrite(make([]byte, 2*pipeBuffer)); n != pipeBuffer || err != nil {
		t.Fatalf("into an empty pipe: %d, %v", n, err)
	}
	if n, err := try.TryWrite([]byte{1}); n != 0 || err != nil {
		t.Fatalf("into a full pipe: %d, %v", n, err)
	}
	_, _ = io.ReadFull(b, make([]byte, 10))
	if n, err := try.TryWrite(make([]byte, 20)); n != 10 || err != nil {
		t.Fatalf("after 10 bytes were read: %d, %v", n, err)
	}
	if a.RemoteAddr().Network() != "inproc" || a.LocalAddr().String() != "inproc://pipe" {
		t.Fatalf("addresses %v %v", a.LocalAddr(), a.RemoteAddr())
	}
}

func TestPipeEnds(t *testing.T) {
	a, b := Pipe()
	_, _ = a.Write([]byte("rest"))
	a.Close()
	for _, tc := range []struct {
		why  string
		err  error
		want error
	}{
		{"reading a closed end", second(a.Read(make([]byte, 1))), net.ErrClosed},
		{"writing a closed end", second(a.Write([]byte{1})), net.ErrClosed},
		{"writing to an end that nobody reads", second(b.Write([]byte{1})), io.ErrClosedPipe},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.why, tc.err, tc.want)
		}
	}
	if rest, err := io.ReadAll(b); string(rest) != "rest" || err != nil {
		t.Errorf("what was written before Close: %q, %v", rest, err)
	}
}

func second(_ int, err error) error { return err }

// Deadlines end waiting calls at their time, may be moved, and a passed one
// fails at once, even with data there, as package net does.
func TestPipeDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		defer a.Close()
		defer b.Close()
		start := time.Now()
		at := func(why string, want time.Duration, err error) {
			t.Helper()
			if d := time.Since(start); d != want || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%s: %v after %v, want a passed deadline after %v", why, err, d, want)
			}
			var ne net.Error
			if !errors.As(err, &ne) || !ne.Timeout() {
				t.Fatalf("%v is no timeout", err)
			}
		}
		_ = a.SetReadDeadline(start.Add(time.Second))
		at("read", time.Second, second(a.Read(make([]byte, 1))))
		_ = a.SetWriteDeadline(start.Add(2 * time.Second))
		n, err := a.Write(make([]byte, pipeBuffer+1))
		if at("write", 2*time.Second, err); n != pipeBuffer {
			t.Fatalf("%d bytes were written", n)
		}
		at("passed", 2*time.Second, second(a.Write([]byte{1})))
		_ = b.SetDeadline(start)
		at("passed, with data there", 2*time.Second, second(b.Read(make([]byte, 1))))

		// A deadline set while the call waits, as zmtp's Interrupt does.
		_ = a.SetDeadline(time.Time{})
		time.AfterFunc(time.Second, func() { _ = a.SetReadDeadline(time.Now()) })
		at("set meanwhile", 3*time.Second, second(a.Read(make([]byte, 1))))
	})
}
