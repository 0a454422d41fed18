package house_test

import (
	"path"
	"slices"
	"strings"
)

// imports calls f for every import outside tests in the rooms of the house.
func (tr *tree) imports(f func(s *source, room, imported string, complain func(format string, args ...any))) []string {
	var out []string
	for _, s := range tr.sources {
		from, ok := room(s.dir)
		if s.test || !ok {
			continue
		}
		for _, spec := range s.file.Imports {
			f(s, from, importPath(spec), func(format string, args ...any) {
				out = append(out, tr.at(spec.Pos(), format, args...))
			})
		}
	}
	return out
}

// checkImports compares the imports between our packages, and those forbidden by name, with the table.
func checkImports(tr *tree) []string {
	var out []string
	dirs, files := tr.packages(true)
	for _, dir := range dirs {
		if from, ok := room(dir); ok {
			if _, listed := lookup(from); !listed {
				out = append(out, tr.at(files[dir][0].file.Package, "package %s has no row in the import table of test/house", from))
			}
		}
	}
	return append(out, tr.imports(func(_ *source, from, imported string, complain func(string, ...any)) {
		r, listed := lookup(from)
		if !listed {
			return
		}
		if slices.Contains(r.never, imported) {
			complain("%s must not import %s", from, imported)
		}
		rest, ours := strings.CutPrefix(imported, module+"/")
		if !ours {
			return
		}
		if to, inside := room(rest); !inside {
			complain("%s must not import %s: it is outside internal/", from, imported)
		} else if !r.allows(to) {
			complain("%s must not import %s; it may import %s", from, to, strings.Join(r.may, ", "))
		}
	})...)
}

// checkForeign keeps libraries from outside in drivers, floor 0 and the building floor.
func checkForeign(tr *tree) []string {
	return tr.imports(func(_ *source, from, imported string, complain func(string, ...any)) {
		if r, _ := lookup(from); !r.foreign && isForeign(imported) {
			complain("%s uses the standard library only, not %s; foreign libraries live in drivers, floor 0 and app", from, imported)
		}
	})
}

// isForeign: paths of the standard library have no dot in their first element; C is cgo.
func isForeign(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".") || imported == "C"
}

// checkBlankImports forbids registration by import between our packages.
func checkBlankImports(tr *tree) []string {
	var out []string
	for _, s := range tr.sources {
		for _, spec := range s.file.Imports {
			if spec.Name != nil && spec.Name.Name == "_" && strings.HasPrefix(importPath(spec), module+"/") {
				out = append(out, tr.at(spec.Pos(), "no registration by import: name it in an explicit list"))
			}
		}
	}
	return out
}

// checkDriverLists wants every driver of a family in the imports of its all package, and only drivers there.
func checkDriverLists(tr *tree) []string {
	var out []string
	dirs, files := tr.packages(false)
	for _, dir := range dirs {
		name, ok := room(dir)
		if !ok {
			continue
		}
		if r, listed := lookup(name); !listed || !r.driver {
			continue
		}
		all := path.Dir(dir) + "/all"
		listed := slices.ContainsFunc(files[all], func(s *source) bool {
			for _, spec := range s.file.Imports {
				if importPath(spec) == module+"/"+dir {
					return true
				}
			}
			return false
		})
		if !listed {
			out = append(out, tr.at(files[dir][0].file.Package, "driver %s is missing in the list of %s", name, all))
		}
	}
	return out
}
