package store_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/store"
	"glance/internal/store/mem"
)

// stub is a driver whose description is as a test wants it.
type stub struct {
	store.Driver
	info store.Info
	err  error
}

func (s stub) Info() store.Info { return s.info }

func (s stub) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	if s.err != nil {
		return store.Data{}, s.err
	}
	return s.Driver.Open(ctx, url, offset)
}

func newSet(t *testing.T, multi bool, def string, stores ...store.Named) *store.Set {
	t.Helper()
	s, err := store.NewSet(multi, def, stores...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func threeStores() []store.Named {
	return []store.Named{
		{ID: "fast", Driver: mem.New("fast"), Weight: 20},
		{ID: store.StagingStore, Driver: mem.New("staging")},
		{ID: "cheap", Driver: mem.New("cheap"), Description: "Slow disks"},
		{ID: "broken", Driver: mem.New("broken"), Weight: 10, AddDisabled: true},
	}
}

func up(id string) store.Upload {
	return store.Upload{ImageID: id, Attempt: "attempt", Size: store.SizeUnknown}
}

func put(t *testing.T, s *store.Set, to, id string) glance.Location {
	t.Helper()
	object, err := s.Put(t.Context(), to, up(id), strings.NewReader("data of "+id))
	if err != nil {
		t.Fatal(err)
	}
	return glance.Location{URL: object.URL, Metadata: object.Metadata}
}

func wantError(t *testing.T, err error, kind glance.Kind, text string) {
	t.Helper()
	if err == nil || glance.KindOf(err) != kind || err.Error() != text {
		t.Errorf("got error %v (%v), want %s (%v)", err, glance.KindOf(err), text, kind)
	}
}

func TestPut(t *testing.T) {
	s := newSet(t, true, "cheap", threeStores()...)
	for to, want := range map[string]glance.Location{
		"":      {URL: "mem://cheap/1", Metadata: map[string]any{"store": "cheap"}},
		"fast":  {URL: "mem://fast/1", Metadata: map[string]any{"store": "fast"}},
		"other": {},
	} {
		if want.URL == "" {
			_, err := s.Put(t.Context(), to, up("1"), strings.NewReader(""))
			wantError(t, err, glance.Invalid, "Store for identifier other not found")
			continue
		}
		if diff := cmp.Diff(want, put(t, s, to, "1")); diff != "" {
			t.Errorf("put to %q (-want +got):\n%s", to, diff)
		}
	}
	_, err := s.Put(t.Context(), "broken", up("1"), strings.NewReader(""))
	wantError(t, err, glance.Gone, "Error in store configuration. Adding images to store is disabled.")
	_, err = s.Put(t.Context(), store.StagingStore, up("1"), strings.NewReader(""))
	wantError(t, err, glance.Invalid, "Store for identifier os_glance_staging_store not found")
}

func TestPutReadOnly(t *testing.T) {
	s := newSet(t, true, "web", store.Named{ID: "web", Driver: stub{mem.New("a"), store.Info{ReadOnly: true}, nil}})
	_, err := s.Put(t.Context(), "web", up("1"), strings.NewReader(""))
	wantError(t, err, glance.Gone, "Error in store configuration. Adding images to store is disabled.")
}

func TestSingle(t *testing.T) {
	s := newSet(t, false, "cheap", threeStores()...)
	at := put(t, s, "whatever a client says", "1")
	if diff := cmp.Diff(glance.Location{URL: "mem://cheap/1", Metadata: map[string]any{}}, at); diff != "" {
		t.Errorf("location (-want +got):\n%s", diff)
	}
	if _, changed := s.Repair(at); changed {
		t.Error("Repair changed a location")
	}
	two := []glance.Location{{URL: "a"}, {URL: "b", Metadata: map[string]any{"store": "fast"}}}
	if got := s.Order(two); got[0].URL != "a" {
		t.Errorf("Order moved: %v", got)
	}
	at.Metadata["store"] = "fast" // from a time with several backends
	if size, err := s.Size(t.Context(), at); err != nil || size != 9 {
		t.Errorf("Size: %d, %v", size, err)
	}
	_, err := s.Open(t.Context(), glance.Location{URL: "nope://secret@x"}, 0)
	wantError(t, err, glance.NotFound, "Unknown scheme 'nope' found in URI")
}

func TestNewSetWithoutDefault(t *testing.T) {
	for _, def := range []string{"", "other", store.StagingStore} {
		_, err := store.NewSet(true, def, threeStores()...)
		wantError(t, err, glance.Invalid, "Store for identifier "+def+" not found")
	}
}

func TestStores(t *testing.T) {
	s := newSet(t, true, "fast", threeStores()...)
	var ids []string
	for _, n := range s.Stores() {
		ids = append(ids, n.ID)
	}
	if diff := cmp.Diff([]string{"fast", "cheap", "broken"}, ids); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
	if got := s.Schemes(); !cmp.Equal(got, []string{"mem"}) {
		t.Errorf("schemes: %q", got)
	}
	if _, err := s.Reserved(store.StagingStore); err != nil {
		t.Errorf("staging: %v", err)
	}
	for _, id := range []string{"fast", store.TasksStore} {
		_, err := s.Reserved(id)
		wantError(t, err, glance.Invalid, "Store for identifier "+id+" not found")
	}
}

func TestFindingData(t *testing.T) {
	s := newSet(t, true, "fast", threeStores()...)
	at := put(t, s, "cheap", "1")
	tests := map[string]map[string]any{
		"named":          {"store": "cheap"},
		"named long ago": {"backend": "cheap"},
		"by its URL":     {},
		"renamed store":  {"store": "slow"},
		"reserved name":  {"store": store.StagingStore},
		"not a text":     {"store": 1},
	}
	for name, metadata := range tests {
		t.Run(name, func(t *testing.T) {
			at.Metadata = metadata
			if id, ok := s.StoreOf(at); !ok || id != "cheap" {
				t.Errorf("StoreOf: %q, %v", id, ok)
			}
			if size, err := s.Size(t.Context(), at); err != nil || size != 9 {
				t.Errorf("Size: %d, %v", size, err)
			}
			data, err := s.Open(t.Context(), at, 5)
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			if text, err := io.ReadAll(data); err != nil || string(text) != "of 1" {
				t.Errorf("read %q, %v", text, err)
			}
		})
	}
	if err := s.Delete(t.Context(), at); err != nil {
		t.Error(err)
	}
	wantError(t, s.Delete(t.Context(), at), glance.NotFound, "Image 1 not found")
}

// A location that says nothing and lies in no store's own place may still be
// one that a store of its type can reach.
func TestTryingAll(t *testing.T) {
	type attempt struct{ err error }
	down := store.Unreachable(errors.New("down"))
	missing := store.NoImage("x", nil)
	tests := map[string]struct {
		stores []attempt
		kind   glance.Kind
		text   string
	}{
		"second":      {[]attempt{{missing}, {nil}}, -1, ""},
		"only one":    {[]attempt{{store.BadURL("no")}}, glance.NotFound, "Image not found in any configured backend"},
		"none":        {[]attempt{{missing}, {store.BadURL("no")}}, glance.NotFound, "Image not found in any configured backend"},
		"one is down": {[]attempt{{down}, {missing}}, glance.Unavailable, down.Error()},
		"no store":    {nil, glance.NotFound, "Image not found in any configured backend"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			stores := threeStores()
			for i, a := range tt.stores {
				reachable := mem.New("elsewhere")
				if a.err == nil {
					if _, err := reachable.Put(t.Context(), up("x"), strings.NewReader("found")); err != nil {
						t.Fatal(err)
					}
				}
				d := elsewhere{stub{reachable, store.Info{Type: "far", Schemes: []string{"far+mem"}}, a.err}}
				stores = append(stores, store.Named{ID: string(rune('a' + i)), Driver: d})
			}
			data, err := newSet(t, true, "fast", stores...).Open(t.Context(), glance.Location{URL: "far+mem://elsewhere/x"}, 0)
			if tt.kind >= 0 {
				wantError(t, err, tt.kind, tt.text)
				return
			}
			if err != nil || data.Size != 5 {
				t.Errorf("got %d bytes, %v", data.Size, err)
			}
		})
	}
}

// elsewhere owns no place of its own.
type elsewhere struct{ stub }

func (elsewhere) Owns(string) bool { return false }

func (e elsewhere) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	return e.stub.Open(ctx, strings.TrimPrefix(url, "far+"), offset)
}

