package zrpc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// heard runs a resolver and returns what it says.
func heard(t *testing.T, r Resolver) <-chan string {
	ctx, cancel := context.WithCancel(context.Background())
	said := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Watch(ctx, func(endpoints []string, err error) {
			if err != nil {
				said <- "error: " + err.Error()
				return
			}
			said <- strings.Join(endpoints, " ")
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return said
}

func TestDNSResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan time.Time, 100)
		n := 0
		answers := []any{errors.New("no such host"), errors.New("no such host"), []string{"10.0.0.1", "fe80::1"}, []string{"10.0.0.2"}, errors.New("timed out"), []string{"10.0.0.2"}}
		said := heard(t, DNSResolver{Address: "svc.example:4242", Interval: time.Minute, Lookup: func(_ context.Context, host string) ([]string, error) {
			if host != "svc.example" {
				t.Errorf("asked for %q", host)
			}
			a := answers[min(n, len(answers)-1)]
			n++
			asked <- time.Now()
			if err, ok := a.(error); ok {
				return nil, err
			}
			return a.([]string), nil
		}})
		var last time.Time
		for i, want := range []struct {
			says     string
			min, max time.Duration // since the last question
		}{
			{"error: zrpc: resolving svc.example:4242: no such host", 0, 0},
			{"error: zrpc: resolving svc.example:4242: no such host", 450 * time.Millisecond, 550 * time.Millisecond},
			{"tcp://10.0.0.1:4242 tcp://[fe80::1]:4242", 900 * time.Millisecond, 1100 * time.Millisecond},
			{"tcp://10.0.0.2:4242", 54 * time.Second, 66 * time.Second},
			{"error: zrpc: resolving svc.example:4242: timed out", 54 * time.Second, 66 * time.Second},
			{"tcp://10.0.0.2:4242", 450 * time.Millisecond, 550 * time.Millisecond},
		} {
			if got := <-said; got != want.says {
				t.Errorf("question %d is answered %q, want %q", i, got, want.says)
			}
			at := <-asked
			if d := at.Sub(last); i > 0 && (d < want.min || d > want.max) {
				t.Errorf("question %d came after %v, want %v to %v", i, d, want.min, want.max)
			}
			last = at
		}
	})
}

// TestDNSResolverByItself asks the system, for what needs no name server.
func TestDNSResolverByItself(t *testing.T) {
	for _, tc := range []struct{ address, want string }{
		{"127.0.0.1:4242", "tcp://127.0.0.1:4242"},
		{"tcp://127.0.0.1:4242", "tcp://127.0.0.1:4242"},
		{"[::1]:4242", "tcp://[::1]:4242"},
		{"127.0.0.1", `error: zrpc: resolving "127.0.0.1": address 127.0.0.1: missing port in address; give host:port`},
	} {
		if got := <-heard(t, DNSResolver{Address: tc.address}); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.address, got, tc.want)
		}
	}
}

func TestFileResolver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints")
	synctest.Test(t, func(t *testing.T) {
		said := heard(t, FileResolver{Path: path, Interval: time.Second})
		if got := <-said; !strings.Contains(got, "no such file") {
			t.Errorf("without a file: %s", got)
		}
		quiet := func(why string) {
			t.Helper()
			<-time.After(time.Minute)
			synctest.Wait()
			if len(said) > 0 {
				t.Errorf("%s: it said %q", why, <-said)
			}
		}
		// old is the file's time; a bubble's clock begins in 2000.
		write := func(text string, old time.Duration, rename bool) {
			t.Helper()
			to := path
			if rename {
				to += ".new"
			}
			err := os.WriteFile(to, []byte(text), 0o600)
			if at := time.Now().Add(-old); err == nil {
				err = os.Chtimes(to, at, at)
			}
			if err == nil && rename {
				err = os.Rename(to, path)
			}
			if err != nil {
				t.Fatal(err)
			}
			for len(said) > 0 {
				<-said
			}
		}
		want := func(why, want string) {
			t.Helper()
			if got := <-said; got != want {
				t.Errorf("%s: %q, want %q", why, got, want)
			}
		}
		write("# the service\n\n tcp://a:1 # the first\r\ntcp://b:2", 24*time.Hour, true)
		want("a file", "tcp://a:1 tcp://b:2")
		quiet("nothing was written")
		write("tcp://c:3\n", 12*time.Hour, true)
		want("it was replaced", "tcp://c:3")
		write("tcp://c:4\n", 6*time.Hour, false)
		want("it was written over", "tcp://c:4")
		quiet("nothing was written")
		write("tcp://c:5\n", 0, false)
		want("just now", "tcp://c:5")
		write("tcp://c:6\n", 0, false)
		want("and again within the same tick of the file's clock", "tcp://c:6")
		write(strings.Repeat("tcp://a:1\n", maxResolverFile/10)+"#", 24*time.Hour, true)
		if got := <-said; !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "is it a list of endpoints?") {
			t.Errorf("a file too long: %.80q", got)
		}
	})
	if _, err := (FileResolver{Path: t.TempDir()}).read(); err == nil {
		t.Error("a directory is no error")
	}
	if _, err := (FileResolver{Path: path + ".none"}).read(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that has just gone: %v", err)
	}
}

// FuzzParseEndpoints checks that no text gives an endpoint that is none.
func FuzzParseEndpoints(f *testing.F) {
	for _, s := range []string{"", "\n\n", "tcp://a:1\r\ntcp://b:2 # x\n#", " \t#", "a#b\nc", "\x00\xff\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		endpoints := parseEndpoints(text)
		for _, e := range endpoints {
			if e == "" || e != strings.TrimSpace(e) || strings.ContainsAny(e, "#\n") {
				t.Errorf("%q gives %q", text, e)
			}
		}
		if again := parseEndpoints(strings.Join(endpoints, "\n")); !slices.Equal(again, endpoints) {
			t.Errorf("%q gives %q, and that %q", text, endpoints, again)
		}
	})
}
