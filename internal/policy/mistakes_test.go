package policy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/policy"
)

func TestMistakes(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"none", "get_image: rule:mine or role:admin\nmine: project_id:%(owner)s and 'x':%(any_property)s\ndefault: '!'\n", ""},
		{"empty", "", ""},
		{"no mapping", "- a\n", "policy.yaml:1: not a mapping of rule names to rules"},
		{"syntax", "a: b\n  c\n: d\n", "policy.yaml:2: did not find expected key"},
		{"not understood", "get_image: role:a or\n", `policy.yaml:1: get_image: rule "role:a or": the rule does not form one expression; it denies`},
		{"in part", "\n\nget_image: role:a or admin\n", `policy.yaml:3: get_image: rule "role:a or admin": check "admin" has no colon; it denies`},
		{"bare never", "get_image: !\n", `policy.yaml:1: get_image: never is written "!", in quotes; it denies`},
		{"unknown rule", "get_imgae: role:a\n", "policy.yaml:1: get_imgae: nobody asks for this rule"},
		{"asks for itself only", "mine: rule:mine\n", "policy.yaml:1: mine: nobody asks for this rule\npolicy.yaml:1: mine: refers, maybe through others, to itself; it fails"},
		{"undefined", "get_image: rule:mine\n", `policy.yaml:1: get_image: refers to "mine", which is not defined; rule "default" stands for it`},
		{"twice", "get_image: role:a\nget_image: role:b\n", "policy.yaml:1: get_image: is defined again in line 2, which counts"},
		{"is_admin", "get_image: is_admin:True\n", `policy.yaml:1: get_image: callers have no attribute "is_admin", so this check never holds; administrators are rule:context_is_admin`},
		{"tenant", "get_image: tenant:%(owner)s\n", `policy.yaml:1: get_image: callers have no attribute "tenant", so this check never holds; it is called project_id`},
		{"unknown credential", "get_image: token.user:x\n", `policy.yaml:1: get_image: callers have no attribute "token.user", so this check never holds`},
		{"known credentials", "get_image: service_roles:service and system:all and domain_id:x and is_admin_project:True\n", ""},
		{"target of create", "add_image: not 'aki':%(container_format)s\n", "policy.yaml:1: add_image: there is no %(container_format)s when this is asked, so a check on it never holds"},
		{"target of a list", "get_images: project_id:%(owner)s\n", "policy.yaml:1: get_images: there is no %(owner)s when this is asked, so a check on it never holds"},
		{"locations", "get_image: \"'x':%(locations)s\"\n", "policy.yaml:1: get_image: there is no %(locations)s when this is asked, so a check on it never holds"},
		{"target of metadefs", "add_metadef_tag: project_id:%(owner)s\n", "policy.yaml:1: add_metadef_tag: there is no %(owner)s when this is asked, so a check on it never holds"},
		{"no target", "cache_list: project_id:%(project_id)s\n", "policy.yaml:1: cache_list: there is no %(project_id)s when this is asked, so a check on it never holds"},
		{"through another", "get_images: rule:mine\nmine: project_id:%(owner)s\n", "policy.yaml:2: mine: there is no %(owner)s when this is asked, so a check on it never holds"},
		{"there for some who ask", "get_images: rule:mine\nget_image: rule:mine\nmine: project_id:%(owner)s\n", ""},
		{"of the caller", "context_is_admin: role:admin and 'p':%(project_id)s and 'x':%(owner)s\n", "policy.yaml:1: context_is_admin: there is no %(owner)s when this is asked, so a check on it never holds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.write("policy.yaml", tt.text)
			files, found, err := policy.Mistakes(h.config())
			if err != nil || len(files) != 1 {
				t.Fatalf("%q, %v", files, err)
			}
			var got []string
			for _, m := range found {
				got = append(got, strings.TrimPrefix(m.String(), h.dir+string(filepath.Separator)))
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), tt.want)
			}
		})
	}
}

// A rule of a later file counts, and the earlier one is not a mistake.
func TestMistakesInSeveralFiles(t *testing.T) {
	h := newHouse(t)
	h.write("policy.yaml", "get_image: rule:mine\n")
	h.write("policy.d/b.yaml", "mine: role:a\nother: role:b\n")
	h.write("policy.d/a.yaml", "get_image: nonsense\n")
	files, found, err := policy.Mistakes(h.config())
	if err != nil || len(files) != 3 || len(found) != 3 {
		t.Fatalf("%q, %v, %v", files, found, err)
	}
	for i, want := range []string{"a.yaml:1: get_image", "b.yaml:1: mine: nobody", "b.yaml:2: other: nobody"} {
		if !strings.Contains(found[i].String(), want) {
			t.Errorf("%v, want %s", found[i], want)
		}
	}
	if files, found, err := policy.Mistakes(policy.Config{File: filepath.Join(h.dir, "missing")}); err != nil || len(files)+len(found) != 0 {
		t.Errorf("a missing file: %q, %v, %v", files, found, err)
	}
}

// Every built-in rule asks only for what the service has.
func TestDefaultsHaveNoMistakes(t *testing.T) {
	h := newHouse(t)
	var text strings.Builder
	for _, d := range policy.Definitions() {
		text.WriteString(string(d.Rule) + `: "` + d.Check + "\"\n")
	}
	h.write("policy.yaml", text.String())
	if _, found, err := policy.Mistakes(h.config()); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestExplain(t *testing.T) {
	h := newHouse(t)
	h.write("policy.yaml", "copy_image: role:member\n")
	c := h.config()
	c.EnforceScope = true
	e, err := policy.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	member := &glance.Caller{ProjectID: "p", Roles: []string{"member"}}
	of := &glance.Caller{ProjectID: "p", Roles: []string{"member"}, SystemScope: "all"}
	if got := e.Explain(t.Context(), member, policy.CopyImage, policy.Nothing{}); !got.Allowed || got.WrongScope || got.OwnersOnly || got.Rule.Text != "rule:copy_image" {
		t.Errorf("%+v", got)
	}
	if got := e.Explain(t.Context(), of, policy.CopyImage, policy.Nothing{}); got.Allowed || !got.WrongScope || !got.Rule.Held {
		t.Errorf("%+v", got)
	}
	if got := e.Rules().Check("copy_image").String(); got != "role:member" {
		t.Error(got)
	}
	c.EnforceNewDefaults = false
	if e, err = policy.Open(c); err != nil {
		t.Fatal(err)
	}
	if got := e.Explain(t.Context(), member, policy.ModifyImage, policy.Project("q")); !got.Allowed || !got.OwnersOnly {
		t.Errorf("%+v", got)
	}
}
