package images

import (
	"context"
	"crypto/md5" //nolint:gosec // the checksum of the API is md5
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/multihash"
)

// taskPulse is how often a task that reads data says that it is alive, so that
// its lock does not become stale.
const taskPulse = time.Minute

// adding is one Add on its way. It works with the rights of the caller, and
// every change of the image wants the lock to be still its own.
type adding struct {
	*Locator
	deed
	who  glance.Caller
	id   string
	task string
	want NewLocation
	loc  glance.Location
	hash string // its algorithm
}

// errLater says that somebody else goes on with a task: Leftovers, or the next
// start of this node.
var errLater = errors.New("left for later")

func (a *adding) run(ctx context.Context) { a.finish(ctx, a.add(ctx)) }

// finish closes the task, unless somebody else goes on with it.
func (a *adding) finish(ctx context.Context, result error) {
	switch {
	case !errors.Is(result, errLater):
		a.close(ctx, result)
	case stopped(ctx):
		a.Log.InfoContext(ctx, "the next start goes on with the location of an image", "image_id", a.id, "task", a.task)
	default:
		a.later(ctx)
	}
}

// close ends the task and gives the lock back, whatever became of ctx.
func (a *adding) close(ctx context.Context, failure error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if failure != nil {
		a.Log.WarnContext(ctx, "a location was not added", "request_id", a.who.RequestID, "image_id", a.id, "error", failure)
	}
	if err := EndTask(ctx, a.Tasks, a.task, a.id, failure, a.TaskLife); err != nil {
		a.Log.ErrorContext(ctx, "a task is left for the time being", "image_id", a.id, "task", a.task, "error", err)
		a.left = true
	} else if !a.dropLock(ctx) {
		a.left = true
	}
	a.settle(ctx)
}

func (a *adding) dropLock(ctx context.Context) bool {
	err := a.lock().Drop(ctx, a.id, a.task)
	if err != nil {
		a.Log.ErrorContext(ctx, "the lock of an image is left for the time being", "image_id", a.id, "error", err)
	}
	return err == nil
}

// add is the work: the location, and as it is asked for the hashes.
func (a *adding) add(ctx context.Context) error {
	if err := BeginTask(ctx, a.Tasks, a.task); err != nil {
		return err
	}
	a.loc = a.want.location(a.Stores)
	size := ask(ctx, a.Stores, a.loc)
	if err := size.usable(); err != nil {
		return err
	}
	if err := a.attach(ctx, size.bytes); err != nil {
		if stopped(ctx) || Uncertain(err) { // nobody can say what the database did
			a.Log.WarnContext(ctx, "a location may not have been added", "request_id", a.who.RequestID, "image_id", a.id, "error", err)
			return errLater
		}
		return err
	}
	switch {
	case !a.SecureHash:
		return nil
	case a.want.Validation != nil:
		return a.verify(ctx)
	}
	return a.orWithout(ctx, a.addHash(ctx))
}

// change changes the image while the lock is this task's.
func (a *adding) change(ctx context.Context, change func(*glance.Image) error) error {
	_, err := a.Images.UpdateImage(ctx, metadata.ScopeOf(a.who), a.id, func(img *glance.Image) error {
		if err := a.mayChange(img); err != nil {
			return err
		}
		return change(img)
	})
	return err
}

// changeWithin is change, if the owner's quota has room for more data.
func (a *adding) changeWithin(ctx context.Context, size int64, change func(*glance.Image) error) error {
	if a.Quota.Unlimited() {
		return a.change(ctx, change)
	}
	of := metadata.Account{Owner: a.who.ProjectID}
	_, err := a.Images.UpdateMetered(ctx, metadata.ScopeOf(a.who), a.id, of, func(img *glance.Image, used int64) error {
		if err := a.Quota.AdmitLocations(used, size); err != nil {
			return err
		}
		if err := a.mayChange(img); err != nil {
			return err
		}
		return change(img)
	})
	return err
}

func (a *adding) mayChange(img *glance.Image) error {
	if !HoldsLock(img, a.task) {
		return ErrAborted()
	}
	if !a.who.Admin && (img.Owner == "" || img.Owner != a.who.ProjectID) {
		return glance.Errorf(glance.Forbidden, "You do not own this image")
	}
	return nil
}

// attach gives the image the location and moves it on: to active, or to
// importing when the hash is to be verified first. An image without formats
// keeps the location and stays queued, which is a failure all the same.
func (a *adding) attach(ctx context.Context, size int64) error {
	var stuck error
	err := a.changeWithin(ctx, size, func(img *glance.Image) error {
		if img.Status != glance.StatusQueued {
			return errNotQueued(img)
		}
		if err := a.insert(img, size); err != nil {
			return err
		}
		to := glance.StatusActive
		if a.SecureHash && a.want.Validation != nil {
			to = glance.StatusImporting
		}
		if stuck = img.Move(to); stuck == nil {
			a.announceHash(img)
		}
		return nil
	})
	return errors.Join(err, stuck)
}

// insert makes the location the only one: what earlier attempts left on a
// queued image may be anything.
func (a *adding) insert(img *glance.Image, size int64) error {
	if err := a.Limits.Locations(1); err != nil {
		return err
	}
	img.Locations, img.Size = []glance.Location{a.loc}, &size
	return nil
}

