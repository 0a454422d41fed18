package importflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/store"
)

// fetch brings the data into the staging area, unless it is there.
func (j *job) fetch(ctx context.Context) error {
	staging := j.Stager.Staging
	if j.copies() {
		if size, err := staging.Driver.Size(ctx, staging.URL(j.image)); err == nil && j.work.Image.Size != nil && size == *j.work.Image.Size {
			return nil // an earlier attempt left it
		}
	}
	j.work.open = j.original
	src, err := j.Methods[j.method].Open(ctx, &j.work)
	if err != nil || src == nil {
		return err
	}
	defer src.Close()
	if err := staging.Remove(ctx, j.image); err != nil {
		return err
	}
	up := store.Upload{ImageID: j.image, Attempt: j.task, Size: src.Size}
	data := images.Data{Body: j.pulse.through(src, nil), Size: src.Size}
	n, err := j.Stager.Keep(ctx, up, data)
	if err != nil && src.Size >= 0 && errors.Is(err, glance.Invalid) {
		return fmt.Errorf("Task %s failed because downloaded data size %d is different from expected %d: %w", j.task, n, src.Size, err)
	}
	return err
}

// original opens the data that the image has: first that in the default store.
func (j *job) original(ctx context.Context) (*Source, error) {
	at := slices.Clone(j.work.Image.Locations)
	inDefault := func(loc glance.Location) int {
		if id, _ := j.Stores.StoreOf(loc); id == j.Stores.Default() {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(at, func(a, b glance.Location) int { return cmp.Compare(inDefault(a), inDefault(b)) })
	failed := errors.New("Image not found in any configured store")
	for _, loc := range at {
		data, err := j.Stores.Open(ctx, loc, 0)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		size := data.Size
		if j.work.Image.Size != nil {
			size = *j.work.Image.Size
		}
		return &Source{ReadCloser: data.ReadCloser, Size: size}, nil
	}
	return nil, failed
}

// store writes the staged data to the stores, as many at once as there may be.
func (j *job) store(ctx context.Context) error {
	at := 1
	if !j.copies() {
		at = max(j.Parallel, 1)
	}
	var lost error
	for i := 0; i < len(j.stores); i += at {
		batch := j.stores[i:min(i+at, len(j.stores))]
		err := j.pass(ctx, batch, i+len(batch) == len(j.stores))
		switch {
		case err == nil:
		case j.every, ctx.Err() != nil, errors.Is(err, errLost):
			return &placeError{batch, err}
		default:
			lost = errors.Join(lost, err)
			if err := j.note(ctx, batch, err); err != nil {
				return err
			}
		}
	}
	return j.verify(ctx, lost)
}

// errLost is among the errors after which an import cannot go on: the image or
// the lock is not what it was.
var errLost = errors.New("the image is not this task's any more")

// placeError says which stores have failed.
type placeError struct {
	stores []string
	error
}

func (p *placeError) Unwrap() error { return p.error }

// failedStores gives the stores that are to blame for a failure, nil when none
// in particular is.
func failedStores(failure error) []string {
	var one *images.StoreError
	if errors.As(failure, &one) {
		return []string{one.Store}
	}
	var several *placeError
	if errors.As(failure, &several) {
		return several.stores
	}
	return nil
}

// pass writes the data to some of the stores.
func (j *job) pass(ctx context.Context, to []string, last bool) error {
	img, err := j.present(ctx)
	if err != nil {
		return err
	}
	staging := j.Stager.Staging
	data, err := staging.Driver.Open(ctx, staging.URL(j.image), 0)
	if err != nil {
		return fmt.Errorf("open staged data: %w", err)
	}
	defer data.Close()
	if img.Size != nil && *img.Size != data.Size {
		return fmt.Errorf("Task %s: Image size mismatch. Expected %d but got %d", j.task, *img.Size, data.Size)
	}
	j.pulse.stored.Store(0)
	if err := j.touch(ctx); err != nil {
		return errors.Join(errLost, err)
	}
	body := images.Data{Body: j.pulse.through(data, &j.pulse.stored), Size: data.Size}
	placed, err := j.Uploader.Place(ctx, j.work.Who, img, body, images.Placing{Stores: to, Attempt: j.task, Every: j.every})
	if err != nil {
		j.left = j.left || errors.Is(err, images.ErrDataLeft)
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(placed.Failed)) {
		j.Log.WarnContext(ctx, "an import into a store failed", "image_id", j.image, "store", id, "error", placed.Failed[id])
	}
	// All data is there: half of an import helps nobody.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return j.commit(ctx, placed, last)
}

// present gives the image as it will be, over what it is now.
func (j *job) present(ctx context.Context) (*glance.Image, error) {
	img, err := j.Images.Image(ctx, metadata.Everything(), j.image)
	if errors.Is(err, glance.NotFound) {
		return nil, errors.Join(errLost, errors.New("Image has been deleted, aborting import."))
	}
	if err != nil {
		return nil, err
	}
	if !images.HoldsLock(img, j.task) {
		return nil, errors.Join(errLost, images.ErrAborted())
	}
	j.apply(img)
	return img, nil
}

func (j *job) apply(img *glance.Image) {
	if img.Status != glance.StatusImporting {
		return // they are there
	}
	for _, change := range j.work.changes {
		change(img)
	}
}

// commit makes the copies the image's. A commit that fails may have happened all
// the same, when only its confirmation got lost.
func (j *job) commit(ctx context.Context, placed *images.Placed, last bool) error {
	err := j.Uploader.Adopt(ctx, j.work.Who, j.image, placed, j.held(func(img *glance.Image) error {
		return j.adopt(img, placed, last)
	}))
	if err == nil {
		return nil
	}
	img, readErr := j.Images.Image(ctx, metadata.Everything(), j.image)
	switch {
	case readErr == nil && hasAll(img, placed.Done):
		return nil
	case readErr != nil && !errors.Is(readErr, glance.NotFound):
		return errors.Join(errLost, images.ErrDataLeft, err)
	}
	if !errors.Is(err, glance.TooLarge) { // that is the quota of this moment
		err = errors.Join(errLost, err)
	}
	return errors.Join(err, j.Uploader.Remove(ctx, j.image, placed.Done))
}

func hasAll(img *glance.Image, copies []images.Copy) bool {
	return !slices.ContainsFunc(copies, func(c images.Copy) bool {
		return !slices.ContainsFunc(img.Locations, func(loc glance.Location) bool { return loc.URL == c.At.URL })
	})
}

// adopt changes the row for copies that are there.
func (j *job) adopt(img *glance.Image, placed *images.Placed, last bool) error {
	importing := img.Status == glance.StatusImporting
	switch {
	case !importing && img.Status != glance.StatusActive && img.Status != glance.StatusDeactivated:
		return images.ErrAborted()
	case !importing && !placed.Same(img):
		return glance.Errorf(glance.Conflict, "the data is not that of the image")
	case importing:
		if j.firstOf(img) {
			img.Locations = nil // a location task may have left others
		}
		j.apply(img)
		placed.Describe(img)
	case img.HashValue == "": // an image whose data was never read here
		size, virtual := img.Size, img.VirtualSize
		placed.Describe(img)
		if virtual != nil {
			img.Size, img.VirtualSize = size, virtual
		}
	}
	for _, c := range placed.Done {
		img.Locations = append(img.Locations, c.At)
		img.DropStores(glance.ImportingProperty, c.Store)
	}
	for id := range placed.Failed {
		img.DropStores(glance.ImportingProperty, id)
		img.AddStores(glance.FailedProperty, id)
	}
	if importing && (last || !j.every) {
		return img.Move(glance.StatusActive)
	}
	return nil
}

// firstOf reports whether no copy of this import is in the row.
func (j *job) firstOf(img *glance.Image) bool {
	return !slices.ContainsFunc(j.stores, func(id string) bool { return holdsCopy(j.Stores, img, id) })
}

// note puts stores that failed into their list.
func (j *job) note(ctx context.Context, stores []string, cause error) error {
	j.Log.WarnContext(ctx, "an import into stores failed", "image_id", j.image, "stores", stores, "error", cause)
	_, err := j.change(ctx, func(img *glance.Image) error {
		if !j.Stores.Multi() {
			return metadata.ErrUnchanged
		}
		img.DropStores(glance.ImportingProperty, stores...)
		img.AddStores(glance.FailedProperty, stores...)
		return nil
	})
	return err
}

// verify wants an image that has data now. Compat: a copy that no store took is
// a success, since the image is active anyway.
func (j *job) verify(ctx context.Context, lost error) error {
	img, err := j.present(ctx)
	if err != nil {
		return err
	}
	switch img.Status {
	case glance.StatusActive, glance.StatusDeactivated:
		return nil
	}
	return errors.Join(errors.New("None of the uploads finished!"), lost)
}
