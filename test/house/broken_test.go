package house_test

import "strings"

// good is a tree that no rule complains about.
var good = map[string]string{
	"cmd/glance-api/doc.go":      doc("Glance-api", "main"),
	"cmd/glance-api/main.go":     "package main\n\nimport \"glance/internal/app\"\n\nfunc main() { app.Run() }\n",
	"internal/app/doc.go":        doc("Package app", "app"),
	"internal/app/app.go":        "package app\n\nimport (\n\t\"example.org/lib\"\n\t\"glance/internal/store/all\"\n)\n",
	"internal/store/doc.go":      doc("Package store", "store"),
	"internal/store/set.go":      "package store\n\nimport \"glance/internal/glance\"\n\nvar names = []string{\"a\"}\n\nfunc f() { names := 1; names++ }\n",
	"internal/store/all/doc.go":  doc("Package all", "all"),
	"internal/store/all/all.go":  "package all\n\nimport (\n\t\"glance/internal/ini\"\n\t\"glance/internal/store/file\"\n)\n",
	"internal/store/file/doc.go": doc("Package file", "file"),
	"internal/store/file/x.go":   "package file\n\nimport \"example.org/lib\"\n\nvar x = f() //nolint:unused // kept for the other half\n",
	"internal/api/doc.go":        doc("Package api", "api"),
	"internal/api/errors.go":     "package api\n\nimport \"net/http\"\n\nconst x = http.StatusNotFound\n",
	"internal/api/handle.go":     "package api\n\nimport \"net/http\"\n\nfunc f(w http.ResponseWriter) { w.WriteHeader(204); w.WriteHeader(http.StatusOK) }\n",
	"internal/api/x_test.go":     "package api_test\n\nimport (\n\t\"example.org/cmp\"\n\t\"glance/internal/store/file\"\n\t\"net/http\"\n)\n\nconst x = http.StatusNotFound\n",
	"README.md":                  "Files live in /var/lib/glance, and {workdir}/wo" + "rk/ is fine.\n",
}

func doc(subject, pkg string) string {
	return "// " + subject + " does what it says, promises to go on, and grows like this.\npackage " + pkg + "\n"
}

// one is a tree of a single file.
func one(name, text string) map[string]string { return map[string]string{name: text} }

