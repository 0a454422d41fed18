package housekeeping_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/housekeeping"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
)

// stores notes what is deleted and fails as it is told.
type stores struct {
	mu      sync.Mutex
	fails   map[string]error
	deleted []string
	during  func() // called in every deletion
}

func (s *stores) Delete(ctx context.Context, at glance.Location) error {
	if s.during != nil {
		s.during()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fails[at.URL]; err != nil {
		return err
	}
	s.deleted = append(s.deleted, at.URL)
	slices.Sort(s.deleted)
	return nil
}

func (s *stores) wants(t *testing.T, what string, urls ...string) {
	t.Helper()
	if !slices.Equal(s.deleted, urls) {
		t.Errorf("%s: %q is deleted, want %q", what, s.deleted, urls)
	}
	s.deleted = nil
}

func id(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }

// pending makes an image and deletes it with delay.
func pending(t *testing.T, db metadata.Store, n int, urls ...string) {
	t.Helper()
	img := &glance.Image{
		ID: id(n), Status: glance.StatusActive, Visibility: glance.VisibilityCommunity, Owner: "p", DiskFormat: "raw", ContainerFormat: "bare",
		Properties: []glance.Property{{Name: "os", Value: "linux"}}, Tags: []string{"tag"},
	}
	for _, url := range urls {
		img.Locations = append(img.Locations, glance.Location{URL: url})
	}
	err := db.CreateImage(t.Context(), img)
	if err == nil {
		_, err = db.UpdateImage(t.Context(), metadata.Everything(), img.ID, func(img *glance.Image) error {
			img.Status, img.Deleted = glance.StatusPendingDelete, true
			for i := range img.Locations {
				img.Locations[i].Status = glance.LocationPendingDelete
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, db metadata.Store, n int) *glance.Image {
	t.Helper()
	img, err := db.Image(t.Context(), metadata.Scope{Admin: true, Deleted: true}, id(n))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func scrubber(db metadata.Store, s *stores) (*housekeeping.Scrubber, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return &housekeeping.Scrubber{Images: db, Stores: s, Log: slog.New(slog.NewTextHandler(log, nil))}, log
}

func run(t *testing.T, s *housekeeping.Scrubber) {
	t.Helper()
	if err := s.Run(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestScrub: data and rows go, and only those of images that wait for it; what
// cannot be deleted waits for another run.
func TestScrub(t *testing.T) {
	t.Parallel()
	db, s := memdb.New(), &stores{fails: map[string]error{
		"b1": glance.Errorf(glance.Unavailable, "down"), "c": glance.Errorf(glance.NotFound, "gone"), "d": glance.Errorf(glance.Unsupported, "web"),
	}}
	pending(t, db, 1, "a1", "a2")
	pending(t, db, 2, "b1", "b2")
	pending(t, db, 3, "c")
	pending(t, db, 4, "d")
	pending(t, db, 5)
	live := &glance.Image{ID: id(6), Status: glance.StatusActive, Visibility: glance.VisibilityPublic, Locations: []glance.Location{{URL: "live"}}}
	if err := db.CreateImage(t.Context(), live); err != nil {
		t.Fatal(err)
	}
	work, log := scrubber(db, s)
	run(t, work)
	s.wants(t, "first run", "a1", "a2", "b2")
	for n, want := range map[int]glance.Status{1: "deleted", 2: "pending_delete", 3: "deleted", 4: "deleted", 5: "deleted", 6: "active"} {
		img := read(t, db, n)
		if img.Status != want || img.Deleted != (n != 6) || n != 2 && n != 6 && len(img.Locations) != 0 {
			t.Errorf("image %d: %+v", n, img)
		}
	}
	if img := read(t, db, 2); len(img.Locations) != 1 || img.Locations[0].URL != "b1" || strings.Count(log.String(), "ERROR") != 1 {
		t.Errorf("%+v\n%s", img, log)
	}
	s.fails = nil
	run(t, work)
	s.wants(t, "second run", "b1")
	if img := read(t, db, 2); img.Status != glance.StatusDeleted {
		t.Errorf("%+v", img)
	}
	run(t, work)
	s.wants(t, "third run")
}

// TestKeep: data is kept for scrub_time.
func TestKeep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, s := memdb.New(), &stores{}
		pending(t, db, 1, "a")
		work, _ := scrubber(db, s)
		work.Keep = time.Hour
		time.Sleep(59 * time.Minute)
		run(t, work)
		s.wants(t, "before its time")
		time.Sleep(2 * time.Minute)
		run(t, work)
		s.wants(t, "after it", "a")
	})
}

// TestMany: more than a page, several at a time, by two scrubbers.
func TestMany(t *testing.T) {
	t.Parallel()
	const count = 2100
	db, s := memdb.New(), &stores{}
	for n := range count {
		pending(t, db, n, fmt.Sprint(n))
	}
	var both sync.WaitGroup
	for range 2 {
		work, _ := scrubber(db, s)
		work.Pool = 4
		both.Go(func() { run(t, work) })
	}
	both.Wait()
	if got := len(slices.Compact(s.deleted)); got != count {
		t.Errorf("%d of %d", got, count)
	}
	for n := range count {
		if img := read(t, db, n); img.Status != glance.StatusDeleted {
			t.Fatalf("%+v", img)
		}
	}
}

// TestStop: what is under way ends, nothing else begins; a cut is repeated.
func TestStop(t *testing.T) {
	t.Parallel()
	db := memdb.New()
	for n := range 3 {
		pending(t, db, n, fmt.Sprint(n))
	}
	stop := make(chan struct{})
	s := &stores{during: sync.OnceFunc(func() { close(stop) })}
	work, _ := scrubber(db, s)
	if err := work.Run(t.Context(), stop); err != nil {
		t.Error(err)
	}
	s.wants(t, "stopped", "0")
	if img := read(t, db, 0); img.Status != glance.StatusDeleted {
		t.Errorf("%+v", img)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.during = cancel
	if err := work.Run(ctx, nil); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s.wants(t, "cut")
	s.during = nil
	run(t, work)
	s.wants(t, "again", "1", "2")
}

func TestRestore(t *testing.T) {
	t.Parallel()
	db := memdb.New()
	pending(t, db, 1, "a")
	if err := housekeeping.Restore(t.Context(), db, id(1)); err != nil {
		t.Fatal(err)
	}
	img, err := db.Image(t.Context(), metadata.Everything(), id(1))
	if err != nil || img.Status != glance.StatusActive || img.Deleted || !img.DeletedAt.IsZero() ||
		len(img.Locations) != 1 || img.Locations[0].Status != glance.LocationActive || len(img.Properties) != 1 || len(img.Tags) != 1 {
		t.Errorf("%+v, %v", img, err)
	}
	err = housekeeping.Restore(t.Context(), db, id(1))
	if !errors.Is(err, glance.Conflict) || !strings.Contains(err.Error(), "cannot restore the image from active to active (wanted from_state=pending_delete)") {
		t.Error(err)
	}
	if err := housekeeping.Restore(t.Context(), db, id(2)); !errors.Is(err, glance.NotFound) {
		t.Error(err)
	}
}
