package metadatatest

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func lockTests() []test {
	return []test{
		{"one holder", oneHolder},
		{"locks of nothing", locksOfNothing},
		{"a deleted image lets go", aDeletedImageLetsGo},
	}
}

func lock(t *testing.T, s metadata.Store, imageID, holder string) {
	t.Helper()
	if err := s.Lock(t.Context(), imageID, holder); err != nil {
		t.Fatalf("lock %s for %s: %v", imageID, holder, err)
	}
}

func oneHolder(t *testing.T, s metadata.Store) {
	create(t, s, full(1), full(2))
	for _, holder := range []string{"first", "second", "first"} {
		lock(t, s, id(1), holder)
		wants(t, s.Lock(t.Context(), id(1), "thief"), glance.Conflict,
			"New operation on image '"+id(1)+"' is not permitted as prior operation is still in progress")
		wants(t, s.Lock(t.Context(), id(1), holder), glance.Conflict, "")
		wants(t, s.Unlock(t.Context(), id(1), "thief"), glance.NotFound, "")
		if p, _ := read(t, s, id(1)).Property(glance.LockProperty); p.Value != holder {
			t.Errorf("held by %q, want %q", p.Value, holder)
		}
		if err := s.Unlock(t.Context(), id(1), holder); err != nil {
			t.Fatal(err)
		}
		wants(t, s.Unlock(t.Context(), id(1), holder), glance.NotFound, "")
	}
	lock(t, s, id(2), "first")
	if _, held := read(t, s, id(1)).Property(glance.LockProperty); held {
		t.Error("the lock is still there")
	}
}

func locksOfNothing(t *testing.T, s metadata.Store) {
	wants(t, s.Lock(t.Context(), id(1), "task"), glance.NotFound, "No image found with ID "+id(1))
	wants(t, s.Unlock(t.Context(), id(1), "task"), glance.NotFound, "")
}

func aDeletedImageLetsGo(t *testing.T, s metadata.Store) {
	create(t, s, full(1))
	lock(t, s, id(1), "task")
	destroy(t, s, id(1))
	wants(t, s.Unlock(t.Context(), id(1), "task"), glance.NotFound, "")
	wants(t, s.Lock(t.Context(), id(1), "task"), glance.NotFound, "No image found with ID "+id(1))
}
