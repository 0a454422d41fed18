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
	done, err := s.Journal.Begin(stageEntry(up))
	if err != nil {
		return err
	}
	if err := s.claim(ctx, id); err != nil {
		if !uncertain(err) {
			done()
		}
		return err
	}
	if err := s.Allowance.Admit(ctx, who, quota.ImageCountUploading, 0); err != nil {
		return s.giveBack(ctx, id, done, err)
	}
	size, err := s.keep(ctx, up, data)
	if err != nil {
		return s.giveBack(ctx, id, done, err)
	}
	// All data is there: a client that hangs up now does not matter any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := s.commit(ctx, id, size); err != nil {
		return s.discard(ctx, id, done, err)
	}
	done()
	return nil
}

// claim makes the image uploading. Of several callers exactly one gets it; the
// others leave it alone. A client that hangs up does not matter; see
// Uploader.claim.
func (s *Stager) claim(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	_, err := s.Images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		if err := img.Move(glance.StatusUploading); err != nil {
			return err
		}
		img.Size = nil // until the data is there: see revertStage
		return nil
	})
	return err
}

// keep writes the data. The place is this image's alone: data that somebody
// left there is in the way once, and is removed.
func (s *Stager) keep(ctx context.Context, up store.Upload, data Data) (int64, error) {
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

func (s *Stager) commit(ctx context.Context, id string, size int64) error {
	_, err := s.Images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		if img.Status != glance.StatusUploading {
			return errGone(id)
		}
		img.Size = &size
		img.Checksum, img.HashAlgo, img.HashValue = "", "", ""
		if s.SelfURL != "" {
			img.SetProperty(glance.Property{Name: glance.StageHostProperty, Value: s.SelfURL})
		}
		return nil
	})
	if errors.Is(err, glance.NotFound) {
		return errGone(id)
	}
	return err
}

// discard removes data that nobody waits for, then gives the image back. A
// commit that fails may have happened all the same, when only its confirmation
// got lost.
func (s *Stager) discard(ctx context.Context, id string, done func(), cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	img, err := s.Images.Image(ctx, metadata.Everything(), id)
	switch {
	case err == nil && img.Status == glance.StatusUploading && img.Size != nil:
		done()
		return nil
	case err != nil && !errors.Is(err, glance.NotFound):
		s.Log.ErrorContext(ctx, "image and staged data stay as they are until the next start", "image_id", id, "error", err)
		return cause
	}
	if err := s.Staging.Remove(ctx, id); err != nil {
		s.Log.ErrorContext(ctx, "staged data is left until the next start", "image_id", id, "error", err)
		done = func() {} // the journal keeps it
	}
	return s.giveBack(ctx, id, done, cause)
}

// giveBack makes the image queued again and returns cause. When that fails, the
// journal keeps the entry for the next start.
func (s *Stager) giveBack(ctx context.Context, id string, done func(), cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := backToQueued(ctx, s.Images, id, glance.StatusUploading); err != nil {
		s.Log.ErrorContext(ctx, "image stays uploading until the next start", "image_id", id, "error", err)
		return cause
	}
	done()
	return cause
}
