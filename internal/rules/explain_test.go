package rules_test

import (
	"slices"
	"strings"
	"testing"

	"glance/internal/rules"
)

func TestCheckText(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"@", ""},
		{"!", "!"},
		{"role:admin", "role:admin"},
		{"(role:a)", "role:a"},
		{"role:a OR role:b  and NOT role:c", "role:a or role:b and not role:c"},
		{"(role:a or role:b) and role:c", "(role:a or role:b) and role:c"},
		{"not (role:a and role:b)", "not (role:a and role:b)"},
		{"not not role:a", "not not role:a"},
		{"'public':%(visibility)s or True:%(protected)s", "'public':%(visibility)s or True:%(protected)s"},
		{"5.50:%(a)s", "5.5:%(a)s"},
		{"'5.50':%(a)s", "'5.50':%(a)s"},
		{`"it's":%(a)s`, `"it's":%(a)s`},
		{"role:100%%_%(a)s", "role:100%%_%(a)s"},
		{"https://h/%(id)s", "https://h/%(id)s"},
		{"nonsense", "!"},
		{"role:a and nonsense", "role:a and !"},
	}
	for _, tt := range tests {
		check, _ := rules.Parse(tt.text)
		if got := check.String(); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
	for want, list := range map[string]any{
		"role:a and role:b or role:c": []any{[]any{"role:a", "role:b"}, "role:c"},
		"!":                           []any{[]any{}},
		"":                            []any{},
	} {
		check, _ := rules.ParseValue(list)
		if got := check.String(); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}

// FuzzCheckText: the text of a check is a check with that text.
func FuzzCheckText(f *testing.F) {
	for _, seed := range []string{"role:a or not (role:b and 'x':%(y)s)", "@ and !", "-0:%(a)s", `"a'b":%%`, "(a:b or c:d) or e:f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, _ := rules.Parse(text)
		second, err := rules.Parse(first.String())
		if err != nil || second.String() != first.String() {
			t.Errorf("%q became %q became %q: %v", text, first, second, err)
		}
	})
}

func TestWhatACheckLooksAt(t *testing.T) {
	check, err := rules.Parse("rule:a or (role:%(b)s and project_id:%(c)s%(b)s) or not rule:d and 'x':%(e)s and token.user:y and rule:a")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ got, want []string }{
		"rules":       {check.References(), []string{"a", "d"}},
		"target":      {check.TargetAttributes(), []string{"b", "c", "e"}},
		"credentials": {check.Credentials(), []string{"project_id", "token.user"}},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
}

// owned is a target with an owner, someone a caller of that project.
type owned string

func (o owned) Text(name string) (string, bool) { return string(o), name == "owner" }

type someone string

func (s someone) HasRole(role string) bool  { return role == "reader" }
func (s someone) Is(path, text string) bool { return path == "project_id" && text == string(s) }

func TestExplain(t *testing.T) {
	set := map[string]*rules.Check{}
	for name, text := range map[string]string{
		"change": "rule:admin or role:reader and project_id:%(owner)s", "admin": "role:admin", "default": "!",
		"odd": "rule:missing or 'x':%(nothing)s or http://h/", "loop": "rule:loop",
	} {
		set[name], _ = rules.Parse(text)
	}
	s := rules.NewSet(set, "default", nil)
	if got := strings.Join(s.Names(), " "); got != "admin change default loop odd" {
		t.Error(got)
	}
	if !s.Reaches("loop", "loop") || !s.Reaches("change", "admin") || s.Reaches("change", "change") || s.Check("change") == nil || s.Check("missing") != nil {
		t.Error("the set does not know its rules")
	}
	tests := []struct{ rule, owner, want string }{
		{"change", "p", `
+ rule:change
 + rule:admin or role:reader and project_id:%(owner)s
  - rule:admin
   - role:admin
  + role:reader and project_id:%(owner)s
   + role:reader
   + project_id:%(owner)s # substituted: p
`},
		{"change", "q", `
- rule:change
 - rule:admin or role:reader and project_id:%(owner)s
  - rule:admin
   - role:admin
  - role:reader and project_id:%(owner)s
   + role:reader
   - project_id:%(owner)s # substituted: q
`},
		{"odd", "p", `
- rule:odd # remote checks are not available
 - rule:missing or 'x':%(nothing)s or http://h/ # remote checks are not available
  - rule:missing # there is no such rule; default stands for it
   - !
  - 'x':%(nothing)s # the target has not all of these attributes
  - http://h/ # remote checks are not available
`},
		{"loop", "p", `
- rule:loop # the rules form a cycle
 - rule:loop # the rules form a cycle
`},
	}
	for _, tt := range tests {
		var b strings.Builder
		b.WriteString("\n")
		draw(&b, s.Explain(t.Context(), tt.rule, owned(tt.owner), someone("p")), 0)
		if b.String() != tt.want {
			t.Errorf("%s:%swant%s", tt.rule, b.String(), tt.want)
		}
	}
}

func draw(b *strings.Builder, e rules.Explanation, depth int) {
	b.WriteString(strings.Repeat(" ", depth) + map[bool]string{true: "+ ", false: "- "}[e.Held] + e.Text)
	if e.Note != "" {
		b.WriteString(" # " + e.Note)
	}
	b.WriteString("\n")
	for _, part := range e.Parts {
		draw(b, part, depth+1)
	}
}
