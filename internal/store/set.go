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

// The stores that the service keeps for itself. Ids with ReservedPrefix are
// never offered to users.
const (
	ReservedPrefix = "os_glance_"
	StagingStore   = "os_glance_staging_store"
	TasksStore     = "os_glance_tasks_store"
)

// Named is one store of a Set.
type Named struct {
	ID          string
	Driver      Driver
	Description string // empty when not configured
	Weight      int    // heavier stores are read first
	AddDisabled bool   // configured so badly that it can only be read
	Hidden      bool   // works, but discovery leaves it out
}

func (n Named) reserved() bool { return strings.HasPrefix(n.ID, ReservedPrefix) }

// Set is all stores of this node. With several backends enabled (multi), users
// see and choose stores, and locations say where they lie; without, all of
// that is hidden. A Set never changes.
type Set struct {
	multi   bool
	def     string
	offered []Named // in order of configuration
	byID    map[string]Named
}

// NewSet makes a Set; def is the id of the store for data that nobody chose a
// store for.
func NewSet(multi bool, def string, stores ...Named) (*Set, error) {
	s := &Set{multi: multi, def: def, byID: make(map[string]Named, len(stores))}
	for _, n := range stores {
		n.AddDisabled = n.AddDisabled || n.Driver.Info().ReadOnly
		s.byID[n.ID] = n
		if !n.reserved() {
			s.offered = append(s.offered, n)
		}
	}
	if _, err := s.offers(def); err != nil {
		return nil, err
	}
	return s, nil
}

// Multi reports whether several backends are enabled, even if it is only one.
func (s *Set) Multi() bool { return s.multi }

// Default is the id of the store for data that nobody chose a store for.
func (s *Set) Default() string { return s.def }

// Stores lists the stores that users may know of, in order of configuration.
func (s *Set) Stores() []Named { return slices.Clone(s.offered) }

// Schemes lists the schemes of URLs that can be read.
func (s *Set) Schemes() []string {
	var all []string
	for _, n := range s.offered {
		all = append(all, n.Driver.Info().Schemes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Reserved gives one of the service's own stores.
func (s *Set) Reserved(id string) (Driver, error) {
	n, ok := s.byID[id]
	if !ok || !n.reserved() {
		return nil, noStore(id)
	}
	return n.Driver, nil
}

// Choose gives the id of the store that takes data sent to id; the default's
// for "", and always without multi. It fails with Invalid when users may not
// know of such a store.
func (s *Set) Choose(id string) (string, error) {
	if id == "" || !s.multi {
		return s.def, nil
	}
	n, err := s.offers(id)
	return n.ID, err
}

func (s *Set) offers(id string) (Named, error) {
	n, ok := s.byID[id]
	if !ok || n.reserved() {
		return Named{}, noStore(id)
	}
	return n, nil
}

func noStore(id string) error {
	return glance.Errorf(glance.Invalid, "Store for identifier %s not found", id)
}

// Put writes data to the store that Choose(id) gives; see Driver. It fails
// with Gone when that store takes none. With multi, the metadata names the
// store.
func (s *Set) Put(ctx context.Context, id string, up Upload, r io.Reader) (Object, error) {
	id, err := s.Choose(id)
	if err != nil {
		return Object{}, err
	}
	n := s.byID[id]
	if n.AddDisabled {
		return Object{}, AddDisabled()
	}
	object, err := n.Driver.Put(ctx, up, r)
	if err == nil && s.multi {
		object.Metadata = withStore(object.Metadata, id)
	}
	return object, err
}

func withStore(metadata map[string]any, id string) map[string]any {
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["store"] = id
	return metadata
}

// Abandon removes what an upload of an earlier process may have left in a
// store, a reserved one too; see Driver.
func (s *Set) Abandon(ctx context.Context, id string, up Upload) error {
	n, ok := s.byID[id]
	if !ok {
		return noStore(id)
	}
	return n.Driver.Abandon(ctx, up)
}

// Open gives the data at a location from offset on; see Driver. It fails with
// NotFound when no store can have it.
func (s *Set) Open(ctx context.Context, at glance.Location, offset int64) (data Data, err error) {
	err = s.each(at, func(d Driver) (err error) {
		data, err = d.Open(ctx, at.URL, offset)
		return err
	})
	return data, err
}

// Size asks how many bytes lie at a location; see Driver.
func (s *Set) Size(ctx context.Context, at glance.Location) (size int64, err error) {
	err = s.each(at, func(d Driver) (err error) {
		size, err = d.Size(ctx, at.URL)
		return err
	})
	return size, err
}

// Delete removes the data at a location; see Driver.
func (s *Set) Delete(ctx context.Context, at glance.Location) error {
	return s.each(at, func(d Driver) error { return d.Delete(ctx, at.URL) })
}

// each calls the store of a location. Where that is not known it calls all that
// have its kind of URL until one succeeds; those that know nothing of the data
// do not count.
func (s *Set) each(at glance.Location, call func(Driver) error) error {
	if id, ok := s.StoreOf(at); ok {
		return call(s.byID[id].Driver)
	}
	var failed error
	known := false
	for _, n := range s.offered {
		if !n.reads(at.URL) {
			continue
		}
		known = true
		err := call(n.Driver)
		if err == nil {
			return nil
		}
		if failed == nil && !errors.Is(err, glance.NotFound) && !errors.Is(err, glance.Invalid) {
			failed = err
		}
	}
	switch {
	case failed != nil:
		return failed
	case known || s.multi:
		return glance.Errorf(glance.NotFound, "Image not found in any configured backend")
	}
	return glance.Errorf(glance.NotFound, "Unknown scheme '%s' found in URI", scheme(at.URL))
}

// reads reports whether a store can mean a URL at all.
func (n Named) reads(url string) bool {
	info := n.Driver.Info()
	// Compat: the original compares the type's name; swift+https has type swift.
	return slices.Contains(info.Schemes, scheme(url)) || strings.HasPrefix(url, info.Type)
}

func scheme(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	return scheme
}
