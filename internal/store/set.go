package store

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"glance/internal/glance"
)

// Named is one store of a Set.
type Named struct {
	ID          string // name in the configuration; the type's name with a single store
	Driver      Driver
	Description string
	Weight      int // of its locations; higher ones come first
}

// Set is all stores of a node. It chooses where data goes and finds the driver
// of a location; it does not change once made.
type Set struct {
	stores   []Named // in configured order
	fallback string  // id of the default store
	multi    bool    // enabled_backends is in use
	byID     map[string]Named
}

// NewSet makes a set of stores that are told apart by id (enabled_backends).
// Stores whose id begins with os_glance_ serve the service itself and are not
// offered to users. fallback must be the id of one of the others.
func NewSet(stores []Named, fallback string) (*Set, error) {
	s := newSet(stores, fallback)
	s.multi = true
	if _, ok := s.byID[fallback]; !ok || IsReserved(fallback) {
		return nil, unknownStore(fallback)
	}
	return s, nil
}

// NewSingle makes the set of an installation without enabled_backends: data
// goes to the store with the id fallback, locations do not name stores.
func NewSingle(stores []Named, fallback string) (*Set, error) {
	s := newSet(stores, fallback)
	if _, ok := s.byID[fallback]; !ok {
		return nil, unknownStore(fallback)
	}
	return s, nil
}

func newSet(stores []Named, fallback string) *Set {
	s := &Set{stores: slices.Clone(stores), fallback: fallback, byID: make(map[string]Named, len(stores))}
	for _, n := range stores {
		s.byID[n.ID] = n
	}
	return s
}

// IsReserved reports whether an id belongs to a store of the service itself.
func IsReserved(id string) bool { return strings.HasPrefix(id, "os_glance_") }

func unknownStore(id string) error {
	return glance.Errorf(glance.Invalid, "Store for identifier %s not found", id)
}

// Multi reports whether stores are told apart by id.
func (s *Set) Multi() bool { return s.multi }

// Default is the id of the store that takes data when nobody chooses.
func (s *Set) Default() string { return s.fallback }

// Offered lists the stores that users may know, in configured order.
func (s *Set) Offered() []Named {
	return slices.DeleteFunc(slices.Clone(s.stores), func(n Named) bool { return IsReserved(n.ID) })
}

// Choose gives the id of the store that a request names; nil, or any name with
// a single store, is the default one. Invalid when there is no such store.
func (s *Set) Choose(id *string) (string, error) {
	if id == nil || !s.multi {
		return s.fallback, nil
	}
	if _, ok := s.byID[*id]; !ok || IsReserved(*id) {
		return "", unknownStore(*id)
	}
	return *id, nil
}

// Put writes data to a store and gives the location that is to be saved.
// Errors beside those of Driver.Put: Invalid for an unknown store, Gone for one
// that takes no data.
func (s *Set) Put(ctx context.Context, id string, up Upload, r io.Reader) (glance.Location, error) {
	to, ok := s.byID[id]
	if !ok {
		return glance.Location{}, unknownStore(id)
	}
	if to.Driver.Info().ReadOnly {
		return glance.Location{}, glance.Errorf(glance.Gone, "Error in store configuration. Adding images to store is disabled.")
	}
	object, err := to.Driver.Put(ctx, up, r)
	if err != nil {
		return glance.Location{}, err
	}
	loc := glance.Location{URL: object.URL, Metadata: maps.Clone(object.Metadata)}
	if loc.Metadata == nil {
		loc.Metadata = map[string]any{}
	}
	if s.multi {
		loc.Metadata["store"] = id
	}
	return loc, nil
}

// Abandon removes what an upload of an earlier process may have left.
func (s *Set) Abandon(ctx context.Context, id string, up Upload) error {
	to, ok := s.byID[id]
	if !ok {
		return unknownStore(id)
	}
	return to.Driver.Abandon(ctx, up)
}

// Open opens the data at a location from offset on.
func (s *Set) Open(ctx context.Context, loc glance.Location, offset int64) (Data, error) {
	var data Data
	err := s.try(loc, func(d Driver) (err error) {
		data, err = d.Open(ctx, loc.URL, offset)
		return err
	})
	return data, err
}

// Size asks how many bytes lie at a location.
func (s *Set) Size(ctx context.Context, loc glance.Location) (int64, error) {
	var size int64
	err := s.try(loc, func(d Driver) (err error) {
		size, err = d.Size(ctx, loc.URL)
		return err
	})
	return size, err
}

// Delete removes the data at a location.
func (s *Set) Delete(ctx context.Context, loc glance.Location) error {
	return s.try(loc, func(d Driver) error { return d.Delete(ctx, loc.URL) })
}

// try calls use with the driver of a location. When the location does not say
// in which store it lies, every store that reads its scheme is tried.
func (s *Set) try(loc glance.Location, use func(Driver) error) error {
	if n, ok := s.storeOf(loc); ok {
		return use(n.Driver)
	}
	err := error(glance.Errorf(glance.NotFound, "Image not found in any configured backend"))
	scheme, _, _ := strings.Cut(loc.URL, "://")
	for _, n := range s.stores {
		if !slices.Contains(n.Driver.Info().Schemes, scheme) {
			continue
		}
		if err = use(n.Driver); !errors.Is(err, glance.NotFound) {
			return err
		}
	}
	return err
}

// storeOf finds the store that a location says it lies in, or else the one
// whose place its URL names.
func (s *Set) storeOf(loc glance.Location) (Named, bool) {
	if n, ok := s.byID[loc.Store()]; ok && s.multi {
		return n, true
	}
	for _, n := range s.stores {
		if n.Driver.Owns(loc.URL) {
			return n, true
		}
	}
	return Named{}, false
}

// Order sorts locations in place by the weight of their stores, the heaviest
// first; those of equal weight keep their order.
func (s *Set) Order(locations []glance.Location) {
	if !s.multi || len(locations) < 2 {
		return
	}
	slices.SortStableFunc(locations, func(a, b glance.Location) int {
		return s.byID[b.Store()].Weight - s.byID[a.Store()].Weight
	})
}

// Prefer gives the locations with those in one of the named stores first, all
// in their present order otherwise. Invalid with a single store or for a store
// that is not configured.
func (s *Set) Prefer(locations []glance.Location, ids []string) ([]glance.Location, error) {
	if !s.multi {
		return nil, glance.Errorf(glance.Invalid,
			"Store selection for download is not available when multiple backends are not enabled.")
	}
	for _, id := range ids {
		if _, ok := s.byID[id]; !ok || IsReserved(id) {
			return nil, glance.Errorf(glance.Invalid, "Store '%s' is not configured.", id)
		}
	}
	preferred := slices.Clone(locations)
	slices.SortStableFunc(preferred, func(a, b glance.Location) int {
		return rank(ids, a.Store()) - rank(ids, b.Store())
	})
	return preferred, nil
}

func rank(ids []string, id string) int {
	if slices.Contains(ids, id) {
		return 0
	}
	return 1
}
