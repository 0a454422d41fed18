package images

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"glance/internal/glance"
	"glance/internal/multihash"
	"glance/internal/store"
)

// ErrDataLeft is among the errors of a failure that left data in a store. The
// caller's entry in the journal has to stay.
var ErrDataLeft = errors.New("data could not be removed")

// Placing says which stores get the data of an image, all in one pass.
type Placing struct {
	Stores  []string // ids, as Set.Choose gives them
	Attempt string   // one per store and image; see store.Upload
	// Every ends the pass with the first store that fails; nothing is left in
	// the others then.
	Every bool
}

// Placed is what became of a pass.
type Placed struct {
	Done   []Copy           // in order
	Failed map[string]error // by id of the store; empty with Every
	found  found
	src    *stream
}

// Copy is the data of an image in one store.
type Copy struct {
	Store string
	At    glance.Location
}

// StoreError is the error of one store; the data is not to blame.
type StoreError struct {
	Store string
	Err   error
}

func (e *StoreError) Error() string { return "store " + e.Store + ": " + e.Err.Error() }

// Unwrap gives what the store said.
func (e *StoreError) Unwrap() error { return e.Err }

// Describe sets what the pass has found out about the data.
func (p *Placed) Describe(img *glance.Image) {
	f := p.found
	img.Size, img.VirtualSize = &f.size, f.virtualSize
	img.Checksum, img.HashAlgo, img.HashValue = f.checksum, f.hashAlgo, f.hashValue
}

// Same reports whether the data is that of an image that has data already, as
// far as the image says what its data is.
func (p *Placed) Same(img *glance.Image) bool {
	return (img.Checksum == "" || img.Checksum == p.found.checksum) &&
		(img.HashValue == "" || img.HashAlgo != p.found.hashAlgo || img.HashValue == p.found.hashValue) &&
		(img.Size == nil || *img.Size == p.found.size)
}

// Place stores the data of an image that the caller has a claim on, with the
// limits, hashes and inspection of an upload. It changes no row and writes no
// journal. The error is that of the data, or of a store with Every, or of the
// last store when all fail; nothing is left then but for ErrDataLeft.
func (u *Uploader) Place(ctx context.Context, who *glance.Caller, img *glance.Image, data Data, how Placing) (*Placed, error) {
	src, err := u.measured(ctx, who, img, data)
	if err != nil {
		return nil, err
	}
	results := make([]placing, len(how.Stores))
	var failed atomic.Int64
	writers := make([]multihash.Consumer, len(how.Stores))
	for i, id := range how.Stores {
		writers[i] = func(ctx context.Context, r io.Reader) error {
			up := store.Upload{ImageID: img.ID, Attempt: how.Attempt, Size: data.Size}
			put, err := u.Stores.Put(ctx, id, up, r)
			results[i] = placing{Copy{id, locationOf(put)}, err}
			switch {
			case err == nil, !how.Every && failed.Add(1) < int64(len(how.Stores)): // the others go on
				return nil
			}
			return &StoreError{id, err}
		}
	}
	p := &Placed{Failed: map[string]error{}, src: src}
	err = src.pass(ctx, data.Size, writers...)
	for _, r := range results {
		switch {
		case r.err != nil:
			p.Failed[r.Store] = r.err
		case r.At.URL != "": // one that never began has none
			p.Done = append(p.Done, r.Copy)
		}
	}
	if err == nil {
		err = u.judge(ctx, img.ID, p)
	}
	if err != nil {
		return nil, errors.Join(err, u.Remove(ctx, img.ID, p.Done))
	}
	return p, nil
}

type placing struct {
	Copy
	err error
}

func (u *Uploader) judge(ctx context.Context, id string, p *Placed) (err error) {
	if p.found, err = p.src.result(); err != nil {
		return err
	}
	for _, warning := range p.found.warnings {
		u.Log.WarnContext(ctx, "inspection of image data: "+warning, "image_id", id)
	}
	return nil
}

// Adopt changes the row of the image, if the owner's quota still has room for
// the data.
func (u *Uploader) Adopt(ctx context.Context, who *glance.Caller, id string, p *Placed, change func(*glance.Image) error) error {
	return u.updateWithin(ctx, who, id, p.src, change)
}

// Remove removes data that no row names. Whatever stays is ErrDataLeft.
func (u *Uploader) Remove(ctx context.Context, imageID string, copies []Copy) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var left error
	for _, c := range copies {
		if err := u.Stores.Delete(ctx, c.At); err != nil && !errors.Is(err, glance.NotFound) {
			u.Log.ErrorContext(ctx, "image data is left until the next start", "image_id", imageID, "store", c.Store, "error", err)
			left = ErrDataLeft
		}
	}
	return left
}
