package house_test

import (
	"strings"
	"testing"
)

// A rule complains about a tree; complaints read "path:line: what is wrong".
type rule struct {
	name  string
	check func(*tree) []string
}

var rules = []rule{
	{"imports", checkImports},
	{"foreign imports", checkForeign},
	{"blank imports", checkBlankImports},
	{"driver lists", checkDriverLists},
	{"package names", checkPackageNames},
	{"doc.go", checkDocs},
	{"short mains", checkMains},
	{"file length", checkFileLength},
	{"error statuses", checkErrorStatuses},
	{"no init", checkInit},
	{"package variables", checkVariables},
	{"no skips", checkSkips},
	{"services at once", checkParallel},
	{"no unfinished marks", checkMarks},
	{"nolint", checkNolint},
	{"no paths of a machine", checkPaths},
}

func TestTree(t *testing.T) {
	tr := realTree(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, complaint := range r.check(tr) {
				t.Error(complaint)
			}
		})
	}
}

// TestRulesCanFail runs every rule over trees that break it, and over one that breaks none.
func TestRulesCanFail(t *testing.T) {
	tested := map[string]bool{}
	for _, b := range broken {
		t.Run(b.rule+"/"+b.name, func(t *testing.T) {
			for _, r := range rules {
				if r.name != b.rule {
					continue
				}
				tested[r.name] = true
				got := strings.Join(r.check(memTree(t, b.files)), "\n")
				if b.want == "" && got != "" {
					t.Errorf("complains without need:\n%s", got)
				}
				if b.want != "" && !strings.Contains(got, b.want) {
					t.Errorf("got complaints %q, want one with %q", got, b.want)
				}
				return
			}
			t.Errorf("no rule is called %q", b.rule)
		})
	}
	for _, r := range rules {
		if !tested[r.name] {
			t.Errorf("rule %q has no tree that breaks it", r.name)
		}
		if got := r.check(memTree(t, good)); len(got) != 0 {
			t.Errorf("rule %q complains about a good tree:\n%s", r.name, strings.Join(got, "\n"))
		}
	}
}
