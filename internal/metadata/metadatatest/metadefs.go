package metadatatest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// RunMetadefs runs what the suite has on metadata definitions.
func RunMetadefs(t *testing.T, e Engine, open Open) {
	runSubjects(t, e, open, []subject{
		{"namespaces", namespaceTests()},
		{"parts", metadefPartTests()},
		{"tags", metadefTagTests()},
		{"resource types", resourceTypeTests()},
		{"paging", metadefPagingTests()},
		{"concurrency", metadefConcurrencyTests()},
		{"lifecycle", metadefLifecycleTests()},
	})
}

func namespaceTests() []test {
	return []test{
		{"every field is kept", everyNamespaceFieldIsKept},
		{"a namespace without anything", bareNamespace},
		{"a name is used once", aNamespaceIsUnique},
		{"a part that is there twice", aPartTwice},
		{"who sees a namespace", whoSeesANamespace},
		{"update", updateNamespace},
		{"a new name", renameNamespace},
		{"delete", deleteNamespace},
		{"gone meanwhile", namespaceGoneMeanwhile},
		{"awkward names", awkwardNamespaces},
	}
}

// space gives a namespace with nothing but what every one has.
func space(name string) *glance.MetadefNamespace {
	return &glance.MetadefNamespace{Name: name, Visibility: glance.VisibilityPublic, Protected: ptr(false), Owner: "owner"}
}

// fullSpace gives a namespace with a value in every field.
func fullSpace(name string) *glance.MetadefNamespace {
	ns := space(name)
	ns.DisplayName, ns.Description, ns.Protected = ptr("Display é"), ptr(strings.Repeat("d", 500)), ptr(true)
	ns.Visibility = glance.VisibilityPrivate
	ns.Associations = []glance.MetadefAssociation{
		{ResourceType: "OS::Nova::Server", Prefix: ptr("hw:"), PropertiesTarget: ptr("image")},
		{ResourceType: "OS::Glance::Image"},
	}
	ns.Properties = []glance.MetadefProperty{
		{Name: "zeta", Schema: json.RawMessage(`{"type":"string","title":"Zeta é😀 <&>","enum":["a, b","c: d"],"default":1.50}`)},
		{Name: "alpha", Schema: json.RawMessage(`{}`)},
	}
	ns.Objects = []glance.MetadefObject{
		{
			Name: "second", Description: ptr("about"), Required: []string{"b", "a"},
			Properties: json.RawMessage(`{"b":{"type":"integer"},"a":{"title":"A","items":{"type":"string"}}}`),
		},
		{Name: "first", Properties: json.RawMessage(`{}`)},
	}
	ns.Tags = []glance.MetadefTag{{Name: "z"}, {Name: "a"}}
	return ns
}

func createSpaces(t *testing.T, s metadata.Store, all ...*glance.MetadefNamespace) {
	t.Helper()
	for _, ns := range all {
		if err := s.CreateNamespace(t.Context(), ns); err != nil {
			t.Fatalf("create %s: %v", ns.Name, err)
		}
	}
}

func readSpace(t *testing.T, s metadata.Store, name string) *glance.MetadefNamespace {
	t.Helper()
	ns, err := s.Namespace(t.Context(), metadata.Everything(), name)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return ns
}

// wholeSpace reads a namespace with its parts.
func wholeSpace(t *testing.T, s metadata.Store, name string) *glance.MetadefNamespace {
	t.Helper()
	ns := readSpace(t, s, name)
	var errs [4]error
	ns.Associations, errs[0] = s.Associations(t.Context(), ns)
	ns.Objects, errs[1] = s.MetadefObjects(t.Context(), ns)
	ns.Properties, errs[2] = s.MetadefProperties(t.Context(), ns)
	ns.Tags, errs[3] = s.MetadefTags(t.Context(), ns, metadata.TagQuery{Limit: -1, Sort: "id", Asc: true})
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatalf("parts of %s: %v", name, err)
	}
	return ns
}

// spelled gives JSON in one spelling.
func spelled(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Errorf("%v in %q", err, raw)
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Error(err)
	}
	return text
}

