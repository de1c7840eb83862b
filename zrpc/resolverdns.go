package zrpc

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// DNSResolver looks a host's addresses up, again and again: each is a server of
// its own. That is how a headless service in Kubernetes, or a name with several A
// or AAAA records, is used whole. A name server that answers with a changing part
// of the addresses is none to balance by.
type DNSResolver struct {
	// Address is host:port, perhaps behind tcp://.
	Address string

	// Interval is how often it is looked up, a tenth more or less. Default 30 s.
	Interval time.Duration

	// Lookup returns a host's addresses. Default: that of net.DefaultResolver.
	Lookup func(ctx context.Context, host string) ([]string, error)
}

const (
	defaultDNSInterval = 30 * time.Second

	// maxLookup bounds one question: a name server that is gone must not keep the
	// next one from being asked.
	maxLookup = 10 * time.Second

	// minRetry and maxRetry bound the wait after a question without an answer,
	// which doubles: a client that starts before its name is known soon finds it.
	minRetry = 500 * time.Millisecond
	maxRetry = 10 * time.Second
)

// Watch looks the host up until ctx ends.
func (r DNSResolver) Watch(ctx context.Context, update func([]string, error)) {
	interval := r.Interval
	if interval <= 0 {
		interval = defaultDNSInterval
	}
	retry := minRetry
	for {
		endpoints, err := r.resolve(ctx)
		if ctx.Err() != nil {
			return
		}
		update(endpoints, err)
		pause := interval
		if err != nil {
			pause = min(retry, interval)
			retry = min(2*retry, maxRetry)
		} else {
			retry = minRetry
		}
		if !wait(ctx, jittered(pause)) {
			return
		}
	}
}

// resolve asks once.
func (r DNSResolver) resolve(ctx context.Context) ([]string, error) {
	host, port, err := net.SplitHostPort(strings.TrimPrefix(r.Address, "tcp://"))
	if err != nil {
		return nil, fmt.Errorf("zrpc: resolving %q: %w; give host:port", r.Address, err)
	}
	lookup := r.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupHost
	}
	ctx, cancel := context.WithTimeout(ctx, maxLookup)
	defer cancel()
	addresses, err := lookup(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("zrpc: resolving %s: %w", r.Address, err)
	}
	endpoints := make([]string, len(addresses))
	for i, a := range addresses {
		endpoints[i] = "tcp://" + net.JoinHostPort(a, port)
	}
	return endpoints, nil
}
