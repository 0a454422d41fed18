package importflow

import (
	"context"
	"errors"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/quota"
)

// settleTime bounds what an import still does after it has ended.
const settleTime = 30 * time.Second

// job is one import on its way. Every change of the image wants the lock to be
// still its own.
type job struct {
	*Importer
	plan
	work  Work
	pulse pulse
	done  func() // settles the journal
	left  bool   // data that the next start has to remove
}

func (j *job) run(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		j.beat(ctx, cancel)
	}()
	failure := j.importAll(ctx)
	cancel(nil)
	<-beating
	j.close(ctx, failure)
}

// importAll is the work of spec import §5, in order.
func (j *job) importAll(ctx context.Context) error {
	if err := images.BeginTask(ctx, j.Tasks, j.task); err != nil {
		return err
	}
	if err := j.prepare(ctx); err != nil {
		return images.Tell(err)
	}
	if len(j.stores) == 0 {
		return j.verify(ctx, nil)
	}
	if err := j.fetch(ctx); err != nil {
		return err
	}
	if err := j.step(ctx); err != nil {
		return err
	}
	return j.store(ctx)
}

// change changes the image while the lock is this task's.
func (j *job) change(ctx context.Context, change func(*glance.Image) error) (*glance.Image, error) {
	return j.Images.UpdateImage(ctx, metadata.Everything(), j.image, j.held(change))
}

func (j *job) held(change func(*glance.Image) error) func(*glance.Image) error {
	return func(img *glance.Image) error {
		if !images.HoldsLock(img, j.task) {
			return images.ErrAborted()
		}
		return change(img)
	}
}

// prepare says where the data is on its way to.
func (j *job) prepare(ctx context.Context) error {
	img, err := j.change(ctx, func(img *glance.Image) error {
		if err := j.work.Request.fits(img); err != nil {
			return err
		}
		img.AddStores(glance.ImportingProperty, j.names(j.Stores.Multi())...)
		if !img.DropStores(glance.FailedProperty, j.stores...) {
			img.AddStores(glance.FailedProperty)
		}
		if j.copies() {
			return nil
		}
		img.RemoveProperty(glance.StageHostProperty)
		return img.Move(glance.StatusImporting)
	})
	if err != nil {
		return err
	}
	j.work.Image, j.work.Path = img, j.Stager.Staging.Path(j.image)
	return j.admit(ctx, img)
}

// admit asks for the limits of the project, which count this image already.
func (j *job) admit(ctx context.Context, img *glance.Image) error {
	size := int64(images.SizeUnknown)
	if img.Size != nil {
		size = *img.Size
	}
	of := quota.ImageStageTotal
	if j.method == Direct {
		of = quota.ImageSizeTotal
	}
	if err := j.Allowance.AdmitBytes(ctx, j.work.Who, of, size); err != nil || j.method == Direct {
		return err
	}
	return j.Allowance.Admit(ctx, j.work.Who, quota.ImageCountUploading, 0)
}

// step works on the staged file.
func (j *job) step(ctx context.Context) error {
	if j.copies() {
		return nil
	}
	defer j.pulse.busy()()
	for _, s := range j.Steps {
		if err := s.Run(ctx, &j.work); err != nil {
			return err
		}
	}
	return nil
}

// close ends the import, whatever became of ctx: the data where it is not
// wanted, the task, the lock.
func (j *job) close(ctx context.Context, failure error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if failure != nil {
		j.Log.WarnContext(ctx, "an import failed", "request_id", j.work.Who.RequestID, "image_id", j.image, "error", failure)
	}
	s := settler{
		Images: j.Images, Tasks: j.Tasks, Locks: j.Locks, Stores: j.Stores, Staging: j.Stager.Staging, TaskLife: j.TaskLife,
		Log: j.Log,
	}
	err := s.settle(ctx, j.plan, failure)
	if err == nil && !j.left && !errors.Is(failure, images.ErrDataLeft) {
		j.done()
		return
	}
	if err != nil && !errors.Is(err, images.ErrDataLeft) {
		j.Log.ErrorContext(ctx, "an import is left for the time being", "image_id", j.image, "task", j.task, "error", err)
	}
	j.Leftovers.Add(ctx, j.entry(), j.done)
}

func (j *job) dropLock(ctx context.Context) {
	if err := j.lock().Drop(ctx, j.image, j.task); err != nil {
		j.Log.ErrorContext(ctx, "the lock of an image is left for the time being", "image_id", j.image, "error", err)
	}
}
