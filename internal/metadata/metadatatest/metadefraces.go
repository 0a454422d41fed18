package metadatatest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func metadefConcurrencyTests() []test {
	return []test{
		{"one namespace wins", oneNamespaceWins},
		{"one part wins", onePartWins},
		{"one new name wins", oneNewNameWins},
		{"one resource type is made", oneResourceTypeIsMade},
		{"tags are replaced as a whole", tagsAreReplacedAsAWhole},
		{"parts of what goes away", partsOfWhatGoesAway},
	}
}

func metadefLifecycleTests() []test {
	return []test{
		{"closed or cancelled", metadefsClosedOrCancelled},
	}
}

func oneNamespaceWins(t *testing.T, s metadata.Store) {
	won := winners(t, glance.Conflict, func(int) error { return s.CreateNamespace(t.Context(), fullSpace("ns")) })
	if won != 1 {
		t.Errorf("%d creates won", won)
	}
	same(t, "objects", len(wholeSpace(t, s, "ns").Objects), 2)
}

func onePartWins(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	ns := readSpace(t, s, "ns")
	for _, k := range kinds(s) {
		won := winners(t, glance.Conflict, func(int) error { return k.add(t.Context(), ns, "name") })
		if won != 1 {
			t.Errorf("%s: %d won", k.part, won)
		}
		won = winners(t, glance.NotFound, func(int) error { return k.remove(t.Context(), ns, "name") })
		if won != 1 {
			t.Errorf("%s: %d removed it", k.part, won)
		}
	}
	won := winners(t, glance.Conflict, func(int) error {
		return s.AddAssociation(t.Context(), ns, &glance.MetadefAssociation{ResourceType: "R"})
	})
	same(t, "associations", []any{won, associated(t, s, ns)}, []any{1, []string{"R"}})
}

func oneNewNameWins(t *testing.T, s metadata.Store) {
	for n := range crowd {
		createSpaces(t, s, space(fmt.Sprint("ns ", n)))
	}
	won := winners(t, glance.Conflict, func(n int) error {
		_, err := s.UpdateNamespace(t.Context(), metadata.Everything(), fmt.Sprint("ns ", n), func(ns *glance.MetadefNamespace) error {
			ns.Name = "new"
			return nil
		})
		return err
	})
	same(t, "winners", won, 1)
	same(t, "namespaces", len(spaceNames(t, s, metadata.Everything(), metadata.NamespaceQuery{Limit: -1, Sort: "id"})), crowd)
}

func oneResourceTypeIsMade(t *testing.T, s metadata.Store) {
	together(func(n int) {
		ns := space(fmt.Sprint("ns ", n))
		ns.Associations = []glance.MetadefAssociation{{ResourceType: "A"}, {ResourceType: "B"}}
		if n%2 == 0 {
			ns.Associations[0], ns.Associations[1] = ns.Associations[1], ns.Associations[0]
		}
		if err := s.CreateNamespace(t.Context(), ns); err != nil {
			t.Error(err)
		}
		if err := s.AddAssociation(t.Context(), ns, &glance.MetadefAssociation{ResourceType: "C"}); err != nil {
			t.Error(err)
		}
	})
	same(t, "types", len(typeNames(t, s)), 3)
	for n := range crowd {
		same(t, "associations", len(associated(t, s, readSpace(t, s, fmt.Sprint("ns ", n)))), 3)
	}
}

func tagsAreReplacedAsAWhole(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	ns := readSpace(t, s, "ns")
	together(func(n int) {
		for round := range 4 {
			mark := fmt.Sprintf("%02d-%d", n, round)
			if err := s.AddMetadefTags(t.Context(), ns, tagList(mark+"a", mark+"b"), false); err != nil {
				t.Error(err)
			}
			names, err := tagKind(s).list(t.Context(), ns)
			if err != nil || len(names) != 2 || names[0][:4] != names[1][:4] {
				t.Errorf("tags %q, %v", names, err)
			}
		}
	})
}

// partsOfWhatGoesAway: a namespace is deleted while others add to it. They
// succeed before, or are told that it is gone; nothing of it is left.
func partsOfWhatGoesAway(t *testing.T, s metadata.Store) {
	for round := range 3 {
		name := fmt.Sprint("ns ", round)
		createSpaces(t, s, fullSpace(name))
		ns := readSpace(t, s, name)
		all := kinds(s)
		together(func(n int) {
			err := func() error {
				switch {
				case n == crowd/2:
					return s.DeleteNamespace(t.Context(), ns)
				case n%4 == 3:
					return s.AddAssociation(t.Context(), ns, &glance.MetadefAssociation{ResourceType: fmt.Sprint("R", n)})
				}
				return all[n%4].add(t.Context(), ns, fmt.Sprint("new ", n))
			}()
			if err != nil && (n == crowd/2 || !errors.Is(err, glance.NotFound)) {
				t.Errorf("%d: %v", n, err)
			}
		})
		createSpaces(t, s, space(name))
		sameSpace(t, "made again", wholeSpace(t, s, name), readSpace(t, s, name))
	}
}

func metadefsClosedOrCancelled(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("ns"))
	before := wholeSpace(t, s, "ns")
	every := func(ctx context.Context) map[string]error {
		errs := everyPartCall(ctx, s, before)
		errs["CreateNamespace"] = s.CreateNamespace(ctx, space("new"))
		_, errs["Namespaces"] = s.Namespaces(ctx, anything(), metadata.NamespaceQuery{Limit: 1, Sort: "id"})
		_, errs["Namespace"] = s.Namespace(ctx, anything(), "ns")
		_, errs["UpdateNamespace"] = s.UpdateNamespace(ctx, anything(), "ns", func(*glance.MetadefNamespace) error { return nil })
		_, errs["ResourceTypes"] = s.ResourceTypes(ctx)
		errs["AddResourceType"] = s.AddResourceType(ctx, &glance.MetadefResourceType{Name: "alone"})
		errs["RemoveResourceType"] = s.RemoveResourceType(ctx, "alone")
		return errs
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range every(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %s: %v", name, err)
		}
	}
	sameSpace(t, "after cancelled calls", wholeSpace(t, s, "ns"), before)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range every(t.Context()) {
		if !errors.Is(err, glance.Unavailable) {
			t.Errorf("closed: %s: %v", name, err)
		}
	}
}
