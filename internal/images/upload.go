package images

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/imgformat"
	"glance/internal/metadata"
	"glance/internal/multihash"
	"glance/internal/policy"
	"glance/internal/quota"
	"glance/internal/store"
)

// SizeUnknown stands for the size of data that nobody announced.
const SizeUnknown = store.SizeUnknown

// settleTime bounds what an upload still does after it failed: removing data
// and giving the image back, whatever became of the request.
const settleTime = 30 * time.Second

// Uploader takes the data of images.
type Uploader struct {
	Images  metadata.Images
	Policy  *policy.Enforcer
	Stores  *store.Set
	Journal Journal
	Buffers *multihash.Pool
	Log     *slog.Logger

	Allowance *Allowance // of the identity service; nil is none

	Quota    quota.Storage   // bytes an owner may occupy
	SizeCap  int64           // image_size_cap, bytes
	HashAlgo string          // hashing_algorithm
	Formats  imgformat.Rules // how strict inspection is
}

// Journal records on this node what is about to be written or removed.
type Journal interface {
	// Begin records entry durably; done marks it settled.
	Begin(entry map[string]string) (done func(), err error)
}

// Data is what comes in.
type Data struct {
	Body  io.Reader
	Size  int64   // bytes announced, or SizeUnknown
	Store *string // id of the store asked for; nil is the default one

	// Old is an upload of API v1: a failure makes the image killed, and some
	// texts are those of spec images-v1 §5.
	Old bool
	// Supplied is what the caller says of the data that comes; see Supplied.
	Supplied Supplied
}

// Supplied is what a caller of API v1 says that the data will turn out to be.
type Supplied struct {
	Size     int64  // bytes; 0 says nothing
	Checksum string // md5, hexadecimal; empty says nothing
}

// Upload stores the data of a queued image and makes it active (spec images-v2
// §17). After any failure the image is queued again and nothing of the data is
// left; what a crash leaves is in the journal.
func (u *Uploader) Upload(ctx context.Context, who *glance.Caller, id string, data Data) error {
	if err := u.Allowance.AdmitBytes(ctx, who, quota.ImageSizeTotal, data.Size); err != nil {
		return err
	}
	to, err := u.choose(data.Store)
	if err != nil {
		return err
	}
	img, err := u.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return err
	}
	if err := u.Policy.Image(ctx, who, policy.UploadImage, img); err != nil {
		return err
	}
	if err := img.Clone().Move(glance.StatusSaving); err != nil {
		return err
	}
	id = img.ID // databases may find it by another spelling
	up := store.Upload{ImageID: id, Attempt: newID(), Size: data.Size}
	done, err := u.Journal.Begin(uploadEntry(to, up))
	if err != nil {
		return err
	}
	img, err = u.claim(ctx, id)
	if err != nil {
		if !uncertain(err) {
			done()
		}
		return err
	}
	src, err := u.measured(ctx, who, img, data)
	if err != nil {
		return u.giveBack(ctx, id, data, done, err)
	}
	put, err := src.into(ctx, u.Stores, to, up)
	switch {
	case err != nil && put.URL != "": // the store was done when something else failed
		return u.discard(ctx, id, data, put, done, err)
	case err != nil:
		return u.giveBack(ctx, id, data, done, err)
	}
	// All data is there: a client that hangs up now does not matter any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := u.commit(ctx, who, id, put, src); err != nil {
		return u.discard(ctx, id, data, put, done, err)
	}
	done()
	return nil
}

// choose gives the id of the store that the data goes to. A name that is given
// and empty is none.
func (u *Uploader) choose(id *string) (string, error) {
	if id == nil || !u.Stores.Multi() {
		return u.Stores.Choose("")
	}
	if *id == "" {
		return "", glance.Errorf(glance.Invalid, "Store for identifier  not found")
	}
	return u.Stores.Choose(*id)
}