// announceHash says what hash there is or will be, and who is making it.
func (a *adding) announceHash(img *glance.Image) {
	if !a.SecureHash {
		if a.want.Validation != nil {
			img.HashAlgo, img.HashValue = a.want.Validation[keyHashAlgo], a.want.Validation[keyHashValue]
		}
		return
	}
	a.hash = a.HashAlgo
	if a.want.Validation != nil {
		a.hash = a.want.Validation[keyHashAlgo]
	}
	img.HashAlgo = a.hash
	if a.SelfURL != "" {
		img.SetProperty(glance.Property{Name: glance.HashHostProperty, Value: a.SelfURL})
	}
}

// verify makes the importing image active when its data has the hash that the
// caller claimed, and queued again otherwise.
func (a *adding) verify(ctx context.Context) error {
	sums, err := a.sums(ctx)
	if want := a.want.Validation[keyHashValue]; err == nil && !strings.EqualFold(sums.value, want) {
		err = fmt.Errorf("os_hash_value: (%s) not matched with actual os_hash_value: (%s)", want, sums.value)
	}
	if err == nil {
		err = a.change(ctx, func(img *glance.Image) error {
			if img.Status != glance.StatusImporting {
				return ErrAborted()
			}
			sums.setTo(img)
			return img.Move(glance.StatusActive)
		})
	}
	if err != nil {
		return errors.Join(err, a.takeBack(ctx))
	}
	return nil
}

// takeBack makes the image queued again and forgets what was claimed of it.
func (a *adding) takeBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return takeBackLocation(ctx, a.Images, a.id, a.task)
}

// takeBackLocation reverts the task that verifies the data of an importing
// image. The data stays where it is: it is not the service's.
func takeBackLocation(ctx context.Context, images metadata.Images, id, task string) error {
	_, err := images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		if img.Status != glance.StatusImporting || !HoldsLock(img, task) {
			return metadata.ErrUnchanged
		}
		img.Checksum, img.HashAlgo, img.HashValue = "", "", ""
		img.RemoveProperty(glance.HashHostProperty)
		// Compat: locations of the http store stay, as it deletes nothing.
		img.Locations = slices.DeleteFunc(img.Locations, func(loc glance.Location) bool {
			return !strings.HasPrefix(loc.URL, "http")
		})
		return img.Move(glance.StatusQueued)
	})
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	return err
}

// addHash gives an image that is active already its hashes.
func (a *adding) addHash(ctx context.Context) error {
	sums, err := a.sums(ctx)
	if err != nil {
		return err
	}
	return a.change(ctx, func(img *glance.Image) error {
		if countSame(img.Locations, a.loc) == 0 {
			return ErrAborted()
		}
		sums.setTo(img)
		return nil
	})
}

// orWithout leaves an active image without hash when it cannot be had: that is
// no failure.
func (a *adding) orWithout(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if stopped(ctx) {
		return errLater
	}
	a.Log.WarnContext(ctx, "an image stays without hash", "image_id", a.id, "error", err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := forgetHash(ctx, a.Images, a.id, a.task); err != nil {
		a.Log.ErrorContext(ctx, "an image keeps the name of a hash that it has not", "image_id", a.id, "error", err)
	}
	return nil
}

// forgetHash takes back what announceHash said of a hash that never came.
func forgetHash(ctx context.Context, images metadata.Images, id, task string) error {
	_, err := images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		if !HoldsLock(img, task) || img.HashValue != "" {
			return metadata.ErrUnchanged
		}
		img.HashAlgo = ""
		img.RemoveProperty(glance.HashHostProperty)
		return nil
	})
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	return err
}

// sums are the hashes of the data of an image.
type sums struct{ checksum, algo, value string }

func (s sums) setTo(img *glance.Image) {
	img.Checksum, img.HashAlgo, img.HashValue = s.checksum, s.algo, s.value
	img.RemoveProperty(glance.HashHostProperty)
}

// sums reads the data, again when that fails on the way.
func (a *adding) sums(ctx context.Context) (s sums, err error) {
	for range max(a.Attempts, 1) {
		s, err = a.sumsOnce(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, glance.Conflict) {
			return s, err
		}
		a.Log.WarnContext(ctx, "unable to read the data of an image for its hash", "image_id", a.id, "error", err)
	}
	return s, err
}

func (a *adding) sumsOnce(ctx context.Context) (sums, error) {
	strong, err := multihash.New(a.hash)
	if err != nil {
		return sums{}, err
	}
	data, err := a.Stores.Open(ctx, a.loc, 0)
	if err != nil {
		return sums{}, err
	}
	defer data.Close()
	checksum := md5.New() //nolint:gosec // see the import
	body := &pulsed{Reader: data, next: time.Now().Add(taskPulse), beat: func() error { return a.beat(ctx) }}
	if _, err := a.Buffers.Pipe(ctx, body, multihash.To(checksum), multihash.To(strong)); err != nil {
		return sums{}, err
	}
	return sums{hex.EncodeToString(checksum.Sum(nil)), a.hash, hex.EncodeToString(strong.Sum(nil))}, nil
}

// beat says that the task is alive, unless somebody ended it.
func (a *adding) beat(ctx context.Context) error {
	_, err := a.alive(ctx)
	return err
}

func (a *adding) alive(ctx context.Context) (*glance.Task, error) {
	return TouchTask(ctx, a.Tasks, a.task, "")
}

// pulsed calls beat from time to time while it is read.
type pulsed struct {
	io.Reader
	next time.Time
	beat func() error
}

func (p *pulsed) Read(b []byte) (int, error) {
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(taskPulse)
		if err := p.beat(); err != nil {
			return 0, err
		}
	}
	return p.Reader.Read(b)
}
