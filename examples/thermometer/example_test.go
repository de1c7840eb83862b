package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// All that docs/grpc.md shows, at work.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, "inproc://thermometer") }()
	fmt.Println(use(ctx, "inproc://thermometer"))
	stop()
	fmt.Println(<-served)
	// Output:
	// 68
	// 0 20
	// 1 21
	// 2 22
	// 20
	// 21
	// 23
	// <nil>
	// <nil>
}

// TestDocumentShowsThisCode compares the blocks of docs/grpc.md that begin with
// "// zrpc" with the files of this folder.
func TestDocumentShowsThisCode(t *testing.T) {
	var source string
	for _, file := range []string{"service.go", "main.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source += unindented(string(text))
	}
	doc, err := os.ReadFile("../../docs/grpc.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, block := range strings.Split(string(doc), "```go\n// zrpc")[1:] {
		_, block, _ = strings.Cut(block, "\n") // the rest of that first line
		block, _, _ = strings.Cut(block, "```")
		blocks++
		for _, part := range strings.Split(block, "\n\n") {
			if part = unindented(part); !strings.Contains(source, strings.TrimSpace(part)) {
				t.Errorf("the document shows what is not in this folder:\n%s", part)
			}
		}
	}
	if blocks < 6 {
		t.Errorf("%d blocks are found, want both sides of three shapes", blocks)
	}
}

// unindented is code without what depends on how deep it stands.
func unindented(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
