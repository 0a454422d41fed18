package metadatatest

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func resourceTypeTests() []test {
	return []test{
		{"types stay", resourceTypesStay},
		{"life of a type", lifeOfAType},
		{"life of an association", lifeOfAnAssociation},
		{"missing associations", missingAssociations},
		{"types fold", resourceTypesFold},
	}
}

func typeNames(t *testing.T, s metadata.Store) (names []string) {
	t.Helper()
	all, err := s.ResourceTypes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		names = append(names, one.Name)
	}
	return names
}

func associate(t *testing.T, s metadata.Store, ns *glance.MetadefNamespace, types ...string) {
	t.Helper()
	for _, name := range types {
		if err := s.AddAssociation(t.Context(), ns, &glance.MetadefAssociation{ResourceType: name}); err != nil {
			t.Fatal(err)
		}
	}
}

func associated(t *testing.T, s metadata.Store, ns *glance.MetadefNamespace) (names []string) {
	t.Helper()
	all, err := s.Associations(t.Context(), ns)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		names = append(names, a.ResourceType)
	}
	return names
}

func lifeOfAType(t *testing.T, s metadata.Store) {
	rt := glance.MetadefResourceType{Name: "R", Protected: true}
	if err := s.AddResourceType(t.Context(), &rt); err != nil {
		t.Fatal(err)
	}
	all, err := s.ResourceTypes(t.Context())
	if err != nil || len(all) != 1 || all[0] != rt || rt.CreatedAt.IsZero() {
		t.Errorf("types %s, %v, want %s", show(all), err, show(rt))
	}
	wants(t, s.AddResourceType(t.Context(), &glance.MetadefResourceType{Name: "R"}), glance.Conflict, metadata.ResourceTypeExists("R").Error())
	createSpaces(t, s, space("one"))
	one := readSpace(t, s, "one")
	associate(t, s, one, "R")
	wants(t, s.RemoveResourceType(t.Context(), "R"), glance.Conflict, metadata.ResourceTypeUsed("R").Error())
	if err := s.RemoveAssociation(t.Context(), one, "R"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveResourceType(t.Context(), "R"); err != nil {
		t.Fatal(err)
	}
	wants(t, s.RemoveResourceType(t.Context(), "R"), glance.NotFound, metadata.NoResourceType("R").Error())
	same(t, "types", typeNames(t, s), nil)
	associate(t, s, one, "R")
	same(t, "types", typeNames(t, s), []string{"R"})
}

func resourceTypesStay(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("one"), space("two"))
	one, two := readSpace(t, s, "one"), readSpace(t, s, "two")
	associate(t, s, one, "b", "a")
	associate(t, s, two, "c", "a", "b")
	same(t, "types", typeNames(t, s), []string{"b", "a", "c"})
	same(t, "associations in the order of the types", associated(t, s, two), []string{"b", "a", "c"})
	if err := s.RemoveAssociation(t.Context(), one, "b"); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteNamespace(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	all, err := s.ResourceTypes(t.Context())
	if err != nil || len(all) != 3 || all[0].Protected || all[0].CreatedAt.IsZero() || all[0].UpdatedAt.IsZero() {
		t.Errorf("types %s, %v", show(all), err)
	}
	same(t, "associations", associated(t, s, one), []string{"a"})
}

func lifeOfAnAssociation(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"), fullSpace("other"))
	ns := readSpace(t, s, "ns")
	a := glance.MetadefAssociation{ResourceType: "R", Prefix: ptr("p_"), PropertiesTarget: ptr("image")}
	if err := s.AddAssociation(t.Context(), ns, &a); err != nil {
		t.Fatal(err)
	}
	if a.CreatedAt.IsZero() || !a.CreatedAt.Equal(a.UpdatedAt) {
		t.Errorf("added at %v, %v", a.CreatedAt, a.UpdatedAt)
	}
	got, err := s.Association(t.Context(), ns, "R")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "association", got, a)
	again := glance.MetadefAssociation{ResourceType: "R"}
	same(t, "again", s.AddAssociation(t.Context(), ns, &again), metadata.AssociationExists("R", "ns"))
	if err := s.RemoveAssociation(t.Context(), ns, "R"); err != nil {
		t.Fatal(err)
	}
	same(t, "removed twice", s.RemoveAssociation(t.Context(), ns, "R"), metadata.NoAssociation("R", "ns"))
	if err := s.AddAssociation(t.Context(), ns, &again); err != nil {
		t.Fatal(err)
	}
	got, err = s.Association(t.Context(), ns, "R")
	if err != nil || got.Prefix != nil || got.PropertiesTarget != nil {
		t.Errorf("added again: %s, %v", show(got), err)
	}
}

func missingAssociations(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"), fullSpace("other"))
	ns := readSpace(t, s, "ns")
	for name, want := range map[string]error{
		"OS::Nova::Server": metadata.NoAssociation("OS::Nova::Server", "ns"),
		"unknown":          metadata.NoResourceType("unknown"),
	} {
		_, err := s.Association(t.Context(), ns, name)
		same(t, name, err, want)
		same(t, name, s.RemoveAssociation(t.Context(), ns, name), want)
	}
	same(t, "associations", len(associated(t, s, ns)), 0)
}

func resourceTypesFold(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("one"), space("two"))
	associate(t, s, readSpace(t, s, "one"), "R")
	associate(t, s, readSpace(t, s, "two"), "r")
	want := []string{"R", "r"}
	if engineOf(s).fold("R") == engineOf(s).fold("r") {
		want = want[:1]
	}
	same(t, "types", typeNames(t, s), want)
	same(t, "of the second", associated(t, s, readSpace(t, s, "two")), want[len(want)-1:])
}
