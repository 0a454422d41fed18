package rules_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"glance/internal/rules"
)

// target and person are the plainest possible Target and Credentials.
type target map[string]string

func (t target) Text(name string) (string, bool) {
	text, ok := t[name]
	return text, ok
}

type person struct {
	roles      []string
	attributes map[string][]string
}

func (p person) HasRole(role string) bool {
	return slices.ContainsFunc(p.roles, func(r string) bool { return strings.EqualFold(r, role) })
}

func (p person) Is(path, text string) bool { return slices.Contains(p.attributes[path], text) }

var (
	alice = person{
		roles: []string{"member", "reader"},
		attributes: map[string][]string{
			"project_id": {"p-alpha"}, "user_id": {"u-alice"}, "domain_id": {"None"},
			"roles": {"member", "reader"}, "service_roles": {"service", "extra"},
		},
	}
	image = target{
		"owner": "p-alpha", "project_id": "p-alpha", "name": "a name", "kind": "member", "protected": "True",
		"nothing": "None", "odd(key)": "odd", "size": "42",
	}
)

func TestAllowed(t *testing.T) {
	tests := []struct {
		rule string
		want bool
	}{
		{"", true},
		{"   ", false},
		{"@", true},
		{"!", false},
		{"role:member", true},
		{"ROLE:member", false}, // the kind is not folded: a credential called ROLE
		{"role:MEMBER", true},
		{"role:admin", false},
		{"role:%(kind)s", true},
		{"role:%(missing)s", false},
		{"not role:%(missing)s", true},
		{"project_id:%(owner)s", true},
		{"project_id:p-%%", false},
		{"user_id:u-%(missing)s", false},
		{"project_id:p-alpha", true},
		{"user:u-alice", false},
		{"is_admin:True", false},
		{"domain_id:%(nothing)s", true},
		{"service_roles:service", true},
		{"service_roles:admin", false},
		{"'p-alpha':%(owner)s", true},
		{`"p-alpha":%(owner)s`, true},
		{"p-alpha:%(owner)s", false},
		{"True:%(protected)s", true},
		{"true:%(protected)s", false},
		{"None:%(nothing)s", true},
		{"42:%(size)s", true},
		{"1.50:1.5", true},
		{"2.0:2.0", true},
		{"-0:0", true},
		{"'':", true},
		{"'odd':%(odd(key))s", true},
		{"'100%':100%%", true},
		{"'a name':%(name)s", false}, // a blank ends a check
		{"'x-42-p-alpha':x-%(size)s-%(owner)s", true},

		{"role:admin or role:member", true},
		{"role:member and role:reader", true},
		{"role:member and role:admin", false},
		{"role:member AND NOT role:admin", true},
		{"not role:admin", true},
		{"not not role:admin", false},
		{"@ or ! and !", true},
		{"! and ! or @", true},
		{"not ! and !", false},
		{"not (! and !)", true},
		{"(@ or !) and !", false},
		{"((@))", true},
		{"( @ ) and(@)", false}, // and(@ is one check without a colon
		{"not ('p-beta':%(owner)s and role:member)", true},
		{"role:member and (project_id:%(project_id)s)", true},

		// not understood as a whole: deny
		{"(", false},
		{"()", false},
		{"@ @", false},
		{"@ or", false},
		{"or @", false},
		{"@ or or @", false},
		{"(@", false},
		{"@)", false},
		{"not", false},
		{"not (@ or", false},
		{"'quoted'", false},
		{`@ or "quoted:text"`, false},
		// a single check not understood is false and no more
		{"nonsense", false},
		{"nonsense or role:member", true},
		{"not nonsense", true},
		// one that makes no sense is not reached
		{"role:member or project_id:%(owner)d", true},
		{"role:admin and 042:42", false},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			check, _ := rules.Parse(tt.rule)
			if got := ask(t, check); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func ask(t *testing.T, check *rules.Check) bool {
	t.Helper()
	set := rules.NewSet(map[string]*rules.Check{"r": check}, "", nil)
	got, err := set.Allowed(t.Context(), "r", image, alice)
	if err != nil {
		t.Error(err)
	}
	return got
}

// TestBroken: checks that make no sense deny their whole rule once they are
// reached, under not as well.
func TestBroken(t *testing.T) {
	for _, text := range []string{
		"042:42", "'a'b':a'b", "'a:b':a:b", ":x", "::", "$:x", "a.:x", "project_id:%(owner)d", "project_id:%(owner", "project_id:100%", "role:%r",
	} {
		for _, rule := range []string{text, "not " + text, "not not " + text, text + " or @", "@ and not (! or " + text + ")"} {
			check, err := rules.Parse(rule)
			if err == nil {
				t.Errorf("%q: no problem found", rule)
			}
			set := rules.NewSet(map[string]*rules.Check{"r": check}, "", nil)
			if got, err := set.Allowed(t.Context(), "r", image, alice); got || err == nil {
				t.Errorf("%q: %v, %v, want an error", rule, got, err)
			}
		}
	}
}

func TestParseReportsNonsense(t *testing.T) {
	for _, text := range []string{"nonsense", "@ or", "'x'", "a:%(b", "a:%d", "(" + strings.Repeat("(", 600) + "@"} {
		if check, err := rules.Parse(text); err == nil || check == nil {
			t.Errorf("%q: no error, or no check", text)
		}
	}
	if _, err := rules.Parse("not (role:a or b:%(c)s) and @"); err != nil {
		t.Error(err)
	}
}

func TestParseValue(t *testing.T) {
	type list = []any
	tests := []struct {
		name  string
		value any
		want  bool
		bad   bool
	}{
		{"null", nil, true, false},
		{"empty text", "", true, false},
		{"text", "role:admin or role:member", true, false},
		{"empty list", list{}, true, false},
		{"only empty inner lists", list{list{}, list{}}, false, false},
		{"only empty texts", list{"", nil}, false, false},
		{"or of texts", list{"role:admin", "role:member"}, true, false},
		{"and inside", list{list{"role:admin", "role:member"}}, false, false},
		{"or of ands", list{list{"role:admin", "role:member"}, list{}, list{"role:reader", "role:member"}}, true, false},
		{"words mean nothing in lists", list{"@ or @"}, false, true},
		{"number", 7, false, true},
		{"boolean", true, false, true},
		{"number in a list", list{7}, false, true},
		{"number in an inner list", list{list{"@", 7}}, false, true},
		{"mapping in a list", list{map[string]any{}}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check, err := rules.ParseValue(tt.value)
			if (err != nil) != tt.bad {
				t.Errorf("error %v", err)
			}
			if got := ask(t, check); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func setOf(t *testing.T, texts map[string]string, fallback string, remote rules.Remote) *rules.Set {
	t.Helper()
	checks := make(map[string]*rules.Check)
	for name, text := range texts {
		check, err := rules.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		checks[name] = check
	}
	return rules.NewSet(checks, fallback, remote)
}

func TestReferences(t *testing.T) {
	set := setOf(t, map[string]string{
		"default":   "role:member",
		"known":     "role:reader",
		"direct":    "rule:known",
		"undefined": "rule:nowhere",
		"loop":      "rule:pool",
		"pool":      "role:member and rule:loop",
		"escape":    "role:member or rule:escape",
		"negated":   "not rule:negated",
		"lost":      "! or (not rule:negated)",
	}, "default", nil)
	for rule, want := range map[string]bool{
		"direct": true, "undefined": true, "not even there": true, "escape": true,
	} {
		if got, err := set.Allowed(t.Context(), rule, image, alice); got != want || err != nil {
			t.Errorf("%s: %v, %v", rule, got, err)
		}
	}
	for _, rule := range []string{"loop", "pool", "negated", "lost"} {
		if got, err := set.Allowed(t.Context(), rule, image, alice); got || err == nil {
			t.Errorf("%s: %v, %v, want an error", rule, got, err)
		}
	}
	want := []string{
		`rule "escape" is part of a cycle`,
		`rule "loop" is part of a cycle`,
		`rule "negated" is part of a cycle`,
		`rule "pool" is part of a cycle`,
		`rule "undefined" refers to "nowhere", which is not defined`,
	}
	if got := set.Problems(); !slices.Equal(got, want) {
		t.Errorf("problems: %q", got)
	}
}

func TestWithoutFallbackUnknownDenies(t *testing.T) {
	for _, fallback := range []string{"", "missing"} {
		set := setOf(t, map[string]string{"a": "not rule:b"}, fallback, nil)
		if got, err := set.Allowed(t.Context(), "b", image, alice); got || err != nil {
			t.Errorf("fallback %q: %v, %v", fallback, got, err)
		}
		if got, _ := set.Allowed(t.Context(), "a", image, alice); !got {
			t.Error("an undefined rule is false, its negation true")
		}
	}
}

func TestRemote(t *testing.T) {
	broken := errors.New("connection refused")
	var asked []string
	remote := func(_ context.Context, url, rule string, _ rules.Target, _ rules.Credentials) (bool, error) {
		asked = append(asked, rule+" "+url)
		if strings.HasSuffix(url, "broken") {
			return false, broken
		}
		return strings.HasSuffix(url, "p-alpha"), nil
	}
	set := setOf(t, map[string]string{
		"yes":     "rule:inner",
		"inner":   "https://host:1/check/%(owner)s",
		"no":      "http://host/other",
		"failing": "not http://host/broken",
		"skipped": "http://host/%(missing)s or @",
	}, "", remote)
	for rule, want := range map[string]bool{"yes": true, "no": false, "skipped": true} {
		if got, err := set.Allowed(t.Context(), rule, image, alice); got != want || err != nil {
			t.Errorf("%s: %v, %v", rule, got, err)
		}
	}
	if got, err := set.Allowed(t.Context(), "failing", image, alice); got || !errors.Is(err, broken) {
		t.Errorf("failing: %v, %v", got, err)
	}
	slices.Sort(asked)
	if want := []string{"failing http://host/broken", "no http://host/other", "yes https://host:1/check/p-alpha"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
	without := setOf(t, map[string]string{"r": "not http://host/"}, "", nil)
	if got, err := without.Allowed(t.Context(), "r", image, alice); got || err == nil {
		t.Errorf("without a remote: %v, %v", got, err)
	}
}

func TestOr(t *testing.T) {
	yes, _ := rules.Parse("@")
	if !ask(t, rules.Or(rules.Deny(), yes)) || ask(t, rules.Or(rules.Deny(), rules.Deny())) {
		t.Error("Or errs")
	}
}
