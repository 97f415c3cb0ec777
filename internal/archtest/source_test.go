package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowed are package variables and init functions that stay, with the reason.
func allowed() map[string]string {
	return map[string]string{
		"cmd/signalbox.version":      "set by the linker",
		"test/harness.build":         "builds the program once for all tests of a process",
		"internal/logchunk.encoders": "a pool: reuses memory, remembers nothing",
		"internal/logchunk.decoders": "a pool: reuses memory, remembers nothing",
		"internal/logchunk.buffers":  "a pool: reuses memory, remembers nothing",
	}
}

// parse reads the files of a package, tests included.
func parse(t *testing.T, p pkg) (files map[string]*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files = make(map[string]*ast.File)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = file
	}
	return files
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, p := range own(t) {
		said := false
		for _, file := range parse(t, p) {
			said = said || file.Doc != nil && len(file.Doc.Text()) > 40
		}
		if !said {
			t.Errorf("%s has no package comment: say what it is for and what it leaves to others", p.name())
		}
	}
}

// TestNoHiddenState: what a thing needs arrives in its constructor. Package
// variables are constants in all but name: set where they are declared and never
// again. There are no init functions.
func TestNoHiddenState(t *testing.T) {
	t.Parallel()
	for _, p := range own(t) {
		files := parse(t, p)
		for name := range files {
			if strings.HasSuffix(name, "_test.go") {
				delete(files, name)
			}
		}
		written := make(map[string]bool)
		for _, file := range files {
			noteWrites(file, written)
		}
		for fileName, file := range files {
			for _, declaration := range file.Decls {
				switch d := declaration.(type) {
				case *ast.FuncDecl:
					if d.Name.Name == "init" && d.Recv == nil && allowed()[p.name()+".init"] == "" {
						t.Errorf("%s/%s: func init: order of imports must not decide what happens", p.name(), fileName)
					}
				case *ast.GenDecl:
					if d.Tok != token.VAR || hasEmbed(d) {
						continue
					}
					for _, spec := range d.Specs {
						checkVariable(t, p.name(), fileName, spec.(*ast.ValueSpec), written)
					}
				}
			}
		}
	}
}

func hasEmbed(d *ast.GenDecl) bool {
	docs := []*ast.CommentGroup{d.Doc}
	for _, spec := range d.Specs {
		docs = append(docs, spec.(*ast.ValueSpec).Doc)
	}
	return slices.ContainsFunc(docs, func(g *ast.CommentGroup) bool {
		return g != nil && slices.ContainsFunc(g.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
	})
}

func checkVariable(t *testing.T, pkgName, file string, spec *ast.ValueSpec, written map[string]bool) {
	t.Helper()
	for _, ident := range spec.Names {
		switch {
		case ident.Name == "_" || allowed()[pkgName+"."+ident.Name] != "":
		case len(spec.Values) == 0:
			t.Errorf("%s/%s: var %s has no value where it is declared: pass it to a constructor", pkgName, file, ident.Name)
		case written[ident.Name]:
			t.Errorf("%s/%s: var %s is written to: pass it to a constructor", pkgName, file, ident.Name)
		case holdsState(spec):
			t.Errorf("%s/%s: var %s holds state: pass it to a constructor, or allow it with a reason", pkgName, file, ident.Name)
		case compilesPattern(spec):
			t.Errorf("%s/%s: var %s: every task starts the program, so a pattern is compiled when it is first used, with sync.OnceValue", pkgName, file, ident.Name)
		}
	}
}

// holdsState reports whether a variable is of a kind that exists to change.
func holdsState(spec *ast.ValueSpec) bool {
	found := false
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // what happens when it is called is not the variable
		case *ast.SelectorExpr:
			// What sync.OnceValue returns is a constant that is computed late.
			if pkg, ok := n.X.(*ast.Ident); ok && (pkg.Name == "sync" && n.Sel.Name != "OnceValue" || pkg.Name == "atomic") {
				found = true
			}
		case *ast.ChanType:
			found = true
		}
		return true
	}
	if spec.Type != nil {
		ast.Inspect(spec.Type, look)
	}
	for _, v := range spec.Values {
		ast.Inspect(v, look)
	}
	return found
}

// compilesPattern reports whether a regular expression is compiled as soon as the
// program starts.
func compilesPattern(spec *ast.ValueSpec) bool {
	found := false
	for _, v := range spec.Values {
		ast.Inspect(v, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "regexp" {
					found = true
				}
			}
			return true
		})
	}
	return found
}

// noteWrites collects the names that a file assigns to, deletes from or takes
// the address of, except those it declares as locals of the same function.
func noteWrites(file *ast.File, written map[string]bool) {
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		local, touched := make(map[string]bool), make(map[string]bool)
		ast.Inspect(function, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				for _, name := range n.Names {
					local[name.Name] = true
				}
			case *ast.ValueSpec:
				for _, name := range n.Names {
					local[name.Name] = true
				}
			case *ast.RangeStmt:
				for _, e := range []ast.Expr{n.Key, n.Value} {
					note(e, n.Tok == token.DEFINE, local, touched)
				}
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					note(e, n.Tok == token.DEFINE, local, touched)
				}
			case *ast.IncDecStmt:
				note(n.X, false, local, touched)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					note(n.X, false, local, touched)
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") && len(n.Args) > 0 {
					note(n.Args[0], false, local, touched)
				}
			}
			return true
		})
		for name := range touched {
			if !local[name] {
				written[name] = true
			}
		}
	}
}

// note files the variable at the root of an expression such as a[i].b.
func note(e ast.Expr, define bool, local, touched map[string]bool) {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			if define {
				local[x.Name] = true
			} else {
				touched[x.Name] = true
			}
			return
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return
		}
	}
}
