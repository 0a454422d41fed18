package store

import (
	"cmp"
	"slices"

	"glance/internal/glance"
)

// StoreOf gives the id of the store that holds a location: with multi the one
// that its metadata names, and otherwise the first whose place its URL lies in.
func (s *Set) StoreOf(at glance.Location) (id string, ok bool) {
	if n, err := s.offers(at.Store()); err == nil && s.multi {
		return n.ID, true
	}
	for _, n := range s.offered {
		if n.Driver.Owns(at.URL) {
			return n.ID, true
		}
	}
	return "", false
}

// Repair makes the metadata of a location name its store, which rows of the
// time before several backends do not, nor those of a store that was renamed.
// It reports whether anything changed; at itself does not. Without multi
// nothing ever does. Source: spec stores §3.
func (s *Set) Repair(at glance.Location) (glance.Location, bool) {
	if !s.multi {
		return at, false
	}
	id, ok := s.StoreOf(at)
	if !ok || at.Metadata["store"] == id {
		return at, false
	}
	at.Metadata = withStore(at.Metadata, id)
	return at, true
}

// Order gives locations in the order in which they are shown and read: the
// store's weight, heaviest first, and otherwise as they came. Locations of
// unknown stores weigh 0. Without multi nothing moves.
func (s *Set) Order(locations []glance.Location) []glance.Location {
	byWeight := func(a, b glance.Location) int { return cmp.Compare(s.weight(b), s.weight(a)) }
	if !s.multi || slices.IsSortedFunc(locations, byWeight) {
		return locations
	}
	sorted := slices.Clone(locations)
	slices.SortStableFunc(sorted, byWeight)
	return sorted
}

// weight looks only at what the location says, not at its URL, as the original
// does: a repaired location says it.
func (s *Set) weight(at glance.Location) int { return s.byID[at.Store()].Weight }
