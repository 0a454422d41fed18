package policy_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/policy"
)

// The people of the tests.
var (
	alice     = &glance.Caller{UserID: "u-alice", ProjectID: "p-alpha", Roles: []string{"member", "reader"}}
	bob       = &glance.Caller{UserID: "u-bob", ProjectID: "p-beta", Roles: []string{"member", "reader"}}
	rita      = &glance.Caller{UserID: "u-rita", ProjectID: "p-alpha", Roles: []string{"reader"}}
	mona      = &glance.Caller{UserID: "u-mona", ProjectID: "p-alpha", Roles: []string{"member"}}
	nora      = &glance.Caller{UserID: "u-nora", ProjectID: "p-alpha"}
	homeless  = &glance.Caller{UserID: "u-homeless", Roles: []string{"member", "reader"}}
	anonymous = &glance.Caller{ReadOnly: true}
	nova      = &glance.Caller{UserID: "u-nova", ProjectID: "p-service", Roles: []string{"service", "member", "reader"}}
	boss      = &glance.Caller{UserID: "u-admin", ProjectID: "p-admin", Roles: []string{"admin", "member", "reader"}, Admin: true}
)

// open makes an enforcer with the rules of a file, strict unless c says more.
func open(t testing.TB, text string, change ...func(*policy.Config)) *policy.Enforcer {
	t.Helper()
	c := policy.Config{EnforceNewDefaults: true, EnforceScope: true}
	if text != "" {
		c.File = write(t, filepath.Join(t.TempDir(), "policy.yaml"), text)
	}
	for _, f := range change {
		f(&c)
	}
	e, err := policy.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func legacy(c *policy.Config) { c.EnforceNewDefaults = false }

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func image(v glance.Visibility) *glance.Image {
	return &glance.Image{ID: "img", Owner: "p-alpha", Visibility: v, Status: glance.StatusActive}
}

// outcome writes an answer as y, 3 (forbidden) or 4 (not found).
func outcome(err error) string {
	switch {
	case err == nil:
		return "y"
	case errors.Is(err, glance.Forbidden):
		return "3"
	case errors.Is(err, glance.NotFound):
		return "4"
	}
	return err.Error()
}

func wantError(t *testing.T, err error, kind glance.Kind, text string) {
	t.Helper()
	var e *glance.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Message+e.Detail != text {
		t.Errorf("got %v (%v), want %v %q", err, glance.KindOf(err), kind, text)
	}
}

// TestEveryRuleIsDefined reads the constants of names.go.
func TestEveryRuleIsDefined(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			value, _ := spec.Values[0].(*ast.BasicLit)
			names = append(names, strings.Trim(value.Value, `"`))
		}
		return true
	})
	var defined []string
	for _, d := range policy.Definitions() {
		defined = append(defined, string(d.Rule))
	}
	slices.Sort(names)
	slices.Sort(defined)
	if len(names) != 67 || !slices.Equal(names, defined) {
		t.Errorf("%d names, %d definitions:\n%v\n%v", len(names), len(defined), names, defined)
	}
}

func TestAdmin(t *testing.T) {
	system := &glance.Caller{Roles: []string{"admin"}, SystemScope: "all"}
	for _, text := range []string{"", "context_is_admin: role:boss or (role:admin and project_id:%(project_id)s)"} {
		e := open(t, text)
		if !e.Admin(boss) || !e.Admin(system) || e.Admin(alice) || e.Admin(nova) {
			t.Errorf("with %q", text)
		}
	}
	e := open(t, `context_is_admin: "'u-alice':%(user_id)s or 'p-beta':%(tenant)s and user_id:%(user)s"`)
	if !e.Admin(alice) || !e.Admin(bob) || e.Admin(boss) {
		t.Error("the target of context_is_admin is the caller")
	}
}

func TestScope(t *testing.T) {
	domain := *boss
	domain.DomainID = "d"
	system := *boss
	system.SystemScope = "all"
	strict, lax := open(t, ""), open(t, "", func(c *policy.Config) { c.EnforceScope = false })
	for _, who := range []*glance.Caller{&domain, &system} {
		wantError(t, strict.Image(t.Context(), who, policy.GetImage, image("public")), glance.NotFound, "")
		wantError(t, strict.Image(t.Context(), who, policy.ModifyImage, image("public")), glance.NotFound, "")
		wantError(t, strict.Global(t.Context(), who, policy.TasksAPIAccess, policy.Nothing{}), glance.Forbidden,
			"You are not authorized to complete tasks_api_access action.")
		if !strict.Allowed(t.Context(), who, policy.MetadefAdmin, policy.Nothing{}) {
			t.Error("rules that others refer to have no scope")
		}
		if err := lax.Image(t.Context(), who, policy.ModifyImage, image("private")); err != nil {
			t.Error(err)
		}
	}
}