// sameSpace compares namespaces and their parts; no parts and an empty list of
// them are the same.
func sameSpace(t *testing.T, what string, got, want *glance.MetadefNamespace) {
	t.Helper()
	looks := func(ns *glance.MetadefNamespace) glance.MetadefNamespace {
		v := *ns
		v.Associations = append([]glance.MetadefAssociation{}, ns.Associations...)
		v.Objects = append([]glance.MetadefObject{}, ns.Objects...)
		v.Properties = append([]glance.MetadefProperty{}, ns.Properties...)
		v.Tags = append([]glance.MetadefTag{}, ns.Tags...)
		for i, o := range v.Objects {
			v.Objects[i].Properties = spelled(t, o.Properties)
		}
		for i, p := range v.Properties {
			v.Properties[i].Schema = spelled(t, p.Schema)
		}
		return v
	}
	same(t, what, looks(got), looks(want))
}

func everyNamespaceFieldIsKept(t *testing.T, s metadata.Store) {
	ns := fullSpace("ns")
	createSpaces(t, s, space("before"), ns)
	if ns.CreatedAt.IsZero() || !ns.CreatedAt.Equal(ns.UpdatedAt) || !ns.CreatedAt.Equal(engineOf(s).stored(ns.CreatedAt)) {
		t.Errorf("created at %v, updated at %v", ns.CreatedAt, ns.UpdatedAt)
	}
	for _, at := range []any{
		ns.Associations[0].CreatedAt, ns.Associations[1].UpdatedAt, ns.Objects[0].CreatedAt, ns.Objects[1].UpdatedAt,
		ns.Properties[0].CreatedAt, ns.Properties[1].UpdatedAt, ns.Tags[0].CreatedAt, ns.Tags[1].UpdatedAt,
	} {
		if at != any(ns.CreatedAt) {
			t.Errorf("a part has the time %v, the namespace %v", at, ns.CreatedAt)
		}
	}
	if got := readSpace(t, s, "ns"); got.Associations != nil || got.Objects != nil || got.Properties != nil || got.Tags != nil {
		t.Errorf("parts come with the namespace: %s", show(got))
	}
	want := *ns
	want.Properties = []glance.MetadefProperty{ns.Properties[1], ns.Properties[0]} // by name
	want.Objects = []glance.MetadefObject{ns.Objects[1], ns.Objects[0]}
	sameSpace(t, "namespace", wholeSpace(t, s, "ns"), &want)
	sameSpace(t, "the other", wholeSpace(t, s, "before"), readSpace(t, s, "before"))
}

func bareNamespace(t *testing.T, s metadata.Store) {
	ns := &glance.MetadefNamespace{Name: "ns", Visibility: glance.VisibilityPrivate, Protected: ptr(false)}
	createSpaces(t, s, ns)
	sameSpace(t, "namespace", wholeSpace(t, s, "ns"), ns)
	got, err := s.Namespace(t.Context(), metadata.Scope{}, "ns")
	if err != nil {
		t.Fatalf("nobody's namespace is not for everybody: %v", err)
	}
	if got.DisplayName != nil || got.Description != nil || got.Owner != "" {
		t.Errorf("namespace: %s", show(got))
	}
}

func aNamespaceIsUnique(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	before := wholeSpace(t, s, "ns")
	wants(t, s.CreateNamespace(t.Context(), fullSpace("ns")), glance.Conflict, "The metadata definition namespace=ns already exists.")
	sameSpace(t, "after a refusal", wholeSpace(t, s, "ns"), before)
	err := s.CreateNamespace(t.Context(), space("NS"))
	if equal := engineOf(s).fold("ns") == engineOf(s).fold("NS"); equal != errors.Is(err, glance.Conflict) || !equal && err != nil {
		t.Errorf("NS beside ns: %v", err)
	}
}

