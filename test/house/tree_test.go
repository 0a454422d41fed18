package house_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "glance"

// tree is what the rules see: the names and texts of all files, and the Go files parsed.
type tree struct {
	fset    *token.FileSet
	names   []string
	text    map[string]string
	sources []*source
}

// source is one Go file. Fixtures below a testdata folder are not sources.
type source struct {
	name, dir string
	test      bool
	file      *ast.File
}

// realTree holds what git knows of, and what it would take in: a new file is checked before it is added.
func realTree(t *testing.T) *tree {
	t.Helper()
	const root = "../.."
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	names := strings.Split(strings.Trim(string(out), "\x00"), "\x00")
	return newTree(t, os.DirFS(root), names)
}

func memTree(t *testing.T, files map[string]string) *tree {
	t.Helper()
	mem := fstest.MapFS{}
	var names []string
	for name, text := range files {
		mem[name] = &fstest.MapFile{Data: []byte(text)}
		names = append(names, name)
	}
	return newTree(t, mem, names)
}

func newTree(t *testing.T, fsys fs.FS, names []string) *tree {
	t.Helper()
	slices.Sort(names)
	tr := &tree{fset: token.NewFileSet(), text: map[string]string{}}
	for _, name := range slices.Compact(names) {
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, but not yet from the index
		}
		if err != nil {
			t.Fatal(err)
		}
		tr.names = append(tr.names, name)
		tr.text[name] = string(data)
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			continue
		}
		file, err := parser.ParseFile(tr.fset, name, data, parser.ParseComments)
		if err != nil {
			t.Error(err)
			continue
		}
		tr.sources = append(tr.sources, &source{
			name: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), file: file,
		})
	}
	return tr
}

// at places a complaint.
func (tr *tree) at(pos token.Pos, format string, args ...any) string {
	p := tr.fset.Position(pos)
	return fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...))
}

// packages returns the source files by folder, in order; every file, or those outside tests.
func (tr *tree) packages(tests bool) (dirs []string, files map[string][]*source) {
	files = map[string][]*source{}
	for _, s := range tr.sources {
		if s.test && !tests {
			continue
		}
		if files[s.dir] == nil {
			dirs = append(dirs, s.dir)
		}
		files[s.dir] = append(files[s.dir], s)
	}
	slices.Sort(dirs)
	return dirs, files
}

// room is the folder as the import table calls it: without internal/. Folders outside internal/ and cmd/ have none.
func room(dir string) (string, bool) {
	if rest, ok := strings.CutPrefix(dir, "internal/"); ok {
		return rest, true
	}
	return dir, strings.HasPrefix(dir, "cmd/")
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser has let it pass; the compiler will not
	}
	return p
}