func TestCreate(t *testing.T) {
	beta, alpha, empty := "p-beta", "p-alpha", ""
	strict, old := open(t, ""), open(t, "", legacy)
	open := open(t, "add_image: role:member\ncommunitize_image: '!'\npublicize_image: role:member and 'public':%(visibility)s and 'p-alpha':%(owner)s")
	tests := []struct {
		name       string
		e          *policy.Enforcer
		who        *glance.Caller
		owner      *string
		visibility glance.Visibility
		want       string
		detail     bool
	}{
		{"own", strict, alice, &alpha, "", "", false},
		{"own community", strict, alice, &alpha, "community", "", false},
		{"own public", strict, alice, &alpha, "public", "You are not authorized to complete publicize_image action.", false},
		{"reader", strict, rita, &alpha, "", "You are not authorized to complete add_image action.", false},
		{"member only", strict, mona, &alpha, "", "", false},
		{"for others", strict, alice, &beta, "public", "You are not permitted to create images owned by 'p-beta'", true},
		{"for nobody", strict, alice, nil, "", "You are not permitted to create images owned by 'None'", true},
		{"for an empty text", strict, alice, &empty, "", "You are not permitted to create images owned by ''", true},
		{"homeless for nobody", strict, homeless, nil, "", "", false},
		{"homeless for an empty text", strict, homeless, &empty, "", "You are not permitted to create images owned by ''", true},
		{"homeless for others", strict, homeless, &alpha, "", "You are not permitted to create images owned by 'p-alpha'", true},
		{"admin for others", strict, boss, &beta, "public", "", false},
		{"admin for nobody", strict, boss, nil, "", "", false},
		{"anonymous", strict, anonymous, nil, "", "You are not authorized to complete add_image action.", false},
		{"old: own", old, nora, &alpha, "community", "", false},
		{"old: public", old, alice, &alpha, "public", "You are not authorized to complete publicize_image action.", false},
		{"old: for others", old, alice, &beta, "", "You are not permitted to create images owned by 'p-beta'.", false},
		{"old: visibility first", old, alice, &beta, "public", "You are not authorized to complete publicize_image action.", false},
		{"old: admin for others", old, boss, &beta, "", "", false},
		{"file: for others", open, alice, &beta, "", "", false},
		{"file: community", open, boss, &beta, "community", "You are not authorized to complete communitize_image action.", false},
		{"file: public", open, alice, &alpha, "public", "", false},
		{"file: public for others", open, alice, &beta, "public", "You are not authorized to complete publicize_image action.", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.e.Create(t.Context(), tt.who, tt.owner, tt.visibility)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, glance.Forbidden, tt.want)
			var e *glance.Error
			if errors.As(err, &e) && (e.Detail != "") != tt.detail {
				t.Errorf("the text stands in the wrong slot: %+v", e)
			}
		})
	}
}

func TestGlobalAndCache(t *testing.T) {
	e := open(t, "cache_image: \"'p-alpha':%(owner)s\"\ncache_delete: \"not 'p-alpha':%(owner)s\"")
	ctx := t.Context()
	if err := e.Global(ctx, alice, policy.GetImages, policy.Project("p-alpha")); err != nil {
		t.Error(err)
	}
	if err := e.Global(ctx, homeless, policy.GetImages, policy.Project("")); err != nil {
		t.Errorf("no project matches no project: %v", err)
	}
	wantError(t, e.Global(ctx, mona, policy.GetImages, policy.Project("p-alpha")), glance.Forbidden,
		"You are not authorized to complete get_images action.")
	if err := e.Global(ctx, nova, policy.StoresInfoDetail, policy.Nothing{}); err != nil {
		t.Error(err)
	}
	if err := e.Cache(ctx, nora, policy.CacheImage, image("private")); err != nil {
		t.Error(err)
	}
	wantError(t, e.Cache(ctx, nora, policy.CacheImage, nil), glance.Forbidden, "You are not authorized to complete cache_image action.")
	wantError(t, e.Cache(ctx, nora, policy.CacheDelete, image("private")), glance.Forbidden, "You are not authorized to complete cache_delete action.")
	if err := e.Cache(ctx, nora, policy.CacheDelete, nil); err != nil {
		t.Error(err)
	}
}

func TestMetadef(t *testing.T) {
	strict, old := open(t, ""), open(t, "", legacy)
	public := &policy.Namespace{Owner: "p-alpha", Visibility: "public"}
	private := &policy.Namespace{Owner: "p-alpha", Visibility: "private"}
	tests := []struct {
		name string
		e    *policy.Enforcer
		who  *glance.Caller
		rule policy.Rule
		ns   *policy.Namespace
		want string
	}{
		{"read public", strict, bob, policy.GetMetadefNamespace, public, "y"},
		{"read private of others", strict, bob, policy.GetMetadefNamespace, private, "4"},
		{"read own", strict, rita, policy.GetMetadefTags, private, "y"},
		{"member only", strict, mona, policy.ListMetadefResourceTypes, private, "4"},
		{"list", strict, rita, policy.GetMetadefNamespaces, nil, "y"},
		{"list without roles", strict, nora, policy.GetMetadefNamespaces, nil, "4"},
		{"add", strict, alice, policy.AddMetadefNamespace, nil, "3"},
		{"add without roles", strict, nora, policy.AddMetadefNamespace, nil, "4"},
		{"change what others own", strict, bob, policy.DeleteMetadefTags, private, "4"},
		{"change what is public", strict, bob, policy.DeleteMetadefTags, public, "3"},
		{"admin", strict, boss, policy.RemoveMetadefResourceTypeAssociation, private, "y"},
		{"old: read", old, nora, policy.GetMetadefObject, private, "y"},
		{"old: change", old, nora, policy.AddMetadefObject, private, "3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := outcome(tt.e.Metadef(t.Context(), tt.who, tt.rule, tt.ns)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
