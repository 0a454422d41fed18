package metadatatest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func metadefPartTests() []test {
	return []test{
		{"life of a part", lifeOfAPart},
		{"a name is used once in a namespace", aPartIsUnique},
		{"missing parts", missingParts},
		{"all at once", allPartsAtOnce},
		{"names of parts fold", partNamesFold},
		{"fields of an object", fieldsOfAnObject},
		{"fields of a property", fieldsOfAProperty},
		{"required names", requiredNames},
	}
}

func lifeOfAPart(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"), fullSpace("other"))
	other := wholeSpace(t, s, "other")
	ns := readSpace(t, s, "ns")
	for _, k := range kinds(s) {
		for _, name := range []string{"b", "c", "a"} {
			if err := k.add(t.Context(), ns, name); err != nil {
				t.Fatal(k.part, err)
			}
		}
		want := []string{"a", "b", "c"}
		if k.part == metadata.PartTag {
			want = []string{"b", "c", "a"}
		}
		wantParts(t, k, ns, want...)
		if name, err := k.get(t.Context(), ns, "c"); name != "c" || err != nil {
			t.Errorf("%s: %q, %v", k.part, name, err)
		}
		if name, err := k.rename(t.Context(), ns, "c", "d", nil); name != "d" || err != nil {
			t.Errorf("%s renamed: %q, %v", k.part, name, err)
		}
		if err := k.remove(t.Context(), ns, "b"); err != nil {
			t.Error(k.part, err)
		}
		want = []string{"a", "d"}
		if k.part == metadata.PartTag {
			want = []string{"d", "a"}
		}
		wantParts(t, k, ns, want...)
	}
	sameSpace(t, "another namespace", wholeSpace(t, s, "other"), other)
	sameSpace(t, "the row of the namespace", readSpace(t, s, "ns"), ns)
}

func wantParts(t *testing.T, k kind, ns *glance.MetadefNamespace, want ...string) {
	t.Helper()
	names, err := k.list(t.Context(), ns)
	if err != nil {
		t.Error(err)
	}
	same(t, string(k.part), append([]string{}, names...), append([]string{}, want...))
}

func aPartIsUnique(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"), space("other"))
	ns, other := readSpace(t, s, "ns"), readSpace(t, s, "other")
	for _, k := range kinds(s) {
		for _, name := range []string{"a", "b"} {
			if err := errors.Join(k.add(t.Context(), ns, name), k.add(t.Context(), other, name)); err != nil {
				t.Fatal(k.part, err)
			}
		}
		same(t, "added again", k.add(t.Context(), ns, "a"), metadata.MetadefPartExists(k.part, "a", "ns"))
		_, err := k.rename(t.Context(), ns, "a", "b", nil)
		same(t, "renamed", err, metadata.MetadefPartRenamed(k.part, "b", "ns"))
		if _, err := k.rename(t.Context(), ns, "a", "a", nil); err != nil {
			t.Errorf("%s to its own name: %v", k.part, err)
		}
		mine := errors.New("mine")
		for stop, want := range map[error]error{mine: mine, metadata.ErrUnchanged: nil} {
			if _, err := k.rename(t.Context(), ns, "a", "b", stop); !errors.Is(err, want) {
				t.Errorf("%s, change gives %v: %v", k.part, stop, err)
			}
		}
		wantParts(t, k, ns, "a", "b")
	}
}

func missingParts(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"), fullSpace("other"))
	ns := readSpace(t, s, "ns")
	for _, k := range kinds(s) {
		for _, name := range []string{"first", "zeta", "a", "", strings.Repeat("x", 300)} {
			want := metadata.NoMetadefPart(k.part, name)
			_, err := k.get(t.Context(), ns, name)
			same(t, "get", err, want)
			_, err = k.rename(t.Context(), ns, name, "x", nil)
			same(t, "rename", err, want)
			same(t, "remove", k.remove(t.Context(), ns, name), want)
		}
		wantParts(t, k, ns)
	}
}

func allPartsAtOnce(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("ns"), fullSpace("other"))
	other := wholeSpace(t, s, "other")
	ns := readSpace(t, s, "ns")
	for _, k := range kinds(s) {
		for _, want := range []int{2, 0} {
			if n, err := k.removeAll(t.Context(), ns); n != want || err != nil {
				t.Errorf("%s: removed %d of %d, %v", k.part, n, want, err)
			}
			wantParts(t, k, ns)
		}
		if err := k.add(t.Context(), ns, "again"); err != nil {
			t.Error(err)
		}
	}
	sameSpace(t, "another namespace", wholeSpace(t, s, "other"), other)
}

