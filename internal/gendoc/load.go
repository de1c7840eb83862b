package gendoc

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
)

// Package is what a package's source tells of its types and functions.
type Package struct {
	Name  string // the name of the package clause
	Types []Type // sorted by name
	Funcs []Func // the top-level functions, sorted by name

	dir   string
	names map[string]bool // everything declared at the package level
}

// Type is a type with methods of its own or of a type that it embeds.
type Type struct {
	Name    string
	Doc     string // the comment without its markers, trimmed
	Methods []Func // the exported ones, sorted by name
	Generic bool   // has type parameters, so that its docs cannot be registered
	Iface   bool   // is an interface, which has methods but no values of its own
}

// Func is a function or a method.
type Func struct {
	Name    string
	Doc     string   // the comment without its markers, trimmed
	Params  []string // the parameters' names without a leading context; unnamed ones are "arg0" and so on
	Generic bool
}

// Load reads the package in dir: the files that a build on this machine takes, without tests and without the file
// skip, which is the one about to be written.
func Load(dir, skip string) (*Package, error) {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no directory %s", dir)
	} else if err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no directory; give the one that holds the package", dir)
	}
	// Package build applies the constraints of this machine, or those that go generate sets, and parses no bodies.
	found, err := buildContext(skip).ImportDir(dir, 0)
	if err == nil && len(found.GoFiles)+len(found.CgoFiles) == 0 { // tests alone are no error to go/build
		err = &build.NoGoError{Dir: dir}
	}
	if err != nil {
		return nil, explain(dir, err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range append(found.GoFiles, found.CgoFiles...) {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, explain(dir, err)
		}
		files = append(files, f)
	}
	p := &Package{Name: found.Name, dir: dir, names: declared(files)}
	ctx := newContexts(fset, files)
	// All declarations, because -type may name unexported ones; all methods, because those of an embedded type are
	// callable too. The mode makes no difference to what is exported: that is sorted out here.
	d, err := doc.NewFromFiles(fset, files, found.ImportPath, doc.AllDecls|doc.AllMethods|doc.PreserveAST)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	p.Funcs = ctx.funcs(d.Funcs)
	for _, t := range d.Types {
		p.Funcs = append(p.Funcs, ctx.funcs(t.Funcs)...) // those that go/doc takes for constructors of t
		p.Types = append(p.Types, ctx.typ(t))
	}
	sortByName(p.Types, func(t Type) string { return t.Name })
	sortByName(p.Funcs, func(f Func) string { return f.Name })
	return p, nil
}

// buildContext is the machine's, blind to the file skip: that one may be broken, or name what is gone.
func buildContext(skip string) *build.Context {
	ctx := build.Default
	ctx.ReadDir = func(dir string) ([]fs.FileInfo, error) {
		entries, err := os.ReadDir(dir)
		var infos []fs.FileInfo
		for _, e := range entries {
			if filepath.Join(dir, e.Name()) == filepath.Clean(skip) {
				continue
			}
			if info, err := e.Info(); err == nil { // else it is gone meanwhile
				infos = append(infos, info)
			}
		}
		return infos, err
	}
	return &ctx
}

// explain words the errors of reading a package: what is wrong, where, and what to do.
func explain(dir string, err error) error {
	var none *build.NoGoError
	var many *build.MultiplePackageError
	var syntax scanner.ErrorList
	switch {
	case errors.As(err, &none):
		return fmt.Errorf("there is no Go package in %s, other than tests or files for other systems", dir)
	case errors.As(err, &many):
		return fmt.Errorf("%s holds two packages, %s (%s) and %s (%s); keep one", dir,
			many.Packages[0], many.Files[0], many.Packages[1], many.Files[1])
	case errors.As(err, &syntax) && len(syntax) > 0:
		return fmt.Errorf("%v", syntax[0]) // the first has file, line and column; the others often follow from it
	}
	return err
}

// declared returns the names declared at the package level, imports left out.
func declared(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, f := range files {
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						names[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names[n.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}