// broken holds trees that break a rule, with a part of the complaint; without one, the tree is on the lawful side of a border.
var broken = []struct {
	rule, name string
	files      map[string]string
	want       string
}{
	{"imports", "package not in the table", one("internal/brandnew/a.go", "package brandnew\n"), "internal/brandnew/a.go:1: package brandnew has no row"},
	{"imports", "program not one level deep", one("cmd/a/b/main.go", "package main\n"), "has no row"},
	{"imports", "noun imports anything", one("internal/glance/a.go", imports("glance", "glance/internal/ini")), "glance must not import ini"},
	{"imports", "socket meets socket", one("internal/store/a.go", imports("store", "glance/internal/metadata")), "store must not import metadata"},
	{"imports", "driver knows a driver", one("internal/store/s3/a.go", imports("s3", "glance/internal/store/file")), "store/s3 must not import store/file"},
	{"imports", "verb knows a driver", one("internal/images/a.go", imports("images", "glance/internal/store/file")), "images must not import store/file"},
	{"imports", "verb speaks HTTP", one("internal/images/a.go", imports("images", "net/http")), "images must not import net/http"},
	{"imports", "door opens a socket", one("internal/api/v2/a.go", imports("v2", "glance/internal/store")), "api/v2 must not import store"},
	{"imports", "room of doors meets verbs", one("internal/api/a.go", imports("api", "glance/internal/images")), "api must not import images"},
	{"imports", "registry shows images", one("internal/registry/a.go", imports("registry", "glance/internal/images")), "registry must not import images"},
	{"imports", "verbs sideways", one("internal/images/a.go", imports("images", "glance/internal/importflow")), "images must not import importflow"},
	{"imports", "metadefs sideways", one("internal/metadefs/a.go", imports("metadefs", "glance/internal/images")), "metadefs must not import images"},
	{"imports", "builders sideways", one("internal/app/a.go", imports("app", "glance/internal/control")), "app must not import control"},
	{"imports", "program reaches down", one("cmd/glance-api/a.go", imports("main", "glance/internal/images")), "cmd/glance-api must not import images"},
	{"imports", "library knows a noun", one("internal/imgformat/a.go", imports("imgformat", "glance/internal/glance")), "imgformat must not import glance"},
	{"imports", "only app knows the list", one("internal/housekeeping/a.go", imports("housekeeping", "glance/internal/store/all")), "must not import store/all"},
	{"imports", "list reaches up", one("internal/store/all/a.go", imports("all", "glance/internal/app")), "store/all must not import app"},
	{"imports", "production imports a suite", one("internal/app/a.go", imports("app", "glance/internal/store/storetest")), "app must not import store/storetest"},
	{"imports", "outside internal", one("internal/app/a.go", imports("app", "glance/test/golden")), "outside internal/"},
	{"imports", "sideways that is listed", one("internal/importflow/a.go", imports("importflow", "glance/internal/images", "glance/internal/store")), ""},
	{"imports", "tests are free", one("internal/store/a_test.go", imports("store_test", "glance/internal/store/mem")), ""},

	{"foreign imports", "in a noun", one("internal/glance/a.go", imports("glance", "example.org/uuid")), "glance uses the standard library only, not example.org/uuid"},
	{"foreign imports", "in a contract", one("internal/policy/a.go", imports("policy", "go.yaml.in/yaml/v3")), "policy uses the standard library only"},
	{"foreign imports", "in a door", one("internal/api/v1/a.go", imports("v1", "github.com/x/y")), "api/v1 uses the standard library only"},
	{"foreign imports", "in a list of drivers", one("internal/store/all/a.go", imports("all", "github.com/x/y")), "store/all uses the standard library only"},
	{"foreign imports", "in a library", one("internal/rules/a.go", imports("rules", "go.yaml.in/yaml/v3")), ""},

	{"blank imports", "of ours", one("internal/app/a.go", "package app\n\nimport _ \"glance/internal/store/file\"\n"), "no registration by import"},
	{"blank imports", "of others", one("internal/metadata/sqldb/a.go", "package sqldb\n\nimport _ \"modernc.org/sqlite\"\n"), ""},

	{"driver lists", "no list", one("internal/notify/amqp/a.go", "package amqp\n"), "driver notify/amqp is missing in the list of internal/notify/all"},
	{"driver lists", "not in the list", map[string]string{
		"internal/store/file/a.go": "package file\n", "internal/store/mem/a.go": "package mem\n",
		"internal/store/all/all.go": imports("all", "glance/internal/store/file"),
	}, "driver store/mem is missing"},
	{"driver lists", "a suite is no driver", one("internal/store/storetest/a.go", "package storetest\n"), ""},

	{"package names", "util", one("internal/api/util/a.go", "package util\n"), "called util"},
	{"package names", "external test", one("test/misc/a_test.go", "package misc_test\n"), "called misc"},

	{"doc.go", "missing", one("internal/ini/a.go", "// Package ini reads configuration files of a certain kind.\npackage ini\n"), "internal/ini has no doc.go"},
	{"doc.go", "says nothing", one("internal/ini/doc.go", "// Package ini.\npackage ini\n"), "must tell purpose"},
	{"doc.go", "missing beside tests", one("test/e2e/a_test.go", "package e2e\n"), "test/e2e has no doc.go"},

	{"short mains", "long", one("cmd/x/main.go", "package main\n\nfunc main() {\n"+strings.Repeat("\tprintln()\n", 39)+"}\n"), "main has 41 lines"},
	{"short mains", "just short", one("cmd/x/main.go", "package main\n\nfunc main() {\n"+strings.Repeat("\tprintln()\n", 38)+"}\n"), ""},

	{"file length", "501", one("internal/ini/a.go", "package ini\n"+strings.Repeat("\n", 500)), "501 lines, more than 500"},
	{"file length", "500", one("internal/ini/a.go", "package ini\n"+strings.Repeat("\n", 499)), ""},

	{"error statuses", "named", one("internal/api/v2/a.go", "package v2\n\nimport \"net/http\"\n\nconst c = http.StatusConflict\n"), "http.StatusConflict: return an error"},
	{"error statuses", "by number", one("internal/registry/a.go", "package registry\n\nfunc f() { w.WriteHeader(404) }\n"), "WriteHeader(404)"},
	{"error statuses", "by function", one("internal/console/a.go", "package console\n\nimport \"net/http\"\n\nfunc f() { http.Error(w, s, c) }\n"), "http.Error: return an error"},
	{"error statuses", "under another name", one("internal/api/a.go", "package api\n\nimport web \"net/http\"\n\nconst c = web.StatusGone\n"), "http.StatusGone"},
	{"error statuses", "errors.go of another door", one("internal/api/v2/errors.go", "package v2\n\nimport \"net/http\"\n\nconst c = http.StatusGone\n"), "http.StatusGone"},
	{"error statuses", "a driver asks others", one("internal/store/http/a.go", "package http\n\nimport \"net/http\"\n\nconst c = http.StatusGone\n"), ""},

	{"no init", "in code", one("internal/ini/a.go", "package ini\n\nfunc init() {}\n"), "internal/ini/a.go:3: no init()"},
	{"no init", "in a test", one("internal/ini/a_test.go", "package ini\n\nfunc init() {}\n"), "no init()"},
	{"no init", "a method", one("internal/ini/a.go", "package ini\n\nfunc (x *X) init() {}\n"), ""},

	{"package variables", "assigned", one("internal/ini/a.go", "package ini\n\nvar x int\n\nfunc f() { x = 1 }\n"), "internal/ini/a.go:5: package variable x is written"},
	{"package variables", "counted", one("internal/ini/a.go", "package ini\n\nvar x struct{ n int }\n\nfunc f() { x.n++ }\n"), "package variable x is written"},
	{"package variables", "map filled", one("internal/ini/a.go", "package ini\n\nvar m = map[string]foreign.T{}\n\nfunc f() { m[\"a\"] = g() }\n"), "package variable m is written"},
	{"package variables", "map emptied", one("internal/ini/a.go", "package ini\n\nvar m = map[string]int{}\n\nfunc f() { delete(m, \"a\") }\n"), "package variable m is written"},
	{"package variables", "from another file", map[string]string{
		"internal/ini/a.go": "package ini\n\nvar m []int\n", "internal/ini/b.go": "package ini\n\nfunc f() { m = append(m, 1) }\n",
	}, "internal/ini/b.go:3: package variable m is written"},
	{"package variables", "lock", one("internal/ini/a.go", "package ini\n\nimport \"sync\"\n\nvar mu sync.Mutex\n"), "of type sync.Mutex"},
	{"package variables", "shadowed", one("internal/ini/a.go", "package ini\n\nvar x = []int{1}\n\nfunc f(x []int) { x[0] = 2 }\n"), ""},

	{"no skips", "plain", one("internal/ini/a_test.go", "package ini\n\nfunc TestA(t *testing.T) { t.Ski"+"p(\"later\") }\n"), "no skipped tests"},
	{"no skips", "in a suite", one("internal/store/storetest/a.go", "package storetest\n\nfunc A(tb testing.TB) { tb.Skip"+"Now() }\n"), "no skipped tests"},
	{"no skips", "a parser skips", one("internal/ini/a.go", "package ini\n\nfunc f(p *parser) { p.Skip() }\n"), ""},

	{"services at once", "one after another", one("test/services/a_test.go", "package services\n\nfunc TestA(t *testing.T) { t.Log() }\n"), "a_test.go:3: TestA must begin"},
	{"services at once", "other tests", one("test/services/a_test.go", "package services\n\nfunc TestMain(m *testing.M) { m.Run() }\n\nfunc test(t *testing.T) {}\n"), ""},
	{"services at once", "another package", one("internal/ini/a_test.go", "package ini\n\nfunc TestA(t *testing.T) {}\n"), ""},

	{"no unfinished marks", "comment", one("internal/ini/a.go", "package ini\n\n// TO"+"DO: more\n"), "internal/ini/a.go:3:"},
	{"no unfinished marks", "words", one("internal/ini/a.go", "package ini\n\nvar e = \"not imple"+"mented\"\n"), "finish it"},
	{"no unfinished marks", "answer 501", one("internal/ini/a.go", "package ini\n\nvar e = \"The request method X is not imple"+"mented for this server.\"\n"), ""},

	{"nolint", "bare", one("internal/ini/a.go", "package ini\n\nvar x int //no"+"lint\n"), "must read"},
	{"nolint", "no reason", one("internal/ini/a.go", "package ini\n\nvar x int //no"+"lint:unused\n"), "must read"},
	{"nolint", "no rule", one("internal/ini/a.go", "package ini\n\nvar x int //no"+"lint // because of reasons\n"), "must read"},

	{"no paths of a machine", "in text", one("README.md", "see /wo"+"rk/main\n"), "README.md:1:"},
	{"no paths of a machine", "in code", one("internal/ini/a.go", "package ini\n\nconst home = \"/ro"+"ot/x\"\n"), "internal/ini/a.go:3:"},
	{"no paths of a machine", "beside the tree", one("Makefile", "copy:\n\tcp ../sha"+"red/a .\n"), "Makefile:2:"},
	{"no paths of a machine", "binary files are free", one("testdata/a.img", "\x00 /wo"+"rk/main"), ""},
}

// imports is a file that imports.
func imports(pkg string, paths ...string) string {
	return "package " + pkg + "\n\nimport (\n\t\"" + strings.Join(paths, "\"\n\t\"") + "\"\n)\n"
}
