package zrpc

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zrpc-go/zrpc/stream"
)

// fakes are candidates with so many open calls each.
func fakes(open ...int) []Candidate {
	var cs []Candidate
	for i, n := range open {
		cs = append(cs, NewCandidate(fmt.Sprint(i), func() int { return n }))
	}
	return cs
}

// shares counts which candidates a Balance chooses in so many turns.
func shares(b Balance, turns uint64, cs []Candidate) []int {
	got := make([]int, len(cs))
	for turn := range turns {
		got[b(turn, cs)]++
	}
	return got
}

func TestBalanceShares(t *testing.T) {
	const turns = 120_000
	for _, tc := range []struct {
		why      string
		balance  Balance
		open     []int
		min, max []int // of 120,000
	}{
		{"round robin is exact", RoundRobin, []int{0, 0, 0, 0}, []int{30_000, 30_000, 30_000, 30_000}, []int{30_000, 30_000, 30_000, 30_000}},
		{"whatever the load", RoundRobin, []int{9, 0}, []int{60_000, 60_000}, []int{60_000, 60_000}},
		{"the idle one", LeastOutstanding, []int{2, 1, 0, 1}, []int{0, 0, turns, 0}, []int{0, 0, turns, 0}},
		{"the least busy one", LeastOutstanding, []int{7, 5, 9}, []int{0, turns, 0}, []int{0, turns, 0}},
		{"equals in turn", LeastOutstanding, []int{0, 0, 0}, []int{40_000, 40_000, 40_000}, []int{40_000, 40_000, 40_000}},
		{"also when they are busy", LeastOutstanding, []int{4, 4}, []int{60_000, 60_000}, []int{60_000, 60_000}},
		{"two of equals are even within 1 %", PowerOfTwo, []int{1, 1, 1, 1}, []int{29_700, 29_700, 29_700, 29_700}, []int{30_300, 30_300, 30_300, 30_300}},
		{"of two always the better", PowerOfTwo, []int{3, 2}, []int{0, turns}, []int{0, turns}},
		{"the busiest never wins, the idle one of every pair it is in", PowerOfTwo, []int{5, 0, 5, 9}, []int{29_000, 59_000, 29_000, 0}, []int{31_000, 61_000, 31_000, 0}},
	} {
		got := shares(tc.balance, turns, fakes(tc.open...))
		for i, n := range got {
			if n < tc.min[i] || n > tc.max[i] {
				t.Errorf("%s: shares %v, want %v to %v", tc.why, got, tc.min, tc.max)
				break
			}
		}
	}
	for _, b := range []Balance{RoundRobin, LeastOutstanding, PowerOfTwo} {
		for n := 2; n < 40; n++ {
			cs := fakes(make([]int, n)...)
			for _, turn := range []uint64{0, 1, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
				if i := b(turn, cs); i < 0 || i >= n {
					t.Errorf("turn %d of %d candidates: %d", turn, n, i)
				}
			}
		}
	}
}

// TestBalanceDoesNotAllocate guards the way of every call.
func TestBalanceDoesNotAllocate(t *testing.T) {
	cs := fakes(1, 2, 3, 4)
	for _, b := range []Balance{RoundRobin, LeastOutstanding, PowerOfTwo} {
		if n := testing.AllocsPerRun(100, func() { b(7, cs) }); n > 0 {
			t.Errorf("%v allocations a choice", n)
		}
	}
}

// fleet is servers that a client of the test's is to spread its calls over.
type fleet struct {
	t       *testing.T
	names   []string // endpoints
	servers []*Server
	calls   []atomic.Int64 // to "work"
	takes   []atomic.Int64 // how long that takes, nanoseconds
	answer  []atomic.Pointer[RemoteError]
	streams chan context.Context // of "items" that has begun
}

// newFleet binds n servers, which do not serve yet, under names of inproc. It
// works inside and outside of a bubble.
func newFleet(t *testing.T, n int, opt *ServerOptions) *fleet {
	t.Helper()
	f := &fleet{
		t: t, calls: make([]atomic.Int64, n), takes: make([]atomic.Int64, n),
		answer: make([]atomic.Pointer[RemoteError], n), streams: make(chan context.Context, 100),
	}
	for i := range n {
		f.names = append(f.names, fmt.Sprintf("inproc://%s/%d", t.Name(), i))
		f.servers = append(f.servers, nil)
		f.start(i, opt)
	}
	return f
}

// start makes and binds a server.
func (f *fleet) start(i int, opt *ServerOptions) {
	f.t.Helper()
	s := NewServer(opt)
	s.Handle("work", func(ctx context.Context) (int, error) {
		f.calls[i].Add(1)
		if d := time.Duration(f.takes[i].Load()); d > 0 {
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
		}
		if err := f.answer[i].Load(); err != nil {
			return 0, err
		}
		return i, nil
	})
	s.Handle("items", func(ctx context.Context) func(yield func(int) bool) {
		return func(yield func(int) bool) {
			if !yield(i) {
				return
			}
			f.streams <- ctx
			for n := i + 1; ; n++ {
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
					return
				}
				if !yield(n) {
					return
				}
			}
		}
	})
	if _, err := s.Bind(f.names[i]); err != nil {
		f.t.Fatal(err)
	}
	f.servers[i] = s
}

// serve has servers answer, all if none is named.
func (f *fleet) serve(which ...int) {
	for i, s := range f.servers {
		if len(which) == 0 || strings.Contains(fmt.Sprint(which), fmt.Sprint(i)) {
			go s.Serve(context.Background())
		}
	}
}

