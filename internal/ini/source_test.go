package ini_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/ini"
)

// source is a Source over texts, the later ones stronger.
func source(t *testing.T, texts ...string) *ini.Source {
	t.Helper()
	src := ini.NewSource(nil)
	for i, text := range texts {
		f, err := ini.Parse(string(rune('a'+i))+".conf", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		src.AddFile(f)
	}
	return src
}

type sample struct {
	Name  string       `ini:"name" default:"none" deprecated:"old_name,DEFAULT/older"`
	Multi ini.MultiStr `ini:"multi" deprecated:"old_multi"`
}

func fill(t *testing.T, src *ini.Source) sample {
	t.Helper()
	var v sample
	if err := src.Fill(&v, "s"); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFileOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		files []string
		want  string
	}{
		"default":                       {nil, "none"},
		"later file":                    {[]string{"[s]\nname=1", "[s]\nname=2"}, "2"},
		"earlier file when later lacks": {[]string{"[s]\nname=1", "[s]\nx=2"}, "1"},
		"last line":                     {[]string{"[s]\nname=1\nname=2"}, "2"},
		"deprecated":                    {[]string{"[s]\nold_name=1"}, "1"},
		"deprecated in another section": {[]string{"[DEFAULT]\nolder=1"}, "1"},
		"current beats deprecated":      {[]string{"[s]\nname=1\nold_name=2"}, "1"},
		"deprecated in later file":      {[]string{"[s]\nname=1", "[s]\nold_name=2"}, "2"},
		"section in other case":         {[]string{"[S]\nname=1"}, "1"},
		"exact case first":              {[]string{"[s]\nname=1", "[S]\nname=2"}, "1"},
		"key case matters":              {[]string{"[s]\nName=1"}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fill(t, source(t, tt.files...)); got.Name != tt.want {
				t.Errorf("got %q, want %q", got.Name, tt.want)
			}
		})
	}
}

func TestDefaultOnlyInUpperCase(t *testing.T) {
	src := source(t, "[default]\nolder=1")
	if got := fill(t, src); got.Name != "none" {
		t.Errorf("got %q", got.Name)
	}
}

func TestMultiStr(t *testing.T) {
	src := source(t, "[s]\nmulti=1\nmulti=2", "[s]\nmulti=3\nold_multi=4")
	if got := strings.Join(fill(t, src).Multi, ","); got != "1,2,4,3" {
		t.Errorf("got %s", got)
	}
}

func TestPrecedence(t *testing.T) {
	src := ini.NewSource([]string{"OS_S__NAME=env", "HOME=/", "OS_X=1"})
	f, err := ini.Parse("a", []byte("[s]\nname=file"))
	if err != nil {
		t.Fatal(err)
	}
	src.AddFile(f)
	if got := fill(t, src); got.Name != "env" {
		t.Errorf("got %q, want the environment", got.Name)
	}
	src.SetArg("s", "name", "arg")
	src.SetArg("s", "multi", "1")
	src.SetArg("s", "multi", "2")
	if got := fill(t, src); got.Name != "arg" || len(got.Multi) != 2 {
		t.Errorf("got %+v, want the command line", got)
	}
}

func TestSetPath(t *testing.T) {
	src := source(t, "[DEFAULT]\nname=default\nmulti=1\n[app:p]\nold-name=app")
	src.SetPath("s", "app:p", "DEFAULT")
	got := fill(t, src)
	if got.Name != "app" || len(got.Multi) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestFallback(t *testing.T) {
	src := source(t, "[fast]\nname=fast", "[backend_defaults]\nname=all\nmulti=1")
	var got sample
	if err := src.Fill(&got, "fast", "backend_defaults"); err != nil {
		t.Fatal(err)
	}
	if got.Name != "fast" || len(got.Multi) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestReports(t *testing.T) {
	src := source(t, "[DEFAULT]\nolder=1\nstray=2\n[s]\nmulti=3\n[filter:x]\ny=1\n[Z]\nz=1")
	fill(t, src)
	if d := src.Deprecations(); len(d) != 1 || d[0].Old.String() != "older" || d[0].New.String() != "s.name" || d[0].Pos.Line != 2 {
		t.Errorf("deprecations: %v", d)
	}
	if u := src.Unknown(); len(u) != 2 || u[0].Name.Key != "stray" || u[1].Pos.String() != "a.conf:9" {
		t.Errorf("unknown: %v", u)
	}
	if !src.IsSet("s", "name") || src.IsSet("s", "nothing") || !src.HasSection("z") || src.HasSection("y") {
		t.Error("IsSet or HasSection is wrong")
	}
}

func TestSubstitution(t *testing.T) {
	const file = `[DEFAULT]
dir = /d
loop = $loop2
loop2 = $loop
[g]
key = deep/$dir
[s]
local = here
`
	for text, want := range map[string]string{
		"$local":        "here",
		"${local}s":     "heres",
		"$dir/x":        "/d/x",
		"$g.key":        "deep//d",
		"${g.key}":      "deep//d",
		"$unknown":      "$unknown",
		"${unknown}":    "${unknown}",
		"$multi-":       "-",
		"$name":         "$name",
		"a$$b":          "a$b",
		`a\$local`:      "a$local",
		"$":             "$",
		"$1":            "$1",
		"pa$localx":     "pa$localx",
		"$loop":         "$loop",
		"$declared.opt": "from default /d",
	} {
		t.Run(text, func(t *testing.T) {
			src := source(t, file+"name = "+text)
			src.Declare(struct {
				Opt string `ini:"opt" default:"from default $dir"`
			}{}, "declared")
			if got := fill(t, src); got.Name != want {
				t.Errorf("got %q, want %q", got.Name, want)
			}
		})
	}
}

func TestReadAndFind(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	main := write("etc/a.conf", "[s]\nname=main")
	write("etc/a.conf.d/2.conf", "[s]\nname=two")
	write("etc/a.conf.d/1.conf", "[s]\nname=one")
	write("etc/a.conf.d/.3.conf", "broken")
	write("etc/a.conf.d/4.txt", "broken")
	policy := write("etc/policy.yaml", "")
	swift := write("last/swift.conf", "")

	src := ini.NewSource(nil)
	if err := src.ReadFile(main); err != nil {
		t.Fatal(err)
	}
	if err := src.ReadDir(filepath.Join(dir, "etc/a.conf.d")); err != nil {
		t.Fatal(err)
	}
	src.SetSearchDirs(filepath.Join(dir, "last"))
	if got := fill(t, src); got.Name != "two" {
		t.Errorf("got %q, want the last file of the directory", got.Name)
	}
	for name, want := range map[string]string{"policy.yaml": policy, "swift.conf": swift, "none": "", policy: policy} {
		if got, ok := src.FindFile(name); (want != "") != ok || (ok && got != want) {
			t.Errorf("FindFile(%s) = %q %v, want %q", name, got, ok, want)
		}
	}
	if err := src.ReadFile(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("got %v, want not exist", err)
	}
}