func partNamesFold(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	ns := readSpace(t, s, "ns")
	for _, k := range kinds(s) {
		if err := k.add(t.Context(), ns, "name"); err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"NAME", "name "} {
			equal := engineOf(s).fold("name") == engineOf(s).fold(other)
			if err := k.add(t.Context(), ns, other); equal != errors.Is(err, glance.Conflict) || !equal && err != nil {
				t.Errorf("%s %q beside name: %v", k.part, other, err)
			}
			if name, err := k.get(t.Context(), ns, other); err != nil || equal && name != "name" || !equal && name != other {
				t.Errorf("%s %q: %q, %v", k.part, other, name, err)
			}
		}
		if name, err := k.rename(t.Context(), ns, "name", "Name", nil); err != nil || name != "Name" {
			t.Errorf("%s in another spelling: %q, %v", k.part, name, err)
		}
	}
}

func fieldsOfAnObject(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	ns := readSpace(t, s, "ns")
	o := fullSpace("ns").Objects[0]
	if err := s.AddMetadefObject(t.Context(), ns, &o); err != nil {
		t.Fatal(err)
	}
	if o.CreatedAt.IsZero() || !o.CreatedAt.Equal(o.UpdatedAt) {
		t.Errorf("added at %v, %v", o.CreatedAt, o.UpdatedAt)
	}
	got, err := s.MetadefObject(t.Context(), ns, o.Name)
	if err != nil {
		t.Fatal(err)
	}
	compare := func(got glance.MetadefObject) {
		t.Helper()
		got.Properties, o.Properties = spelled(t, got.Properties), spelled(t, o.Properties)
		same(t, "object", got, o)
	}
	compare(got)
	got, err = s.UpdateMetadefObject(t.Context(), ns, o.Name, func(o *glance.MetadefObject) error {
		o.Name, o.Description, o.Required, o.Properties = "new", nil, nil, json.RawMessage(`{"c":{"é":[1,null]}}`)
		o.CreatedAt = o.CreatedAt.AddDate(1, 0, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.Description, o.Required, o.Properties, o.UpdatedAt = "new", nil, nil, json.RawMessage(`{"c":{"é":[1,null]}}`), got.UpdatedAt
	compare(got)
	if got, err = s.MetadefObject(t.Context(), ns, "new"); err != nil {
		t.Fatal(err)
	}
	compare(got)
}

func fieldsOfAProperty(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	ns := readSpace(t, s, "ns")
	p := fullSpace("ns").Properties[0]
	if err := s.AddMetadefProperty(t.Context(), ns, &p); err != nil {
		t.Fatal(err)
	}
	compare := func(got glance.MetadefProperty, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got.Schema, p.Schema = spelled(t, got.Schema), spelled(t, p.Schema)
		same(t, "property", got, p)
	}
	compare(s.MetadefProperty(t.Context(), ns, p.Name))
	long := json.RawMessage(`{"description":"` + strings.Repeat("x", 60_000) + `"}`)
	got, err := s.UpdateMetadefProperty(t.Context(), ns, p.Name, func(p *glance.MetadefProperty) error {
		p.Schema = long
		return nil
	})
	p.Schema, p.UpdatedAt = long, got.UpdatedAt
	compare(got, err)
	compare(s.MetadefProperty(t.Context(), ns, p.Name))
}

// requiredNames: they are one text with commas.
func requiredNames(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	ns := readSpace(t, s, "ns")
	for name, pair := range map[string][2][]string{
		"null":    {nil, nil},
		"empty":   {{}, nil},
		"nothing": {{""}, nil},
		"comma":   {{"a,b", "c"}, {"a", "b", "c"}},
		"gap":     {{"a", "", " b"}, {"a", "", " b"}},
	} {
		o := glance.MetadefObject{Name: name, Required: pair[0], Properties: json.RawMessage(`{}`)}
		if err := s.AddMetadefObject(t.Context(), ns, &o); err != nil {
			t.Fatal(err)
		}
		got, err := s.MetadefObject(t.Context(), ns, name)
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, got.Required, pair[1])
	}
}
