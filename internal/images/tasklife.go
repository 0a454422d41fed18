package images

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// ErrAborted is the error of work whose task somebody else has ended.
func ErrAborted() error { return glance.Errorf(glance.Conflict, "Task was aborted externally") }

// Told is a failure whose text the task tells; users learn nothing of others.
type Told struct{ error }

// Tell makes a failure one that is told.
func Tell(failure error) error { return &Told{failure} }

func (t *Told) Unwrap() error { return t.error }

// BeginTask makes a pending task a processing one; any other is ErrAborted.
func BeginTask(ctx context.Context, tasks metadata.Tasks, task string) error {
	_, err := tasks.UpdateTask(ctx, metadata.Everything(), task, func(t *glance.Task) error {
		if t.Status != glance.TaskPending {
			return ErrAborted()
		}
		t.Status = glance.TaskProcessing
		return nil
	})
	return err
}

// TouchTask says that a processing task is alive, and how far it is unless
// message is empty; any other is ErrAborted.
func TouchTask(ctx context.Context, tasks metadata.Tasks, task, message string) (*glance.Task, error) {
	return tasks.UpdateTask(ctx, metadata.Everything(), task, func(t *glance.Task) error {
		if t.Status != glance.TaskProcessing {
			return ErrAborted()
		}
		if message != "" {
			t.Message = message
		}
		return nil
	})
}

// EndTask makes a task a success about an image, or a failure that the user is
// told as much of as the original tells. One that has ended, or is gone, stays
// so. It expires after life.
func EndTask(ctx context.Context, tasks metadata.Tasks, task, imageID string, failure error, life time.Duration) error {
	_, err := tasks.UpdateTask(ctx, metadata.Everything(), task, func(t *glance.Task) error {
		if t.Status == glance.TaskSuccess || t.Status == glance.TaskFailure {
			return metadata.ErrUnchanged
		}
		t.ExpiresAt = time.Now().Add(life)
		if failure == nil {
			result, err := json.Marshal(map[string]string{"image_id": imageID})
			t.Status, t.Result = glance.TaskSuccess, result
			return err
		}
		t.Status, t.Message = glance.TaskFailure, "Task failed due to Internal Error"
		var plain *Told
		var known *glance.Error
		if errors.As(failure, &plain) && errors.As(failure, &known) && known.Message != "" {
			t.Message = known.Message
		}
		return nil
	})
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	return err
}

// Uncertain reports whether the database may have done what it failed to
// confirm. The journal keeps such a deed until somebody can say.
func Uncertain(err error) bool {
	k := glance.KindOf(err)
	return k == glance.Internal || k == glance.Unavailable
}
