package gendoc

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/internal/gendoc/testdata/calc"
	"github.com/zrpc-go/zrpc/zrpc"
)

// run runs the command and returns what it wrote and its exit code.
func run(args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = Main(args, &out, &err)
	return out.String(), err.String(), code
}

// write puts files into a new directory. Keys are names, values contents.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The committed file of testdata/calc is the golden output, and it compiles, since this test imports it.
func TestGolden(t *testing.T) {
	golden, err := os.ReadFile("testdata/calc/zrpc_doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same bytes each time
		got, stderr, code := run("-o", "-", "testdata/calc")
		if code != 0 || stderr != "" {
			t.Fatalf("code %d, %s", code, stderr)
		}
		if got != string(golden) {
			t.Fatalf("differs from testdata/calc/zrpc_doc.go; if that is meant, run the command there.\n%s", got)
		}
	}
}

// The example's committed file is what the command writes today.
func TestExampleIsUpToDate(t *testing.T) {
	const dir = "../../examples/stub"
	want, err := os.ReadFile(filepath.Join(dir, "zrpc_doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	if got, stderr, code := run("-type", "Calculator", "-o", "-", dir); code != 0 || got != string(want) {
		t.Errorf("code %d, %s\n%s\ndiffers from %s: run go generate there", code, stderr, got, dir)
	}
}

// What was generated is what callers are told.
func TestDocsReachTheCaller(t *testing.T) {
	srv := zrpc.NewServer(nil)
	if err := srv.Register(&calc.Calculator{}); err != nil {
		t.Fatal(err)
	}
	if err := srv.Handle("hello", calc.Hello); err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	client, err := zrpc.Dial(ctx, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	type method struct {
		Args []struct {
			Name string `msgpack:"name"`
		} `msgpack:"args"`
		Doc string `msgpack:"doc"`
	}
	type inspection struct {
		Name    string            `msgpack:"name"`
		Methods map[string]method `msgpack:"methods"`
	}
	got, err := zrpc.Call[inspection](ctx, client, "_zerorpc_inspect")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		doc    string
		params string
	}{
		"add":             {"Add returns the sum of a and b,\nwhich is a + b.", "a b"},
		"streaming_range": {"StreamingRange streams.", "fr to step"},
		"sum":             {"Sum adds up.", "*numbers"},
		"ping":            {"Ping comes from the embedded type.", ""},
		"unnamed":         {"Unnamed has parameters without names.", "arg0 arg1"},
		"multiply":        {"Multiply is of net/rpc's shape.", "args"},
		"hello":           {"Hello greets.", "name"},
	} {
		m := got.Methods[name]
		var params []string
		for _, a := range m.Args {
			params = append(params, a.Name)
		}
		if p := strings.Join(params, " "); m.Doc != want.doc || p != want.params {
			t.Errorf("%s(%s): %q, want (%s) %q", name, p, m.Doc, want.params, want.doc)
		}
	}
}

func TestOnlyTheTypesAskedFor(t *testing.T) {
	got, stderr, code := run("-type", " notExported, private,,private", "-o", "-", "testdata/calc")
	if code != 0 {
		t.Fatal(stderr)
	}
	for text, want := range map[string]bool{
		"(*notExported)(nil)": true, `"Do": {Doc: "Do does.", Params: []string{"what"}}`: true, "RegisterFuncDoc(private,": true,
		"Calculator": false, "Hello": false,
	} {
		if strings.Contains(got, text) != want {
			t.Errorf("%q is in the output: %v\n%s", text, !want, got)
		}
	}
}

func TestWritesTheFile(t *testing.T) {
	dir := write(t, map[string]string{
		"a.go":        "package a\n\n// F does.\nfunc F(x, _ int) {}\n",
		"zrpc_doc.go": header + "\npackage a\n\nthis is no Go (nor need it be: it is about to be replaced",
	})
	if _, stderr, code := run(dir); code != 0 {
		t.Fatal(stderr)
	}
	path := filepath.Join(dir, "zrpc_doc.go")
	first, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	src, _ := os.ReadFile(path)
	if want := header + `
package a

import "github.com/zrpc-go/zrpc/zrpc"

func init() {
	zrpc.RegisterFuncDoc(F, zrpc.MethodDoc{Doc: "F does.", Params: []string{"x", "arg1"}})
}
`; string(src) != want {
		t.Errorf("got\n%s\nwant\n%s", src, want)
	}
	if _, stderr, code := run(dir); code != 0 {
		t.Fatal(stderr)
	}
	if second, _ := os.Stat(path); !second.ModTime().Equal(first.ModTime()) || !os.SameFile(first, second) {
		t.Error("an unchanged file was written again, which costs a build")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".zrpc_doc*")); len(left) != 0 {
		t.Errorf("%v were left behind", left)
	}
	elsewhere := filepath.Join(t.TempDir(), "x.go")
	if _, stderr, code := run("-o", elsewhere, dir); code != 0 {
		t.Fatal(stderr)
	}
	if _, err := os.Stat(elsewhere); err != nil {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	one := map[string]string{"a.go": "package a\n\ntype T struct{}\n\nfunc (T) M() {}\n\ntype E struct{}\n\ntype G[X any] struct{}\n\nfunc (G[X]) M() {}\n\ntype I interface{ M() }\n\nfunc Gen[X any]() {}\n"}
	dir := write(t, one)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{filepath.Join(dir, "nosuch")}, 1, "there is no directory"},
		{[]string{filepath.Join(dir, "a.go")}, 1, "a.go is no directory; give the one that holds the package"},
		{[]string{write(t, nil)}, 1, "there is no Go package in"},
		{[]string{write(t, map[string]string{"a_test.go": "package a\n"})}, 1, "other than tests or files for other systems"},
		{[]string{write(t, map[string]string{"a.go": "package a\n", "b.go": "package b\n"})}, 1, "holds two packages, a (a.go) and b (b.go); keep one"},
		{[]string{write(t, map[string]string{"a.go": "package a\n\nfunc F( {}\n"})}, 1, "a.go:3:9: "},
		{[]string{write(t, map[string]string{"a.go": "pakage a\n"})}, 1, "a.go:1:1: "},
		{[]string{write(t, map[string]string{"a.go": "package a\n\nfunc f() {}\n"})}, 1, "package a in"},
		{[]string{write(t, map[string]string{"a.go": "package a\n\ntype T[X any] int\n\nfunc (T[X]) M() {}\n\nfunc F[X any]() {}\n"})}, 1, "has no exported methods or functions to document"},
		{[]string{"-type", "U", dir}, 1, "has no type or function U; its types with methods are: G, T"},
		{[]string{"-type", "E", dir}, 1, "type E has no exported methods"},
		{[]string{"-type", "G", dir}, 1, "declare one, such as type Ints struct{ G[int] }"},
		{[]string{"-type", "I", dir}, 1, "name the type that implements it"},
		{[]string{"-type", "Gen", dir}, 1, "there is no one function to document"},
		{[]string{"-o", "x.txt", dir}, 1, "give -o a name that ends in .go"},
		{[]string{"-o", filepath.Join(dir, "nosuch", "x.go"), dir}, 1, "no such file or directory"},
		{[]string{dir, dir}, 2, "one directory at a time"},
		{[]string{"-nosuch"}, 2, "flag provided but not defined: -nosuch\n\nUsage: zrpc gen doc "},
	} {
		stdout, stderr, code := run(c.args...)
		if code != c.code || !strings.Contains(stderr, c.want) || !strings.HasPrefix(stderr, "zrpc gen doc: ") || stdout != "" {
			t.Errorf("%q: code %d, %q; want %d and %q", c.args, code, stderr, c.code, c.want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("failures left files: %q", left)
	}
}

// A file that somebody wrote by hand is not for us to replace.
func TestKeepsAForeignFile(t *testing.T) {
	const foreign = "package a\n\n// mine\n"
	dir := write(t, map[string]string{"a.go": "package a\n\nfunc F() {}\n", "zrpc_doc.go": foreign})
	_, stderr, code := run(dir)
	if code != 1 || !strings.Contains(stderr, "was not generated by zrpc gen doc; move it away, or choose another name with -o") {
		t.Errorf("code %d, %q", code, stderr)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "zrpc_doc.go")); string(b) != foreign {
		t.Error("the file was replaced")
	}
}

func TestHelp(t *testing.T) {
	stdout, stderr, code := run("-h")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "Usage: zrpc gen doc ") || !strings.Contains(stdout, "-type") {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// A context is told by its type, however the file or the package spells it; anything else keeps its name.
func TestParams(t *testing.T) {
	dir := write(t, map[string]string{
		"a.go": `package a

import . "context"

type Ctx = Context

func A(ctx Context, x int)        {}
func B(Ctx, int)                  {}
func C(a, b Context)              {}
func D(x int, ctx Context)        {}
func E()                          {}
func F(x, y int, z ...string)     {}
func G(_ Context, _, x int)       {}
`,
		"b.go": `package a

import "example.org/other/context"

func H(ctx context.Context, x int) {}
`,
		"c.go": `package a

import "context"

func I(ctx context.Context, x int)  {}
func J(ctx *context.Context, x int) {}
`,
	})
	p, err := Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range p.Funcs {
		got[f.Name] = strings.Join(f.Params, " ")
	}
	want := map[string]string{
		"A": "x", "B": "arg0", "C": "b", "D": "x ctx", "E": "", "F": "x y z", "G": "arg0 x",
		"H": "ctx x", // another package of that name
		"I": "x", "J": "ctx x",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