func TestRepair(t *testing.T) {
	s := newSet(t, true, "fast", threeStores()...)
	tests := map[string]struct {
		metadata, want map[string]any
		changed        bool
	}{
		"named":        {map[string]any{"store": "fast"}, map[string]any{"store": "fast"}, false},
		"nothing said": {nil, map[string]any{"store": "cheap"}, true},
		"renamed":      {map[string]any{"store": "slow", "k": "v"}, map[string]any{"store": "cheap", "k": "v"}, true},
		"old key":      {map[string]any{"backend": "fast"}, map[string]any{"backend": "fast", "store": "fast"}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			at := glance.Location{URL: "mem://cheap/1", Metadata: tt.metadata}
			before := len(tt.metadata)
			got, changed := s.Repair(at)
			if diff := cmp.Diff(tt.want, got.Metadata); diff != "" || changed != tt.changed {
				t.Errorf("changed %v, metadata (-want +got):\n%s", changed, diff)
			}
			if len(at.Metadata) != before {
				t.Error("the location that was given changed")
			}
		})
	}
	if _, changed := s.Repair(glance.Location{URL: "mem://nowhere/1"}); changed {
		t.Error("a location of no store changed")
	}
}

func TestOrder(t *testing.T) {
	s := newSet(t, true, "fast", threeStores()...)
	var locations []glance.Location
	for i, id := range []string{"cheap", "gone", "broken", "fast", "cheap", "fast"} {
		locations = append(locations, glance.Location{ID: int64(i), Metadata: map[string]any{"store": id}})
	}
	var ids []int64
	for _, l := range s.Order(locations) {
		ids = append(ids, l.ID)
	}
	if diff := cmp.Diff([]int64{3, 5, 2, 0, 1, 4}, ids); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if locations[0].ID != 0 {
		t.Error("the locations that were given moved")
	}
}

func TestAbandon(t *testing.T) {
	s := newSet(t, true, "fast", threeStores()...)
	at := put(t, s, "cheap", "1")
	wantError(t, s.Abandon(t.Context(), "gone", up("1")), glance.Invalid, "Store for identifier gone not found")
	if err := s.Abandon(t.Context(), store.StagingStore, up("1")); err != nil {
		t.Error(err)
	}
	if err := s.Abandon(t.Context(), "cheap", up("1")); err != nil {
		t.Error(err)
	}
	_, err := s.Size(t.Context(), at)
	wantError(t, err, glance.NotFound, "Image 1 not found")
}
