package extern

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMissingProgramsSayWhatToInstall(t *testing.T) {
	t.Setenv("PATH", "") // neither a compiler nor an interpreter
	want := map[string]string{"libzmq": "libzmq3-dev", "python": "interop/setup.sh", "node": "install node"}
	for _, p := range All {
		_, _, err := p.Prepare(Env{Python: "/nonexistent/python"}, t.TempDir())
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), want[p.Name]) {
			t.Errorf("%s: %v, want %q with what to install (%s)", p.Name, err, ErrMissing, want[p.Name])
		}
	}
}

func TestFindEnvLooksUpwards(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "bench", "deep")
	for _, dir := range []string{deep, filepath.Join(root, "interop")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(deep)
	e := FindEnv(Env{NodeModules: "mine"})
	if !strings.HasSuffix(e.Python, filepath.Join("interop", ".venv", "bin", "python")) {
		t.Errorf("Python is %q, want the one below interop", e.Python)
	}
	if e.NodeModules != "mine" {
		t.Errorf("node_modules is %q: what the user said was overwritten", e.NodeModules)
	}
}

func TestReasonQuotesTheLastWords(t *testing.T) {
	fail := errors.New("exit status 1")
	if got := reason("it failed", []byte("Traceback\nImportError: no zerorpc\n"), fail); got != "it failed: ImportError: no zerorpc" {
		t.Errorf("%q, want the tool's last line", got)
	}
	if got := reason("it failed", nil, fail); got != "it failed: exit status 1" {
		t.Errorf("%q, want how it ended, as it said nothing", got)
	}
}
