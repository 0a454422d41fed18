package images

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// How long a task may be silent before its lock counts as stale (spec
// image-states §5).
const (
	lockLife        = 60 * time.Minute
	lockLifePending = 120 * time.Minute
)

// TaskLock is the import lock of an image as tasks use it.
type TaskLock struct {
	Images metadata.Images
	Tasks  metadata.Tasks
	Locks  metadata.Locks
}

// Free fails with Conflict when a task is at work on img, as it was loaded, and
// changes nothing.
func (l TaskLock) Free(ctx context.Context, img *glance.Image) error {
	held, ok := img.Property(glance.LockProperty)
	if !ok {
		return nil
	}
	task, err := l.Tasks.Task(ctx, metadata.Everything(), held.Value)
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	if err == nil && !stale(task) {
		err = errActiveTask()
	}
	return err
}

func stale(t *glance.Task) bool {
	life := lockLife
	if t.Status == glance.TaskPending {
		life = lockLifePending
	}
	return time.Since(t.UpdatedAt) >= life
}

// Take takes the lock of img, as it was loaded, for a task. A stale lock is
// broken first: its task has failed, and its stores are no longer waited for.
// The error is Conflict while another task is at work.
func (l TaskLock) Take(ctx context.Context, img *glance.Image, task string) error {
	if held, ok := img.Property(glance.LockProperty); ok {
		if err := l.breakStale(ctx, img.ID, held.Value); err != nil {
			return err
		}
	}
	return l.Locks.Lock(ctx, img.ID, task)
}

// Drop releases the lock if the task still holds it.
func (l TaskLock) Drop(ctx context.Context, imageID, task string) error {
	err := l.Locks.Unlock(ctx, imageID, task)
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	return err
}

// HoldsLock reports whether the task is still the one that works on img.
func HoldsLock(img *glance.Image, task string) bool {
	held, ok := img.Property(glance.LockProperty)
	return ok && held.Value == task
}

func errActiveTask() error { return glance.Errorf(glance.Conflict, "Image has active task") }

func (l TaskLock) breakStale(ctx context.Context, imageID, holder string) error {
	task, err := l.Tasks.UpdateTask(ctx, metadata.Everything(), holder, func(t *glance.Task) error {
		if !stale(t) {
			return errActiveTask()
		}
		if t.Status == glance.TaskSuccess || t.Status == glance.TaskFailure {
			return metadata.ErrUnchanged
		}
		t.Status, t.Message = glance.TaskFailure, "Expired lock preempted"
		return nil
	})
	gone := errors.Is(err, glance.NotFound) // a lock without a task is stale at once
	if err != nil && !gone {
		return err
	}
	if err := l.Locks.Unlock(ctx, imageID, holder); err != nil {
		return retell(err, glance.NotFound, "Image has active task")
	}
	if gone {
		return nil
	}
	return l.forgetStores(ctx, imageID, task)
}

// forgetStores takes the stores of a dead import out of the lists of those that
// data is on its way to.
func (l TaskLock) forgetStores(ctx context.Context, imageID string, task *glance.Task) error {
	var input struct {
		Backend []string `json:"backend"`
	}
	if err := json.Unmarshal(task.Input, &input); err != nil || len(input.Backend) == 0 {
		return nil //nolint:nilerr // what names no stores waits for none
	}
	_, err := l.Images.UpdateImage(ctx, metadata.Everything(), imageID, func(img *glance.Image) error {
		changed := img.DropStores(glance.ImportingProperty, input.Backend...)
		if !img.DropStores(glance.FailedProperty, input.Backend...) && !changed {
			return metadata.ErrUnchanged
		}
		return nil
	})
	return err
}
