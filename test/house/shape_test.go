package house_test

import (
	"go/ast"
	"slices"
	"strings"
)

const (
	maxMainLines = 40
	maxFileLines = 500
)

var forbiddenNames = []string{"util", "utils", "common", "helper", "helpers", "types", "base", "misc", "model", "models"}

func checkPackageNames(tr *tree) []string {
	var out []string
	dirs, files := tr.packages(true)
	for _, dir := range dirs {
		first := files[dir][0].file
		if name := strings.TrimSuffix(first.Name.Name, "_test"); slices.Contains(forbiddenNames, name) {
			out = append(out, tr.at(first.Package, "a package called %s says nothing about what it holds", name))
		}
	}
	return out
}

// checkDocs wants a package comment in the doc.go of every package.
func checkDocs(tr *tree) []string {
	var out []string
	dirs, files := tr.packages(true)
	for _, dir := range dirs {
		i := slices.IndexFunc(files[dir], func(s *source) bool { return s.name == dir+"/doc.go" })
		switch {
		case i < 0:
			out = append(out, tr.at(files[dir][0].file.Package, "package %s has no doc.go", dir))
		case len(files[dir][i].file.Doc.Text()) < 40:
			out = append(out, tr.at(files[dir][i].file.Package, "doc.go must tell purpose, promises and how to add to the package"))
		}
	}
	return out
}

// checkMains keeps programs to flags, one call and an exit code.
func checkMains(tr *tree) []string {
	var out []string
	for _, s := range tr.sources {
		if s.test || s.file.Name.Name != "main" || !strings.HasPrefix(s.dir, "cmd/") {
			continue
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Name.Name != "main" {
				continue
			}
			n := tr.fset.Position(fn.End()).Line - tr.fset.Position(fn.Pos()).Line + 1
			if n > maxMainLines {
				out = append(out, tr.at(fn.Pos(), "main has %d lines, more than %d", n, maxMainLines))
			}
		}
	}
	return out
}

func checkFileLength(tr *tree) []string {
	var out []string
	for _, s := range tr.sources {
		if n := tr.fset.File(s.file.Package).LineCount(); n > maxFileLines {
			out = append(out, tr.at(s.file.Package, "%d lines, more than %d", n, maxFileLines))
		}
	}
	return out
}
