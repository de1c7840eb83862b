// Package gendoc is the command `zrpc gen doc`: it reads the comments of a Go package and writes a file that
// registers them with package zrpc, since a compiled program no longer knows the comments and parameter names that
// zerorpc's introspection tells.
//
//	//go:generate zrpc gen doc -type Calculator
//
// The package is parsed, not type-checked, so it need not compile: the generated file may be the very thing that is
// missing or out of date. The same source gives the same bytes.
//
// What is documented: every exported, top-level type that has exported methods, with the methods of types of the same
// package that it embeds, and every exported function; or only what -type names, exported or not. A function that
// nobody exposes costs a line and does no harm. Types and functions with type parameters are left out, because there
// is no one value of them to register, and so are interfaces, which are never the type of a receiver.
//
// The names of parameters go without a leading context, which is no parameter to a caller. Whether a parameter is a
// context is told by its spelling: an import of package context under any name, or an alias declared in the same
// package. An alias from another package is not seen through; a server then refuses the registration because the
// names do not fit the function.
package gendoc

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The exit codes of Main, those of the zrpc command.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// defaultOutput is the generated file's name unless -o gives another.
const defaultOutput = "zrpc_doc.go"

const usage = `Usage: zrpc gen doc [-type T,...] [-o FILE] [DIR]

Write a Go file that registers the comments and parameter names of the package
in DIR (default: the current directory), so that callers see them in zerorpc's
introspection. Meant for a line of your source:

    //go:generate zrpc gen doc

`

// Main runs the command with its arguments, those after "gen doc", and returns the exit code. Usage asked for goes to
// stdout, complaints go to stderr.
func Main(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("zrpc gen doc", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the complaint and the usage are written below, each where it belongs
	only := flags.String("type", "", "comma-separated types and functions to document, unexported\nones too (default: all exported ones)")
	output := flags.String("o", defaultOutput, "the file to write; a bare name lies in DIR, - is stdout")
	printUsage := func(w io.Writer) {
		fmt.Fprint(w, usage)
		flags.SetOutput(w)
		flags.PrintDefaults()
	}
	// The package flag's own printing is not used: it writes to one place whatever happened.
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		printUsage(stdout)
		return exitOK
	} else if err != nil {
		fmt.Fprintf(stderr, "zrpc gen doc: %v\n\n", err)
		printUsage(stderr)
		return exitUsage
	}
	dir := "."
	switch flags.NArg() {
	case 0:
	case 1:
		dir = flags.Arg(0)
	default:
		fmt.Fprintf(stderr, "zrpc gen doc: one directory at a time, not %q\n", flags.Args())
		return exitUsage
	}
	if err := generate(dir, *output, names(*only), stdout); err != nil {
		fmt.Fprintf(stderr, "zrpc gen doc: %v\n", err)
		return exitError
	}
	return exitOK
}

// names splits the -type flag.
func names(list string) (l []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(l, name) {
			l = append(l, name)
		}
	}
	return l
}

// generate does the work, once the arguments are understood. dir is read, and output written, or stdout.
func generate(dir, output string, only []string, stdout io.Writer) error {
	path := outputPath(dir, output)
	pkg, err := Load(dir, path)
	if err != nil {
		return err
	}
	if err := pkg.choose(only); err != nil {
		return err
	}
	src, err := pkg.Source()
	if err != nil {
		return err
	}
	if output == "-" {
		_, err = stdout.Write(src)
		return err
	}
	return writeFile(path, src)
}
