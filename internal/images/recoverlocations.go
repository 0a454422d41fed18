package images

import (
	"context"
	"errors"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/store"
)

// revertStage removes staged data and gives the image back, unless the row says
// that the data is all there: its size is set last. An image that is queued
// already, or claimed by another attempt, may have left data that could not be
// removed then.
func (r *Recoverer) revertStage(ctx context.Context, id string, entry map[string]string) error {
	img, err := r.Images.Image(ctx, metadata.Everything(), id)
	if err != nil && !errors.Is(err, glance.NotFound) {
		return err
	}
	if err == nil && img.Status != glance.StatusQueued && (img.Status != glance.StatusUploading || img.Size != nil) {
		return nil
	}
	up := store.Upload{ImageID: id, Attempt: entry[entryAttempt], Size: store.SizeUnknown}
	if err := r.Staging.Driver.Abandon(ctx, up); err != nil {
		return err
	}
	return claimOf(entry, glance.StatusUploading).release(ctx, r.Images, glance.StatusQueued)
}

// settleLocation has the hash of an active image gone on with, and ends any
// other task that gave an image a location.
func (r *Recoverer) settleLocation(ctx context.Context, entry map[string]string) error {
	id, task := entry[entryImage], entry[entryTask]
	img, err := r.Images.Image(ctx, metadata.Everything(), id)
	if err != nil && !errors.Is(err, glance.NotFound) {
		return err
	}
	if err == nil && r.Resume != nil && isHashing(img, task) {
		return r.Resume(entry)
	}
	return r.revertLocation(ctx, id, task)
}

// revertLocation ends a task that gave an image a location. An image whose data
// was still to be verified is queued again; one that is active already stays so,
// without hash.
func (r *Recoverer) revertLocation(ctx context.Context, id, task string) error {
	if err := takeBackLocation(ctx, r.Images, id, task); err != nil {
		return err
	}
	if err := forgetHash(ctx, r.Images, id, task); err != nil {
		return err
	}
	failure := ErrAborted()
	if img, err := r.Images.Image(ctx, metadata.Everything(), id); err == nil && img.Status == glance.StatusActive {
		failure = nil
	}
	if err := EndTask(ctx, r.Tasks, task, id, failure, r.TaskLife); err != nil {
		return err
	}
	return TaskLock{Images: r.Images, Tasks: r.Tasks, Locks: r.Locks}.Drop(ctx, id, task)
}