// client connects to all servers and waits for the connections.
func (f *fleet) client(opt *ClientOptions) *Client {
	f.t.Helper()
	c := NewClient(opt)
	for _, name := range f.names {
		if err := c.Connect(name); err != nil {
			f.t.Fatal(err)
		}
	}
	eventually(f.t, "not all connections came", func() bool { return len(c.core.links.ready.Load().links) == len(f.names) })
	return c
}

// counts returns how many calls each server had, and begins anew.
func (f *fleet) counts() []int64 {
	var n []int64
	for i := range f.calls {
		n = append(n, f.calls[i].Swap(0))
	}
	return n
}

// work makes so many calls and returns the errors.
func (f *fleet) work(c *Client, n int) (errs []error) {
	for range n {
		if _, err := Call[int](context.Background(), c, "work"); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func (f *fleet) close() {
	for _, s := range f.servers {
		s.Close()
	}
}

// TestBalanceSpreadsCalls counts what reaches servers that are alike.
func TestBalanceSpreadsCalls(t *testing.T) {
	for name, balance := range map[string]Balance{"default": nil, "RoundRobin": RoundRobin, "LeastOutstanding": LeastOutstanding} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, 3, nil)
			defer f.close()
			f.serve()
			c := f.client(&ClientOptions{Balance: balance})
			defer c.Close()
			if errs := f.work(c, 3000); errs != nil {
				t.Fatalf("%s: %v", name, errs[0])
			}
			for i, n := range f.counts() {
				if n < 990 || n > 1010 {
					t.Errorf("%s: server %d had %d of 3000 calls, want a third within 1 %%", name, i, n)
				}
			}
		})
	}
}

// TestBalanceSparesTheSlow has one of three servers take ten times as long.
func TestBalanceSparesTheSlow(t *testing.T) {
	for _, tc := range []struct {
		name    string
		balance Balance
		max     int64 // of 3000 calls, for the slow one
	}{
		{"RoundRobin does not care", RoundRobin, 1010},
		{"LeastOutstanding", LeastOutstanding, 300},
		{"PowerOfTwo", PowerOfTwo, 500},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, 3, nil)
			defer f.close()
			for i, d := range []time.Duration{100, 10, 10} {
				f.takes[i].Store(int64(d * time.Millisecond))
			}
			f.serve()
			c := f.client(&ClientOptions{Balance: tc.balance})
			defer c.Close()
			began := time.Now()
			var callers sync.WaitGroup
			for range 30 {
				callers.Go(func() {
					if errs := f.work(c, 100); errs != nil {
						t.Error(errs[0])
					}
				})
			}
			callers.Wait()
			n := f.counts()
			t.Logf("%s: %v in %v", tc.name, n, time.Since(began))
			if n[0] > tc.max || n[0] < 50 {
				t.Errorf("%s: the slow server had %d of 3000 calls, want 50 to %d", tc.name, n[0], tc.max)
			}
		})
	}
}

// TestBalanceHasAChoice has calls wait for the first of several servers: a
// Balance is asked only when there are two.
func TestBalanceHasAChoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, nil)
		defer f.close()
		f.serve()
		c := NewClient(&ClientOptions{Balance: func(turn uint64, cs []Candidate) int {
			if len(cs) < 2 {
				t.Errorf("asked to choose among %d", len(cs))
			}
			return PowerOfTwo(turn, cs)
		}})
		defer c.Close()
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				if errs := f.work(c, 10); errs != nil {
					t.Error(errs[0])
				}
			})
		}
		for _, name := range f.names {
			synctest.Wait()
			if err := c.Connect(name); err != nil {
				t.Fatal(err)
			}
		}
		calls.Wait()
	})
}

// TestBalanceOfTheUser gives a client a Balance that looks at the endpoints, and
// one that is wrong.
func TestBalanceOfTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3, nil)
		defer f.close()
		f.serve()
		for _, tc := range []struct {
			why     string
			balance Balance
			want    string
		}{
			{"by endpoint", func(_ uint64, cs []Candidate) int {
				for i, c := range cs {
					if c.Endpoint == f.names[2] && c.Outstanding() == 0 {
						return i
					}
				}
				return 0
			}, "[0 0 30]"},
			{"an index that is none must not panic", func(_ uint64, cs []Candidate) int { return len(cs) }, "[10 10 10]"},
			{"nor a negative one", func(uint64, []Candidate) int { return -1 }, "[10 10 10]"},
		} {
			c := f.client(&ClientOptions{Balance: tc.balance})
			if errs := f.work(c, 30); errs != nil {
				t.Fatal(errs[0])
			}
			if got := fmt.Sprint(f.counts()); got != tc.want {
				t.Errorf("%s: %s, want %s", tc.why, got, tc.want)
			}
			c.Close()
		}
	})
}

// BenchmarkPick is what several connections cost a call.
func BenchmarkPick(b *testing.B) {
	for _, n := range []int{1, 2, 16} {
		for name, balance := range map[string]Balance{"RoundRobin": RoundRobin, "LeastOutstanding": LeastOutstanding, "PowerOfTwo": PowerOfTwo} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				c := NewClient(&ClientOptions{Balance: balance})
				defer c.Close()
				for range n {
					c.core.links.add(&link{mux: stream.NewClientMux(&brokenConn{closed: make(chan struct{})}, nil), endpoint: "x"})
				}
				b.ReportAllocs()
				for b.Loop() {
					l, err := c.core.links.pick(context.Background(), 0)
					if err != nil {
						b.Fatal(err)
					}
					l.heard()
				}
			})
		}
	}
}