func aPartTwice(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("other"))
	for text, change := range map[string]func(*glance.MetadefNamespace){
		"The metadata definition resource-type association of resource-type=OS::Glance::Image to namespace=ns already exists.": func(ns *glance.MetadefNamespace) {
			ns.Associations = append(ns.Associations, ns.Associations[1])
		},
		"A metadata definition object with name=first already exists in namespace=ns.": func(ns *glance.MetadefNamespace) {
			ns.Objects = append(ns.Objects, ns.Objects[1])
		},
		"A metadata definition property with name=zeta already exists in namespace=ns.": func(ns *glance.MetadefNamespace) {
			ns.Properties = append(ns.Properties, ns.Properties[0])
		},
		"A metadata tag with name=a already exists in namespace=ns. (Please note that metadata tag names are case insensitive).": func(ns *glance.MetadefNamespace) {
			ns.Tags = append(ns.Tags, ns.Tags[1])
		},
	} {
		ns := fullSpace("ns")
		change(ns)
		wants(t, s.CreateNamespace(t.Context(), ns), glance.Conflict, text)
		_, err := s.Namespace(t.Context(), metadata.Everything(), "ns")
		wants(t, err, glance.NotFound, "Metadata definition namespace=ns was not found.")
	}
	same(t, "resource types", len(typeNames(t, s)), 0)
	createSpaces(t, s, fullSpace("ns")) // nothing is in the way
}

func whoSeesANamespace(t *testing.T, s metadata.Store) {
	private := space("private")
	private.Visibility = glance.VisibilityPrivate
	createSpaces(t, s, private, space("public"))
	for _, tt := range []struct {
		sc   metadata.Scope
		name string
		want error
	}{
		{metadata.Scope{Admin: true, Project: "other"}, "private", nil},
		{metadata.Scope{Project: "owner"}, "private", nil},
		{metadata.Scope{Project: "other"}, "private", metadata.HiddenNamespace("private")},
		{metadata.Scope{}, "private", metadata.HiddenNamespace("private")},
		{metadata.Scope{Project: "other"}, "public", nil},
		{metadata.Scope{}, "public", nil},
		{metadata.Scope{Admin: true}, "unknown", metadata.NoNamespace("unknown")},
		{metadata.Scope{}, "unknown", metadata.NoNamespace("unknown")},
	} {
		_, err := s.Namespace(t.Context(), tt.sc, tt.name)
		same(t, tt.name, err, tt.want)
		_, err = s.UpdateNamespace(t.Context(), tt.sc, tt.name, func(*glance.MetadefNamespace) error { return metadata.ErrUnchanged })
		same(t, "update of "+tt.name, err, tt.want)
	}
}

