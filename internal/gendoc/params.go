package gendoc

import (
	"cmp"
	"go/ast"
	"go/doc"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// contexts knows how each file, and the package as a whole, writes context.Context. Without type-checking, that is
// a matter of names: the import's, and those of aliases declared in this package.
type contexts struct {
	fset    *token.FileSet
	imports map[string]string // file name to the name of its import of "context"
	aliases map[string]bool   // type Ctx = context.Context
}

// newContexts collects the spellings. The aliases come after all imports: one may stand in any file.
func newContexts(fset *token.FileSet, files []*ast.File) *contexts {
	c := &contexts{fset: fset, imports: map[string]string{}, aliases: map[string]bool{}}
	for _, f := range files {
		for _, imp := range f.Imports {
			if path, _ := strconv.Unquote(imp.Path.Value); path == "context" {
				name := "context"
				if imp.Name != nil {
					name = imp.Name.Name
				}
				c.imports[c.file(f)] = name
			}
		}
	}
	for _, f := range files {
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok && t.Assign.IsValid() && c.is(t.Type) {
					c.aliases[t.Name.Name] = true
				}
			}
		}
	}
	return c
}

// file is the name of the file that a node stands in. Imports are a file's own, so names are looked up by it.
func (c *contexts) file(n ast.Node) string { return c.fset.File(n.Pos()).Name() }

// is reports whether a type is context.Context.
func (c *contexts) is(t ast.Expr) bool {
	name := c.imports[c.file(t)]
	switch t := t.(type) {
	case *ast.SelectorExpr:
		x, ok := t.X.(*ast.Ident)
		return ok && x.Name == name && t.Sel.Name == "Context"
	case *ast.Ident:
		return c.aliases[t.Name] || name == "." && t.Name == "Context"
	}
	return false
}

// typ takes over what go/doc found of a type.
func (c *contexts) typ(t *doc.Type) Type {
	out := Type{Name: t.Name, Doc: strings.TrimSpace(t.Doc)}
	for _, spec := range t.Decl.Specs {
		if s, ok := spec.(*ast.TypeSpec); ok && s.Name.Name == t.Name {
			out.Generic = s.TypeParams != nil
			_, out.Iface = s.Type.(*ast.InterfaceType)
		}
	}
	for _, m := range c.funcs(t.Methods) {
		if ast.IsExported(m.Name) {
			out.Methods = append(out.Methods, m)
		}
	}
	return out
}

// funcs takes over functions or methods, without those that have no name to refer to.
func (c *contexts) funcs(l []*doc.Func) (out []Func) {
	for _, f := range l {
		if f.Name == "init" || f.Name == "_" {
			continue // nothing can refer to these
		}
		t := f.Decl.Type
		out = append(out, Func{Name: f.Name, Doc: strings.TrimSpace(f.Doc), Params: c.params(t), Generic: t.TypeParams != nil})
	}
	sortByName(out, func(f Func) string { return f.Name })
	return out
}

// params names the parameters: every one but a leading context, so that the number fits the function's.
func (c *contexts) params(t *ast.FuncType) []string {
	names := []string{}
	for i, field := range t.Params.List {
		list := field.Names
		if i == 0 && c.is(field.Type) {
			// "a, b context.Context" is a context and a parameter, however odd.
			if list = list[min(1, len(list)):]; len(list) == 0 {
				continue
			}
		}
		if len(list) == 0 {
			list = []*ast.Ident{{Name: "_"}}
		}
		for _, n := range list {
			// A name is shown to callers, so a blank one is replaced; its number counts as the caller counts.
			name := n.Name
			if name == "_" {
				name = "arg" + strconv.Itoa(len(names))
			}
			names = append(names, name)
		}
	}
	return names
}

// sortByName makes the output independent of the order of files and declarations.
func sortByName[T any](l []T, name func(T) string) {
	slices.SortFunc(l, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
}
