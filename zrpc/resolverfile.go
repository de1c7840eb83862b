package zrpc

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// FileResolver reads endpoints from a file, one a line, and again when the file
// has changed. Empty lines, and what follows a #, are ignored. Whoever writes the
// file does best to write another and rename it: a half-written one is taken at
// its word.
type FileResolver struct {
	Path string

	// Interval is how often the file is looked at. Default 2 s.
	Interval time.Duration
}

const (
	defaultFileInterval = 2 * time.Second

	// maxResolverFile bounds what is read: room for as many endpoints as a client
	// takes, a thousand bytes each.
	maxResolverFile = maxNamed * 1000

	// freshFile is how old a file's time must be before an equal time means an equal
	// content: file systems count in ticks, some of them of two seconds (FAT).
	freshFile = 2 * time.Second
)

// Watch reads the file until ctx ends.
func (r FileResolver) Watch(ctx context.Context, update func([]string, error)) {
	interval := r.Interval
	if interval <= 0 {
		interval = defaultFileInterval
	}
	var seen os.FileInfo // as last read; nil: not, or too fresh to be sure
	for {
		info, err := os.Stat(r.Path)
		if err != nil {
			seen = nil
			update(nil, fmt.Errorf("zrpc: reading endpoints: %w", err))
		} else if seen == nil || !sameFile(seen, info) {
			endpoints, err := r.read()
			update(endpoints, err)
			seen = nil
			if err == nil && time.Since(info.ModTime()) > freshFile {
				seen = info
			}
		}
		if !wait(ctx, interval) {
			return
		}
	}
}

// sameFile reports whether nothing was written between two looks.
func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// read reads the whole file.
func (r FileResolver) read() ([]string, error) {
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, fmt.Errorf("zrpc: reading endpoints: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxResolverFile+1))
	if err == nil && len(text) > maxResolverFile {
		err = fmt.Errorf("more than %d bytes; is it a list of endpoints?", maxResolverFile)
	}
	if err != nil {
		return nil, fmt.Errorf("zrpc: reading endpoints from %s: %w", r.Path, err)
	}
	return parseEndpoints(string(text)), nil
}

// parseEndpoints takes the lines of a file apart.
func parseEndpoints(text string) (endpoints []string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			endpoints = append(endpoints, line)
		}
	}
	return endpoints
}