func updateNamespace(t *testing.T, s metadata.Store) {
	ns := fullSpace("ns")
	createSpaces(t, s, ns)
	want := wholeSpace(t, s, "ns")
	sc := metadata.Scope{Project: "owner"}
	got, err := s.UpdateNamespace(t.Context(), sc, "ns", func(ns *glance.MetadefNamespace) error {
		ns.DisplayName, ns.Description, ns.Protected, ns.Owner = nil, ptr(""), ptr(false), "new"
		ns.Visibility, ns.CreatedAt, ns.ID = glance.VisibilityPublic, ns.CreatedAt.AddDate(1, 0, 0), ns.ID+1
		ns.Tags = []glance.MetadefTag{{Name: "no part of it"}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Tags != nil || got.UpdatedAt.Before(ns.UpdatedAt) {
		t.Errorf("namespace: %s", show(got))
	}
	want.DisplayName, want.Description, want.Protected, want.Owner = nil, ptr(""), ptr(false), "new"
	want.Visibility, want.UpdatedAt = glance.VisibilityPublic, got.UpdatedAt
	mine := errors.New("mine")
	for stop, result := range map[error]error{metadata.ErrUnchanged: nil, mine: mine} {
		_, err := s.UpdateNamespace(t.Context(), sc, "ns", func(ns *glance.MetadefNamespace) error {
			ns.Owner, *ns.Description = "changed", "changed"
			return stop
		})
		if !errors.Is(err, result) {
			t.Errorf("%v: error %v", stop, err)
		}
	}
	sameSpace(t, "stored", wholeSpace(t, s, "ns"), want)
}

func renameNamespace(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("old"), space("taken"))
	rename := func(from, to string) error {
		_, err := s.UpdateNamespace(t.Context(), metadata.Everything(), from, func(ns *glance.MetadefNamespace) error {
			ns.Name = to
			return nil
		})
		return err
	}
	wants(t, rename("old", "taken"), glance.Conflict, "Invalid update. It would result in a duplicate metadata definition namespace with the same name of taken")
	for _, to := range []string{"old", "OLD", "new"} {
		want := wholeSpace(t, s, "old")
		if err := rename("old", to); err != nil {
			t.Fatalf("old to %s: %v", to, err)
		}
		want.Name, want.UpdatedAt = to, readSpace(t, s, to).UpdatedAt
		sameSpace(t, to, wholeSpace(t, s, to), want)
		if err := rename(to, "old"); err != nil {
			t.Fatalf("%s to old: %v", to, err)
		}
	}
	_, err := s.Namespace(t.Context(), metadata.Everything(), "new")
	wants(t, err, glance.NotFound, "")
}

func deleteNamespace(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("ns"), fullSpace("stays"))
	stays := wholeSpace(t, s, "stays")
	ns := readSpace(t, s, "ns")
	if err := s.DeleteNamespace(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	_, err := s.Namespace(t.Context(), metadata.Everything(), "ns")
	wants(t, err, glance.NotFound, "")
	wants(t, s.DeleteNamespace(t.Context(), ns), glance.NotFound, "Metadata definition namespace=ns was not found.")
	sameSpace(t, "the other", wholeSpace(t, s, "stays"), stays)
	same(t, "resource types", typeNames(t, s), []string{"OS::Nova::Server", "OS::Glance::Image"})
	createSpaces(t, s, space("ns"))
	sameSpace(t, "made again", wholeSpace(t, s, "ns"), readSpace(t, s, "ns"))
}

// namespaceGoneMeanwhile: whoever holds a namespace that was deleted or has
// another name now gets nothing done, on one made since neither.
func namespaceGoneMeanwhile(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("deleted"), fullSpace("renamed"))
	deleted, renamed := readSpace(t, s, "deleted"), readSpace(t, s, "renamed")
	if _, err := s.UpdateNamespace(t.Context(), metadata.Everything(), "renamed", func(ns *glance.MetadefNamespace) error {
		ns.Name = "new"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteNamespace(t.Context(), deleted); err != nil {
		t.Fatal(err)
	}
	createSpaces(t, s, fullSpace("since"))
	before := []*glance.MetadefNamespace{wholeSpace(t, s, "new"), wholeSpace(t, s, "since")}
	for _, ns := range []*glance.MetadefNamespace{deleted, renamed} {
		for name, err := range everyPartCall(t.Context(), s, ns) {
			if glance.KindOf(err) != glance.NotFound || !strings.Contains(err.Error(), "namespace="+ns.Name+" was not found.") {
				t.Errorf("%s: %s: %v", ns.Name, name, err)
			}
		}
	}
	for _, want := range before {
		sameSpace(t, want.Name, wholeSpace(t, s, want.Name), want)
	}
}

func awkwardNamespaces(t *testing.T, s metadata.Store) {
	for _, text := range []string{
		strings.Repeat("é", 80), "😀 four bytes", " a ", "'quoted\"", "%_\\", "a\x00b", "?1 $1 :name", "line\nbreak", "../x", "'; DROP TABLE metadef_tags; --",
	} {
		ns := space(text)
		ns.DisplayName, ns.Description, ns.Owner = &text, &text, text
		ns.Objects = []glance.MetadefObject{{Name: text, Description: &text, Properties: json.RawMessage(`{}`)}}
		ns.Properties = []glance.MetadefProperty{{Name: text, Schema: json.RawMessage(`{}`)}}
		ns.Tags = []glance.MetadefTag{{Name: text}}
		ns.Associations = []glance.MetadefAssociation{{ResourceType: text, Prefix: &text, PropertiesTarget: &text}}
		if engineOf(s).refuses(text) {
			wants(t, s.CreateNamespace(t.Context(), ns), glance.Invalid, "")
			continue
		}
		createSpaces(t, s, ns)
		sameSpace(t, text, wholeSpace(t, s, text), ns)
		if err := s.DeleteNamespace(t.Context(), ns); err != nil {
			t.Error(err)
		}
	}
}
