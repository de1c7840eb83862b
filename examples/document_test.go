// Package examples holds the test that docs/grpc.md shows the code of these
// programs, and of the same ones in grpc-go.
package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks finds the code of the page, whose first line says where it is from.
var blocks = regexp.MustCompile("(?s)```(go|proto)\n(.*?)```")

// TestDocumentShowsThisCode compares each block of docs/grpc.md with the file that
// it names, and wants one of every program.
func TestDocumentShowsThisCode(t *testing.T) {
	page, err := os.ReadFile("../docs/grpc.md")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{"zrpc": ".", "grpc": "../bench/grpcexamples"}
	shown := map[string]int{}
	for _, m := range blocks.FindAllStringSubmatch(string(page), -1) {
		head, code, _ := strings.Cut(m[2], "\n")
		who, file, ok := strings.Cut(strings.TrimPrefix(head, "// "), ": ")
		if !ok || folders[who] == "" {
			t.Errorf("a block begins with %q, want // zrpc: FILE or // grpc: FILE", head)
			continue
		}
		source, err := os.ReadFile(filepath.Join(folders[who], filepath.FromSlash(file)))
		if err != nil {
			t.Error(err)
			continue
		}
		shown[who]++
		shown[strings.Split(file, "/")[0]]++
		text := "\n" + unindented(string(source))
		for _, part := range strings.Split(code, "\n\n") {
			if part = unindented(part); !strings.Contains(text, "\n"+strings.Trim(part, "\n")+"\n") {
				t.Errorf("the page shows what is not in %s's %s:\n%s", who, file, part)
			}
		}
	}
	programs, err := filepath.Glob("*/main.go")
	if err != nil || len(programs) < 12 {
		t.Fatalf("programs %v, %v", programs, err)
	}
	for _, p := range programs {
		if name := filepath.Dir(p); shown[name] == 0 {
			t.Errorf("the page does not show %s", name)
		}
	}
	if shown["grpc"] < len(programs) {
		t.Errorf("the page shows %d blocks of grpc-go for %d programs", shown["grpc"], len(programs))
	}
}

// TestProgramsAreShort keeps every file of an example within a screen or two.
func TestProgramsAreShort(t *testing.T) {
	files, err := filepath.Glob("*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), "\n"); n >= 80 {
			t.Errorf("%s has %d lines, want fewer than 80", file, n)
		}
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
