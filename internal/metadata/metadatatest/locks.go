package metadatatest

import (
	"errors"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func lockTests() []test {
	return []test{
		{"one holder", oneHolder},
		{"locks of nothing", locksOfNothing},
		{"a deleted image lets go", aDeletedImageLetsGo},
		{"other spellings of the lock", otherSpellingsOfTheLock},
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

// otherSpellingsOfTheLock are properties as any, and never the lock.
func otherSpellingsOfTheLock(t *testing.T, s metadata.Store) {
	other := glance.Property{Name: strings.ToUpper(glance.LockProperty), Value: "task"}
	equal := engineOf(s).fold(glance.LockProperty) == engineOf(s).fold(other.Name)
	create(t, s, plain(1))
	update(t, s, id(1), func(img *glance.Image) { img.SetProperty(other) })
	wants(t, s.Unlock(t.Context(), id(1), "task"), glance.NotFound, "")
	if equal {
		wants(t, s.Lock(t.Context(), id(1), "task"), glance.Conflict, "")
	}
	same(t, "before a lock", read(t, s, id(1)).Properties, []glance.Property{other})
	update(t, s, id(1), func(img *glance.Image) { img.Properties = nil })
	lock(t, s, id(1), "task")
	locked := []glance.Property{{Name: glance.LockProperty, Value: "task"}}
	same(t, "locked", read(t, s, id(1)).Properties, locked)
	_, err := s.UpdateImage(t.Context(), anything(), id(1), func(img *glance.Image) error {
		img.SetProperty(other)
		return nil
	})
	if equal != errors.Is(err, glance.Conflict) || !equal && err != nil {
		t.Errorf("another spelling beside the lock: %v", err)
	}
	update(t, s, id(1), func(img *glance.Image) { img.RemoveProperty(other.Name) })
	same(t, "still locked", read(t, s, id(1)).Properties, locked)
	if err := s.Unlock(t.Context(), id(1), "task"); err != nil {
		t.Error(err)
	}
}
