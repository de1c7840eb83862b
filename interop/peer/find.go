package peer

import (
	"os"
	"path/filepath"
	"testing"
)

// setUp is what a test says when the peers are not installed.
const setUp = "the real peers are not installed: run `make setup` (or interop/setup.sh)"

// Dir returns the folder interop of this module, found upwards from the
// package under test, so that tests of any package can start peers.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("finding interop/: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			candidate := filepath.Join(dir, "interop")
			if _, err := os.Stat(filepath.Join(candidate, "setup.sh")); err == nil {
				return candidate
			}
			// A module of its own below the root (bench): go on upwards.
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("finding interop/: no folder above this test has it")
		}
		dir = up
	}
}

// installed returns a path below interop/ that setup.sh makes.
func installed(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{Dir(t)}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s (%s is missing)", setUp, filepath.Join(append([]string{"interop"}, parts...)...))
	}
	return path
}

// PythonPath returns the interpreter of the virtual environment.
func PythonPath(t testing.TB) string { return installed(t, ".venv", "bin", "python") }
