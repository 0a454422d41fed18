package metadefs_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/metadefs"
	"glance/internal/policy"
)

func admin() *glance.Caller {
	return &glance.Caller{ProjectID: "p-admin", Roles: []string{"admin", "reader"}, Admin: true}
}

func reader(project string) *glance.Caller {
	return &glance.Caller{ProjectID: project, Roles: []string{"reader"}}
}

func verbs(t *testing.T, db metadata.Metadefs) (*metadefs.Namespaces, *metadefs.Parts) {
	t.Helper()
	rules, err := policy.Open(policy.Config{EnforceNewDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return &metadefs.Namespaces{Metadefs: db, Policy: rules}, &metadefs.Parts{Metadefs: db, Policy: rules}
}

// TestCreateCompletes is spec metadefs-v2 §1: what a request may leave out.
func TestCreateCompletes(t *testing.T) {
	n, _ := verbs(t, memdb.New())
	for _, tt := range []struct {
		name    string
		who     glance.Caller
		sent    glance.MetadefNamespace
		owner   string
		visible glance.Visibility
	}{
		{"nothing", *admin(), glance.MetadefNamespace{}, "p-admin", glance.VisibilityPrivate},
		{"all", *admin(), glance.MetadefNamespace{Owner: "p-x", Visibility: glance.VisibilityPublic}, "p-x", glance.VisibilityPublic},
		{"noproject", glance.Caller{Roles: []string{"admin"}, Admin: true}, glance.MetadefNamespace{}, "", glance.VisibilityPrivate},
	} {
		tt.sent.Name = tt.name
		if err := n.Create(t.Context(), &tt.who, &tt.sent); err != nil {
			t.Fatal(err)
		}
		shown, err := n.Show(t.Context(), admin(), tt.name, "")
		if err != nil || shown.Owner != tt.owner || shown.Visibility != tt.visible || shown.Protected == nil || *shown.Protected {
			t.Errorf("%s: %+v, %v", tt.name, shown.MetadefNamespace, err)
		}
		if shown.CreatedAt.IsZero() || !tt.sent.CreatedAt.Equal(shown.CreatedAt) {
			t.Errorf("%s: created at %v, told %v", tt.name, shown.CreatedAt, tt.sent.CreatedAt)
		}
	}
}

// TestReplaceKeepsParts is spec metadefs-v2 §2.
func TestReplaceKeepsParts(t *testing.T) {
	n, p := verbs(t, memdb.New())
	if err := n.Create(t.Context(), admin(), &glance.MetadefNamespace{Name: "n", Tags: []glance.MetadefTag{{Name: "t"}}}); err != nil {
		t.Fatal(err)
	}
	want := glance.MetadefNamespace{Name: "m", Tags: []glance.MetadefTag{{Name: "\U0001f600"}}}
	if _, err := n.Replace(t.Context(), admin(), "n", want); err != nil {
		t.Fatal(err)
	}
	tags, err := p.Tags(t.Context(), admin(), "m", metadefs.TagListing{Limit: -1, Sort: "name"})
	if err != nil || len(tags) != 1 || tags[0].Name != "t" {
		t.Errorf("tags: %v, %v", tags, err)
	}
}

// TestListFilters is spec metadefs-v2 §1: every entry passes policy, and a page
// that policy made shorter has none after it.
func TestListFilters(t *testing.T) {
	db := memdb.New()
	n, _ := verbs(t, db)
	for _, ns := range []glance.MetadefNamespace{
		{Name: "free", Visibility: glance.VisibilityPrivate}, // everybody's, but policy shows it to nobody
		{Name: "mine", Visibility: glance.VisibilityPrivate, Owner: "p-a"},
		{Name: "open", Visibility: glance.VisibilityPublic, Owner: "p-b"},
		{Name: "theirs", Visibility: glance.VisibilityPrivate, Owner: "p-b"},
	} {
		if err := db.CreateNamespace(t.Context(), &ns); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		who   *glance.Caller
		limit int
		want  []string
		last  string
	}{
		{reader("p-a"), 9, []string{"mine", "open"}, ""},
		{reader("p-a"), 2, []string{"mine"}, ""}, // one of the two is taken out
		{reader("p-a"), 1, nil, ""},
		{reader("p-b"), 9, []string{"open", "theirs"}, ""},
		{admin(), 4, []string{"free", "mine", "open", "theirs"}, "theirs"},
		{admin(), 0, nil, ""},
	} {
		page, err := n.List(t.Context(), tt.who, metadefs.Listing{Limit: tt.limit, Sort: "namespace", Asc: true})
		var got []string
		for _, ns := range page.Namespaces {
			got = append(got, ns.Name)
		}
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" || page.Last != tt.last {
			t.Errorf("%s, %d: %v, last %q: %s", tt.who.ProjectID, tt.limit, err, page.Last, diff)
		}
	}
}

// down is a database that does not answer.
type down struct{ metadata.Metadefs }

func (down) Namespace(context.Context, metadata.Scope, string) (*glance.MetadefNamespace, error) {
	return nil, glance.Errorf(glance.Unavailable, "down")
}

// TestUnavailable: a database that is down is not a namespace that is not there.
func TestUnavailable(t *testing.T) {
	n, p := verbs(t, down{})
	_, show := n.Show(t.Context(), admin(), "n", "")
	_, objects := p.Objects(t.Context(), admin(), "n")
	for what, err := range map[string]error{
		"show": show, "delete": n.Delete(t.Context(), admin(), "n"), "objects": objects,
		"tags": p.RemoveTags(t.Context(), admin(), "n"), "association": p.RemoveAssociation(t.Context(), admin(), "n", "r"),
	} {
		if !errors.Is(err, glance.Unavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
