package house_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// checkInit forbids init: what runs before main can neither fail nor be tested.
func checkInit(tr *tree) []string {
	var out []string
	for _, s := range tr.sources {
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				out = append(out, tr.at(fn.Pos(), "no init(): call it from the code that needs it"))
			}
		}
	}
	return out
}

// checkVariables complains about package variables that are written after their declaration, or can only be meant for
// that (locks, atomics). A write through a copied pointer, slice or map escapes it; review has to see those.
func checkVariables(tr *tree) []string {
	var out []string
	dirs, files := tr.packages(false)
	for _, dir := range dirs {
		var parsed []*ast.File
		for _, s := range files[dir] {
			parsed = append(parsed, s.file)
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
		// Imports stay unresolved; that leaves holes in the types, but every name of this package is known.
		conf := types.Config{Error: func(error) {}, FakeImportC: true}
		pkg, _ := conf.Check(dir, tr.fset, parsed, info)
		global := func(e ast.Expr) *types.Var {
			v, ok := info.Uses[root(e)].(*types.Var)
			if !ok || v.Parent() != pkg.Scope() {
				return nil
			}
			return v
		}
		for _, f := range parsed {
			out = append(out, tr.stateful(f)...)
			ast.Inspect(f, func(n ast.Node) bool {
				for _, e := range written(n) {
					if v := global(e); v != nil {
						out = append(out, tr.at(e.Pos(), "package variable %s is written: hand the state in", v.Name()))
					}
				}
				return true
			})
		}
	}
	return out
}

// stateful finds package variables whose type is a lock or an atomic.
func (tr *tree) stateful(f *ast.File) []string {
	var out []string
	for _, d := range f.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			sel, ok := spec.(*ast.ValueSpec).Type.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "sync" || x.Name == "atomic") {
				out = append(out, tr.at(spec.Pos(), "package variable of type %s.%s: hand the state in", x.Name, sel.Sel.Name))
			}
		}
	}
	return out
}

// written returns what a statement or call writes to.
func written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return slices.DeleteFunc([]ast.Expr{n.Key, n.Value}, func(e ast.Expr) bool { return e == nil })
		}
	case *ast.CallExpr:
		if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
			return n.Args[:1]
		}
	}
	return nil
}

// root is the variable at the left end of x.f[i].g; nil when there is none.
func root(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	}
	return nil
}

// doors are the packages that answer requests.
var doors = []string{"internal/api", "internal/api/v1", "internal/api/v2", "internal/registry", "internal/console"}

const errorsFile = "internal/api/errors.go"

// goodStatuses are the names of net/http that a door may say itself. Everything else is an error, and errors.go writes those.
var goodStatuses = map[string]bool{
	"StatusOK": true, "StatusCreated": true, "StatusAccepted": true, "StatusNoContent": true, "StatusPartialContent": true,
	"StatusMultipleChoices": true, "StatusMovedPermanently": true, "StatusFound": true, "StatusSeeOther": true,
	"StatusNotModified": true, "StatusTemporaryRedirect": true, "StatusPermanentRedirect": true, "StatusText": true,
}

// errorWriters are the functions of net/http that answer with an error by themselves.
var errorWriters = map[string]bool{"Error": true, "NotFound": true, "NotFoundHandler": true}

// checkErrorStatuses lets only api/errors.go name a status of 400 or more. A status in a variable escapes it.
func checkErrorStatuses(tr *tree) []string {
	var out []string
	for _, s := range tr.sources {
		if s.test || s.name == errorsFile || !slices.Contains(doors, s.dir) {
			continue
		}
		http := localName(s.file, "net/http")
		ast.Inspect(s.file, func(n ast.Node) bool {
			if what := errorStatus(n, http); what != "" {
				out = append(out, tr.at(n.Pos(), "%s: return an error, %s answers it", what, errorsFile))
			}
			return true
		})
	}
	return out
}

// errorStatus names the error status that a node stands for, if it does; http is what the file calls net/http.
func errorStatus(n ast.Node, http string) string {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		name := n.Sel.Name
		isError := errorWriters[name] || strings.HasPrefix(name, "Status") && !goodStatuses[name]
		if x, ok := n.X.(*ast.Ident); ok && x.Name == http && isError {
			return "http." + name
		}
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "WriteHeader" || len(n.Args) != 1 {
			return ""
		}
		if lit, ok := n.Args[0].(*ast.BasicLit); ok && len(lit.Value) == 3 && lit.Value >= "400" {
			return "WriteHeader(" + lit.Value + ")"
		}
	}
	return ""
}

// localName is what a file calls the package that it imports from there; empty when it does not.
func localName(f *ast.File, from string) string {
	for _, spec := range f.Imports {
		switch {
		case importPath(spec) != from:
		case spec.Name != nil:
			return spec.Name.Name
		default:
			return path.Base(from)
		}
	}
	return ""
}

// checkSkips forbids skipped tests: a missing service is a failure unless it is skipped by name on the command line.
func checkSkips(tr *tree) []string {
	skips := map[string]bool{"Skip": true, "Skipf": true, "SkipNow": true}
	takers := map[string]bool{"t": true, "b": true, "f": true, "tb": true}
	var out []string
	for _, s := range tr.sources {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && skips[sel.Sel.Name] {
				if x, ok := sel.X.(*ast.Ident); ok && takers[x.Name] {
					out = append(out, tr.at(n.Pos(), "no skipped tests"))
				}
			}
			return true
		})
	}
	return out
}

// checkParallel wants tests of services side by side: one by one they outlast the time that a full check has.
func checkParallel(tr *tree) []string {
	var out []string
	for _, s := range tr.sources {
		if s.dir != "test/services" {
			continue
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") || fn.Name.Name == "TestMain" {
				continue
			}
			if len(fn.Body.List) == 0 || types.ExprString(exprOf(fn.Body.List[0])) != "t.Parallel()" {
				out = append(out, tr.at(fn.Pos(), "%s must begin with t.Parallel()", fn.Name.Name))
			}
		}
	}
	return out
}

// exprOf is the expression that a statement is, or nothing that anybody writes.
func exprOf(stmt ast.Stmt) ast.Expr {
	if e, ok := stmt.(*ast.ExprStmt); ok {
		return e.X
	}
	return &ast.BadExpr{}
}
