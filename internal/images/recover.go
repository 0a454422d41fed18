package images

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/store"
)

// The keys of a journal entry.
const (
	entryDeed    = "deed"
	entryImage   = "image"
	entryStore   = "store"
	entryAttempt = "attempt"
	entrySize    = "size"
	entryTask    = "task"
	entryMark    = "mark"
	entryClaim   = "claim"

	deedUpload   = "upload"
	deedDelete   = "delete"
	deedStage    = "stage"
	deedLocation = "location"
	deedRemoval  = "removal"

	// claimInRow says that the image is not claimed without a note of the attempt.
	claimInRow = "row"
)

func uploadEntry(to string, up store.Upload) map[string]string {
	return map[string]string{
		entryDeed: deedUpload, entryImage: up.ImageID, entryStore: to,
		entryAttempt: up.Attempt, entrySize: strconv.FormatInt(up.Size, 10), entryClaim: claimInRow,
	}
}

func deleteEntry(id string) map[string]string {
	return map[string]string{entryDeed: deedDelete, entryImage: id}
}

func removalEntry(id, mark string) map[string]string {
	return map[string]string{entryDeed: deedRemoval, entryImage: id, entryMark: mark}
}

func locationEntry(id, task string) map[string]string {
	return map[string]string{entryDeed: deedLocation, entryImage: id, entryTask: task}
}

func stageEntry(up store.Upload) map[string]string {
	return map[string]string{entryDeed: deedStage, entryImage: up.ImageID, entryAttempt: up.Attempt, entryClaim: claimInRow}
}

// Recoverer settles what an earlier process of this node left half done.
type Recoverer struct {
	Images metadata.Images
	Tasks  metadata.Tasks
	Locks  metadata.Locks
	Stores *store.Set
	// Staging is nil where nothing is ever staged.
	Staging  *Staging
	TaskLife time.Duration // of finished tasks
	Log      *slog.Logger

	// Resume is given the entries that a Locator can resume; an error leaves
	// them for the next start. Nil gives up what they were doing.
	Resume func(entry map[string]string) error
	// Others settles the deeds that are no business of this package; nil knows
	// none.
	Others func(ctx context.Context, entry map[string]string) error
}

// Settle finishes or reverts one entry of the journal. It may be repeated; an
// error leaves the entry for the next start.
func (r *Recoverer) Settle(ctx context.Context, entry map[string]string) error {
	id := entry[entryImage]
	switch entry[entryDeed] {
	case deedUpload:
		if err := r.revertUpload(ctx, id, entry); err != nil {
			return fmt.Errorf("revert the upload of image %s: %w", id, err)
		}
	case deedDelete:
		if err := r.finishDelete(ctx, id); err != nil {
			return fmt.Errorf("finish deleting image %s: %w", id, err)
		}
	case deedStage:
		if err := r.revertStage(ctx, id, entry); err != nil {
			return fmt.Errorf("revert the staging of image %s: %w", id, err)
		}
	case deedLocation:
		if err := r.settleLocation(ctx, entry); err != nil {
			return fmt.Errorf("settle the task that adds a location to image %s: %w", id, err)
		}
	case deedRemoval:
		rm := remover{images: r.Images, stores: r.Stores, log: r.Log}
		if err := rm.finish(ctx, id, entry[entryMark]); err != nil {
			return fmt.Errorf("finish removing a location of image %s: %w", id, err)
		}
	default:
		if r.Others != nil {
			return r.Others(ctx, entry)
		}
		return fmt.Errorf("a journal entry says %q, which this version does not know", entry[entryDeed])
	}
	r.Log.InfoContext(ctx, "settled what an earlier process left", "image_id", id, "deed", entry[entryDeed])
	return nil
}

// revertUpload removes the data and gives the image back, unless the row says
// that the upload had succeeded. An image that is queued already, or deleted,
// may have left data that could not be removed then.
func (r *Recoverer) revertUpload(ctx context.Context, id string, entry map[string]string) error {
	img, err := r.Images.Image(ctx, metadata.Scope{Admin: true, Deleted: true}, id)
	if err != nil && !errors.Is(err, glance.NotFound) {
		return err
	}
	if err == nil && keepsData(img) {
		return nil
	}
	size, err := strconv.ParseInt(entry[entrySize], 10, 64)
	if err != nil {
		size = store.SizeUnknown
	}
	up := store.Upload{ImageID: id, Attempt: entry[entryAttempt], Size: size}
	if err := r.Stores.Abandon(ctx, entry[entryStore], up); err != nil {
		return err
	}
	return claimOf(entry, glance.StatusSaving).release(ctx, r.Images, glance.StatusQueued)
}

func keepsData(img *glance.Image) bool {
	switch img.Status {
	case glance.StatusActive, glance.StatusDeactivated, glance.StatusPendingDelete:
		return true
	}
	return false
}

// finishDelete leaves an image alone that somebody has protected since: the
// deletion was never confirmed.
func (r *Recoverer) finishDelete(ctx context.Context, id string) error {
	d := Deleter{Images: r.Images, Stores: r.Stores, Staging: r.Staging, Log: r.Log}
	img, err := r.Images.Image(ctx, metadata.Everything(), id)
	if err == nil && !img.Protected {
		_, err = d.finish(ctx, img)
	}
	if errors.Is(err, glance.NotFound) {
		return d.removeStaged(ctx, id)
	}
	return err
}
