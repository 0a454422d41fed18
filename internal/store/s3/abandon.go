package s3

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"glance/internal/store"
)

// Abandon removes what an attempt left: its parts, its object, its note; see
// store.Driver.
//
// A process that died between the beginning of a multipart upload and the note
// of it has sent no part, so an upload of this image without parts is taken for
// the attempt's: were it another's that is just beginning, that one would fail
// and lose no data, and there is none, because the image is still claimed.
func (s *Store) Abandon(ctx context.Context, up store.Upload) error {
	if err := checkNames(up); err != nil {
		return err
	}
	if s.conn.client == nil {
		return store.Unreachable(errNoWay)
	}
	for _, step := range []func(context.Context, store.Upload) error{
		s.abandonNoted, s.abandonEmpty, s.abandonObject,
	} {
		if err := step(ctx, up); err != nil && !missing(err) {
			return writing(ctx, up.ImageID, err)
		}
	}
	return nil
}

// maxNote is more than any server's name of an upload.
const maxNote = 8 << 10

// abandonNoted removes the parts that the attempt's note speaks of, then the
// note.
func (s *Store) abandonNoted(ctx context.Context, up store.Upload) error {
	key := noteKey(up)
	note, err := s.conn.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
	if err != nil {
		return err
	}
	defer note.Body.Close()
	id, err := io.ReadAll(io.LimitReader(note.Body, maxNote))
	if err != nil {
		return err
	}
	if err := s.abort(ctx, up.ImageID, string(id)); err != nil {
		return err
	}
	return s.remove(ctx, key)
}

// abandonEmpty removes uploads of the image without parts.
func (s *Store) abandonEmpty(ctx context.Context, up store.Upload) error {
	pages := s3.NewListMultipartUploadsPaginator(s.conn.client,
		&s3.ListMultipartUploadsInput{Bucket: &s.cfg.Bucket, Prefix: &up.ImageID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			if unconditional(err) {
				return nil // a server without the list has nothing to tell
			}
			return err
		}
		for _, u := range page.Uploads {
			if *u.Key != up.ImageID {
				continue
			}
			parts, err := s.conn.client.ListParts(ctx, &s3.ListPartsInput{Bucket: &s.cfg.Bucket, Key: u.Key, UploadId: u.UploadId})
			if err == nil && len(parts.Parts) == 0 {
				err = s.abort(ctx, up.ImageID, *u.UploadId)
			}
			if err != nil && !missing(err) {
				return err
			}
		}
	}
	return nil
}

// abandonObject removes the object if the attempt wrote it.
func (s *Store) abandonObject(ctx context.Context, up store.Upload) error {
	found, err := s.head(ctx, up.ImageID)
	if err != nil {
		return err
	}
	if found.Metadata[attemptKey] != up.Attempt {
		return nil
	}
	return s.remove(ctx, up.ImageID)
}