// claim makes the image saving. Of several callers exactly one gets it. A client
// that hangs up does not matter here: nobody could say what the database did.
func (u *Uploader) claim(ctx context.Context, id string) (*glance.Image, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	claimed, err := u.Images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		if img.Status != glance.StatusQueued {
			return errGone(id)
		}
		return img.Move(glance.StatusSaving)
	})
	if errors.Is(err, glance.NotFound) {
		return nil, errGone(id)
	}
	return claimed, err
}

// uncertain reports whether the database may have done what it failed to
// confirm. The journal keeps such a claim for the next start.
func uncertain(err error) bool {
	k := glance.KindOf(err)
	return k == glance.Internal || k == glance.Unavailable
}

// commit makes the image active with what was stored, unless somebody deleted
// it meanwhile.
func (u *Uploader) commit(ctx context.Context, who *glance.Caller, id string, put glance.Location, src *stream) error {
	found, err := src.result()
	if err == nil {
		err = src.supplied.check(found)
	}
	if err != nil {
		return err
	}
	for _, warning := range found.warnings {
		u.Log.WarnContext(ctx, "inspection of image data: "+warning, "image_id", id)
	}
	err = u.updateWithin(ctx, who, id, src, func(img *glance.Image) error {
		if img.Status != glance.StatusSaving {
			return errGone(id)
		}
		img.Size, img.VirtualSize = &found.size, found.virtualSize
		img.Checksum, img.HashAlgo, img.HashValue = found.checksum, found.hashAlgo, found.hashValue
		img.Locations = []glance.Location{put} // a location task may have left others
		return img.Move(glance.StatusActive)
	})
	if errors.Is(err, glance.NotFound) {
		return errGone(id)
	}
	return err
}

// discard removes data that did not become the image's, then gives it back. A
// commit that fails may have happened all the same, when only its confirmation
// got lost.
func (u *Uploader) discard(
	ctx context.Context, id string, data Data, put glance.Location, done func(), cause error,
) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	img, err := u.Images.Image(ctx, metadata.Everything(), id)
	switch {
	case err == nil && img.Status == glance.StatusActive && hasURL(img, put.URL):
		done()
		return nil
	case err != nil && !errors.Is(err, glance.NotFound):
		u.Log.ErrorContext(ctx, "image and data of a failed upload stay as they are until the next start", "image_id", id, "error", err)
		return cause
	}
	if err := u.Stores.Delete(ctx, put); err != nil && !errors.Is(err, glance.NotFound) {
		u.Log.ErrorContext(ctx, "data of a failed upload is left until the next start", "image_id", id, "error", err)
		done = func() {} // the journal keeps it
	}
	return u.giveBack(ctx, id, data, done, cause)
}

func hasURL(img *glance.Image, url string) bool {
	return slices.ContainsFunc(img.Locations, func(loc glance.Location) bool { return loc.URL == url })
}

// giveBack makes the image queued again, or killed, and returns cause. When
// that fails, the journal keeps the entry for the next start.
func (u *Uploader) giveBack(ctx context.Context, id string, data Data, done func(), cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	settle := backToQueued
	if data.Old && !errors.Is(cause, glance.Conflict) {
		settle = kill
	}
	if err := settle(ctx, u.Images, id, glance.StatusSaving); err != nil {
		u.Log.ErrorContext(ctx, "image stays saving until the next start", "image_id", id, "error", err)
		return cause
	}
	done()
	return cause
}

// ErrVanished is the cause of an upload's failure when the image is not there
// any more, or is not waiting for that data.
var ErrVanished = errors.New("the image vanished")

func errGone(id string) error {
	return glance.Because(glance.Gone, ErrVanished, "Image "+id+" could not be found after upload. The image may "+
		"have been deleted during the upload, cleaning up the chunks uploaded.")
}

func errTooLarge() error {
	return glance.Errorf(glance.TooLarge, "The incoming image is too large: The provided image is too large.")
}
