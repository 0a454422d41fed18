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

	Leftovers *Leftovers // nil leaves what fails to the next start
	Allowance *Allowance // of the identity service; nil is none

	Quota    quota.Storage   // bytes an owner may occupy
	SizeCap  int64           // image_size_cap, bytes
	HashAlgo string          // hashing_algorithm
	Formats  imgformat.Rules // how strict inspection is
}

// Journal records on this node what is about to be written or removed.
type Journal interface {
	// Begin records entry durably; done marks it settled, as far as this process
	// may end, but not the machine.
	Begin(entry map[string]string) (done func(), err error)
	// Sync makes durable what was marked.
	Sync() error
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
	g := &uploading{
		Uploader: u, claim: claim{image: id, status: glance.StatusSaving, attempt: up.Attempt}, who: who, old: data.Old,
	}
	if err := g.begin(u.Journal, u.Leftovers, uploadEntry(to, up)); err != nil {
		return err
	}
	if img, err = g.take(ctx); err != nil {
		if Uncertain(err) {
			g.later(ctx)
		} else {
			g.done()
		}
		return err
	}
	src, err := u.measured(ctx, who, img, data)
	if err != nil {
		return g.giveBack(ctx, err)
	}
	put, err := src.into(ctx, u.Stores, to, up)
	switch {
	case err != nil && put.URL != "": // the store was done when something else failed
		return g.discard(ctx, put, err)
	case err != nil:
		return g.giveBack(ctx, err)
	}
	// All data is there: a client that hangs up now does not matter any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := g.commit(ctx, put, src); err != nil {
		return g.discard(ctx, put, err)
	}
	g.done()
	return nil
}

// uploading is one call of Upload.
type uploading struct {
	*Uploader
	claim
	deed
	who *glance.Caller
	old bool // see Data
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

// take makes the image saving. Of several callers exactly one gets it. A client
// that hangs up does not matter here: nobody could say what the database did.
func (g *uploading) take(ctx context.Context) (*glance.Image, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	claimed, err := g.Images.UpdateImage(ctx, metadata.Everything(), g.image, func(img *glance.Image) error {
		if img.Status != glance.StatusQueued && !g.holds(img) {
			return errGone(g.image)
		}
		return g.claim.take(img)
	})
	if errors.Is(err, glance.NotFound) {
		return nil, errGone(g.image)
	}
	return claimed, err
}

// commit makes the image active with what was stored, unless somebody deleted
// it meanwhile.
func (g *uploading) commit(ctx context.Context, put glance.Location, src *stream) error {
	found, err := src.result()
	if err == nil {
		err = src.supplied.check(found)
	}
	if err != nil {
		return err
	}
	for _, warning := range found.warnings {
		g.Log.WarnContext(ctx, "inspection of image data: "+warning, "image_id", g.image)
	}
	err = g.updateWithin(ctx, g.who, g.image, src, func(img *glance.Image) error {
		if !g.holds(img) {
			return errGone(g.image)
		}
		img.RemoveProperty(glance.AttemptProperty)
		img.Size, img.VirtualSize = &found.size, found.virtualSize
		img.Checksum, img.HashAlgo, img.HashValue = found.checksum, found.hashAlgo, found.hashValue
		img.Locations = []glance.Location{put} // a location task may have left others
		return img.Move(glance.StatusActive)
	})
	if errors.Is(err, glance.NotFound) {
		return errGone(g.image)
	}
	return err
}

// discard removes data that did not become the image's, then gives it back. A
// commit that fails may have happened all the same, when only its confirmation
// got lost.
func (g *uploading) discard(ctx context.Context, put glance.Location, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	img, err := g.Images.Image(ctx, metadata.Everything(), g.image)
	switch {
	case err == nil && img.Status == glance.StatusActive && hasURL(img, put.URL):
		g.done()
		return nil
	case err != nil && !errors.Is(err, glance.NotFound):
		g.Log.ErrorContext(ctx, "image and data of a failed upload stay as they are for the time being", "image_id", g.image, "error", err)
		g.later(ctx)
		return cause
	}
	if err := g.Stores.Delete(ctx, put); err != nil && !errors.Is(err, glance.NotFound) {
		g.Log.ErrorContext(ctx, "data of a failed upload is left for the time being", "image_id", g.image, "error", err)
		g.left = true
	}
	return g.giveBack(ctx, cause)
}

func hasURL(img *glance.Image, url string) bool {
	return slices.ContainsFunc(img.Locations, func(loc glance.Location) bool { return loc.URL == url })
}

// giveBack makes the image queued again, or killed, and returns cause. When
// that fails, it is tried again later.
func (g *uploading) giveBack(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	to := glance.StatusQueued
	if g.old && !errors.Is(cause, glance.Conflict) {
		to = glance.StatusKilled
	}
	if err := g.release(ctx, g.Images, to); err != nil {
		g.Log.ErrorContext(ctx, "image stays saving for the time being", "image_id", g.image, "error", err)
		g.left = true
	}
	g.settle(ctx)
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
