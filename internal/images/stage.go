package images

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/multihash"
	"glance/internal/policy"
	"glance/internal/quota"
	"glance/internal/store"
)

// Staging is the place on this node where data waits for its import. The data
// of an image lies there under the image's id.
type Staging struct {
	Driver store.Driver
	Prefix string // of its URLs; the id follows
}

// URL is where the data of an image lies, if there is any.
func (s *Staging) URL(imageID string) string { return s.Prefix + imageID }

// Path is the file with the data of an image, if there is any.
func (s *Staging) Path(imageID string) string {
	return strings.TrimPrefix(s.URL(imageID), "file://")
}

// Remove removes the data of an image, if there is any.
func (s *Staging) Remove(ctx context.Context, imageID string) error {
	err := s.Driver.Delete(ctx, s.URL(imageID))
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	return err
}

// Stager takes data that is to be imported later.
type Stager struct {
	Images  metadata.Images
	Policy  *policy.Enforcer
	Staging *Staging
	Journal Journal
	Buffers *multihash.Pool
	Log     *slog.Logger

	Leftovers *Leftovers // nil leaves what fails to the next start

	Allowance *Allowance // of the identity service; nil is none
	SizeCap   int64      // image_size_cap, bytes
	SelfURL   string     // of this node, "" when it is not known
}

// Stage keeps data for a queued image, which becomes uploading (spec images-v2
// §18). After any failure the image is queued again and nothing of the data is
// left; what a crash leaves is in the journal.
func (s *Stager) Stage(ctx context.Context, who *glance.Caller, id string, data Data) error {
	if err := s.Allowance.AdmitBytes(ctx, who, quota.ImageStageTotal, data.Size); err != nil {
		return err
	}
	img, err := s.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return err
	}
	if err := s.Policy.Image(ctx, who, policy.ModifyImage, img); err != nil {
		return err
	}
	if err := img.Move(glance.StatusUploading); err != nil {
		return err
	}
	id = img.ID // databases may find it by another spelling
	up := store.Upload{ImageID: id, Attempt: newID(), Size: data.Size}
	g := &staging{Stager: s, claim: claim{image: id, status: glance.StatusUploading, attempt: up.Attempt}}
	if err := g.begin(s.Journal, s.Leftovers, stageEntry(up)); err != nil {
		return err
	}
	if err := g.take(ctx); err != nil {
		if Uncertain(err) {
			g.later(ctx)
		} else {
			g.done()
		}
		return err
	}
	if err := s.Allowance.Admit(ctx, who, quota.ImageCountUploading, 0); err != nil {
		return g.giveBack(ctx, err)
	}
	size, err := s.Keep(ctx, up, data)
	if err != nil {
		return g.giveBack(ctx, err)
	}
	// All data is there: a client that hangs up now does not matter any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := g.commit(ctx, size); err != nil {
		return g.discard(ctx, err)
	}
	g.done()
	return nil
}

// staging is one call of Stage.
type staging struct {
	*Stager
	claim
	deed
}

// take makes the image uploading. Of several callers exactly one gets it; the
// others leave it alone. A client that hangs up does not matter; see
// uploading.take.
func (g *staging) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	_, err := g.Images.UpdateImage(ctx, metadata.Everything(), g.image, func(img *glance.Image) error {
		if err := g.claim.take(img); err != nil {
			return err
		}
		img.Size = nil // until the data is there: see revertStage
		return nil
	})
	return err
}

// Keep writes the data of an image that the caller has a claim on, and gives its
// size; after a failure nothing of it is there. The place is this image's alone:
// data that somebody left there is in the way once, and is removed.
func (s *Stager) Keep(ctx context.Context, up store.Upload, data Data) (int64, error) {
	if data.Size > s.SizeCap {
		return 0, errTooLarge()
	}
	src := &stream{body: data.Body, limits: []limit{{s.SizeCap, func(int64) error { return errTooLarge() }}}}
	if data.Size != SizeUnknown {
		exceeds := limit{data.Size, func(got int64) error { return store.SizeExceeds(data.Size, got) }}
		src.limits = append([]limit{exceeds}, src.limits...)
	}
	_, err := s.Buffers.Pipe(ctx, measuredReader{src, up.Size}, func(ctx context.Context, r io.Reader) error {
		_, err := s.Staging.Driver.Put(ctx, up, r)
		return err
	})
	if errors.Is(err, glance.Conflict) {
		err = glance.Because(glance.Conflict, err, "The image "+up.ImageID+" has data on staging")
		return 0, errors.Join(err, s.Staging.Remove(ctx, up.ImageID))
	}
	return src.count, err
}

func (g *staging) commit(ctx context.Context, size int64) error {
	_, err := g.Images.UpdateImage(ctx, metadata.Everything(), g.image, func(img *glance.Image) error {
		if !g.holds(img) {
			return errGone(g.image)
		}
		img.RemoveProperty(glance.AttemptProperty)
		img.Size = &size
		img.Checksum, img.HashAlgo, img.HashValue = "", "", ""
		if g.SelfURL != "" {
			img.SetProperty(glance.Property{Name: glance.StageHostProperty, Value: g.SelfURL})
		}
		return nil
	})
	if errors.Is(err, glance.NotFound) {
		return errGone(g.image)
	}
	return err
}

// discard removes data that nobody waits for, then gives the image back. A
// commit that fails may have happened all the same, when only its confirmation
// got lost.
func (g *staging) discard(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	img, err := g.Images.Image(ctx, metadata.Everything(), g.image)
	switch {
	case err == nil && img.Status == glance.StatusUploading && img.Size != nil:
		g.done()
		return nil
	case err != nil && !errors.Is(err, glance.NotFound):
		g.Log.ErrorContext(ctx, "image and staged data stay as they are for the time being", "image_id", g.image, "error", err)
		g.later(ctx)
		return cause
	}
	if err := g.Staging.Remove(ctx, g.image); err != nil {
		g.Log.ErrorContext(ctx, "staged data is left for the time being", "image_id", g.image, "error", err)
		g.left = true
	}
	return g.giveBack(ctx, cause)
}

// giveBack makes the image queued again and returns cause. When that fails, it
// is tried again later.
func (g *staging) giveBack(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := g.release(ctx, g.Images, glance.StatusQueued); err != nil {
		g.Log.ErrorContext(ctx, "image stays uploading for the time being", "image_id", g.image, "error", err)
		g.left = true
	}
	g.settle(ctx)
	return cause
}
