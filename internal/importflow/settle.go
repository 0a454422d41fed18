package importflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/store"
)

// settler ends imports: one that succeeded, one that failed, one that an earlier
// process of this node left.
type settler struct {
	Images   metadata.Images
	Tasks    metadata.Tasks
	Locks    metadata.Locks
	Stores   *store.Set
	Staging  *images.Staging
	TaskLife time.Duration
	Log      *slog.Logger
}

// Recoverer settles the imports that an earlier process of this node left half
// done.
type Recoverer settler

// errInterrupted is the failure of an import whose process ended.
var errInterrupted = errors.New("the process ended")

// Settle finishes or reverts one import. It may be repeated; an error leaves the
// entry for the next start.
func (r *Recoverer) Settle(ctx context.Context, entry map[string]string) error {
	if entry[entryDeed] != deedImport {
		return fmt.Errorf("a journal entry says %q, which this version does not know", entry[entryDeed])
	}
	s, p := (*settler)(r), readPlan(entry)
	failure, err := s.judge(ctx, p)
	if err == nil {
		err = s.settle(ctx, p, failure)
	}
	if err == nil {
		err = s.abandon(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("settle the import of image %s: %w", p.image, err)
	}
	s.Log.InfoContext(ctx, "settled what an earlier process left", "image_id", p.image, "deed", deedImport)
	return nil
}

// judge says whether the import had done everything but the last words.
func (s *settler) judge(ctx context.Context, p plan) (failure, err error) {
	img, err := s.Images.Image(ctx, metadata.Everything(), p.image)
	if errors.Is(err, glance.NotFound) {
		return errInterrupted, nil
	}
	if err != nil {
		return nil, err
	}
	if complete(img) && images.HoldsLock(img, p.task) && s.done(img, p) {
		return nil, nil
	}
	return errInterrupted, nil
}

// done reports whether every store has been written to, or has failed where one
// may. No store had the data before.
func (s *settler) done(img *glance.Image, p plan) bool {
	holds := func(id string) bool { return holdsCopy(s.Stores, img, id) }
	failed := img.StoreList(glance.FailedProperty)
	open := func(id string) bool { return !holds(id) && (p.every || !slices.Contains(failed, id)) }
	return slices.ContainsFunc(p.stores, holds) && !slices.ContainsFunc(p.stores, open)
}

func complete(img *glance.Image) bool {
	return img.Status == glance.StatusActive || img.Status == glance.StatusDeactivated
}

// settle ends an import: what it has done to the image when it failed, the
// staged data, the task, the lock. Data that cannot be removed is ErrDataLeft;
// everything else is done then.
func (s *settler) settle(ctx context.Context, p plan, failure error) error {
	var drop []glance.Location
	if failure != nil {
		var err error
		if drop, err = s.revert(ctx, p, failure); err != nil {
			return err
		}
	}
	left := s.remove(ctx, p, drop)
	staged, err := s.unwanted(ctx, p, failure)
	if err != nil {
		return err
	}
	if staged {
		left = errors.Join(left, s.clean(ctx, p))
	}
	if err := images.EndTask(ctx, s.Tasks, p.task, p.image, failure, s.TaskLife); err != nil {
		return fmt.Errorf("end the task: %w", err)
	}
	lock := images.TaskLock{Images: s.Images, Tasks: s.Tasks, Locks: s.Locks}
	return errors.Join(lock.Drop(ctx, p.image, p.task), left)
}

// revert takes back what the import did to the image. The row goes first: it
// never names data that is gone.
func (s *settler) revert(ctx context.Context, p plan, failure error) (drop []glance.Location, err error) {
	_, err = s.Images.UpdateImage(ctx, metadata.Everything(), p.image, func(img *glance.Image) error {
		if drop = nil; !images.HoldsLock(img, p.task) {
			return metadata.ErrUnchanged
		}
		importing := img.Status == glance.StatusImporting
		if importing || p.copies() && p.every {
			drop = s.takeCopies(img, p)
		}
		s.tell(img, p, failure)
		if !importing {
			return nil
		}
		img.Checksum, img.HashAlgo, img.HashValue = "", "", ""
		return img.Move(glance.StatusQueued)
	})
	if errors.Is(err, glance.NotFound) {
		return nil, nil
	}
	return drop, err
}

// remove removes copies that no row names any more.
func (s *settler) remove(ctx context.Context, p plan, drop []glance.Location) (left error) {
	for _, loc := range drop {
		if err := s.Stores.Delete(ctx, loc); err != nil && !errors.Is(err, glance.NotFound) {
			s.Log.ErrorContext(ctx, "data of a failed import is left for the time being", "image_id", p.image, "error", err)
			left = images.ErrDataLeft
		}
	}
	return left
}

// takeCopies takes the copies that the import made out of the row.
func (s *settler) takeCopies(img *glance.Image, p plan) (taken []glance.Location) {
	img.Locations = slices.DeleteFunc(img.Locations, func(loc glance.Location) bool {
		id, ok := s.Stores.StoreOf(loc)
		mine := ok && slices.Contains(p.stores, id)
		if mine {
			taken = append(taken, loc)
		}
		return mine
	})
	return taken
}

// tell puts the stores that have failed into their list; nothing is on its way
// any more. An import that never began says nothing.
func (s *settler) tell(img *glance.Image, p plan, failure error) {
	if _, begun := img.Property(glance.ImportingProperty); !begun || !s.Stores.Multi() {
		return
	}
	waiting := img.StoreList(glance.ImportingProperty)
	img.DropStores(glance.ImportingProperty, p.stores...)
	var refused *images.Told
	if errors.As(failure, &refused) {
		return // before any store was asked
	}
	failed := failedStores(failure)
	if failed == nil || p.fetches() && img.Status == glance.StatusImporting {
		failed = p.stores // none of them in particular
	}
	for _, id := range failed {
		if !holdsCopy(s.Stores, img, id) && (slices.Contains(waiting, id) || img.Status == glance.StatusImporting) {
			img.AddStores(glance.FailedProperty, id)
		}
	}
}

// unwanted reports whether the staged data is to be removed. A copy that failed
// leaves its data there, for another attempt; an import that never began leaves
// what the user has staged, and one that lost its lock what is another's.
func (s *settler) unwanted(ctx context.Context, p plan, failure error) (bool, error) {
	img, err := s.Images.Image(ctx, metadata.Everything(), p.image)
	if errors.Is(err, glance.NotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	wanted := failure != nil && p.copies() || img.Status == glance.StatusUploading || !images.HoldsLock(img, p.task)
	return !wanted, nil
}

// clean removes what the import has in the staging area.
func (s *settler) clean(ctx context.Context, p plan) (left error) {
	for _, ending := range Endings() {
		if err := os.Remove(s.Staging.Path(p.image) + "." + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			left = err
		}
	}
	if left = errors.Join(left, s.Staging.Remove(ctx, p.image)); left == nil {
		return nil
	}
	s.Log.ErrorContext(ctx, "staged data of an import is left for the time being", "image_id", p.image, "error", left)
	return images.ErrDataLeft
}

// abandon removes what a process that ended in the middle has left, as far as
// the image does not have it.
func (s *settler) abandon(ctx context.Context, p plan) error {
	img, err := s.Images.Image(ctx, metadata.Everything(), p.image)
	if errors.Is(err, glance.NotFound) {
		img = &glance.Image{}
	} else if err != nil {
		return err
	}
	up := store.Upload{ImageID: p.image, Attempt: p.task, Size: store.SizeUnknown}
	for _, id := range p.stores {
		if holdsCopy(s.Stores, img, id) {
			continue
		}
		if err := s.Stores.Abandon(ctx, id, up); err != nil {
			return err
		}
	}
	if p.method == Direct {
		return nil // it was staged by somebody else
	}
	return s.Staging.Driver.Abandon(ctx, up)
}
