package s3

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"glance/internal/glance"
	"glance/internal/store"
)

// attemptKey is the metadata of an object that says which attempt wrote it.
const attemptKey = "glance-attempt"

// Put writes an image; see store.Driver.
func (s *Store) Put(ctx context.Context, up store.Upload, r io.Reader) (store.Object, error) {
	if err := checkNames(up); err != nil {
		return store.Object{}, err
	}
	if ctx.Err() != nil {
		return store.Object{}, context.Cause(ctx)
	}
	if s.conn.client == nil {
		return store.Object{}, store.AddDisabled()
	}
	if err := s.prepare(ctx, up.ImageID); err != nil {
		return store.Object{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // nothing goes on when r panics
	src := &source{ctx: ctx, r: r, want: up.Size}
	if err := s.write(ctx, up, src); err != nil {
		if own := src.failure(); own != nil {
			err = own // whatever the request made of it
		}
		return store.Object{}, err
	}
	at := s.place
	at.key = up.ImageID
	return store.Object{URL: at.url(), Size: src.size, Metadata: map[string]any{}}, nil
}

// write chooses how: what fits into one part goes from memory, less than
// s3_store_large_object_size as one stream, all else in parts.
func (s *Store) write(ctx context.Context, up store.Upload, src *source) error {
	size := s.partSize(up.Size, 0)
	first := s.blocks.read(src, size)
	switch {
	case src.failure() != nil:
		first.release()
		return src.failure()
	case src.ended():
		return s.putWhole(ctx, up, first)
	case up.Size != store.SizeUnknown && up.Size < s.cfg.LargeObjectSize*mib && s.canStream():
		return s.putStream(ctx, up, first, src)
	}
	return s.putParts(ctx, up, first, src)
}

// canStream reports whether a body can be sent that cannot be read twice: a
// checksum of it can only follow it, for which the protocol demands TLS.
func (s *Store) canStream() bool {
	return s.conn.tls || s.conn.options.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenRequired
}

// checkNames refuses what would be another object than is meant.
func checkNames(up store.Upload) error {
	for _, name := range []string{up.ImageID, up.Attempt} {
		if name == "" || name[0] == '.' || strings.ContainsAny(name, "/\x00") || len(name) > 100 {
			return glance.Errorf(glance.Invalid, "%q cannot name an object", name)
		}
	}
	return nil
}

// prepare makes sure that there is a bucket and no object, before data moves.
func (s *Store) prepare(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, cleanupTimeout)
	defer cancel()
	_, err := s.head(ctx, key)
	switch {
	case err == nil:
		return store.Duplicate(key)
	case !missing(err):
		return writing(ctx, key, err)
	}
	_, err = s.conn.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.cfg.Bucket})
	switch {
	case err == nil:
		return nil
	case !missing(err):
		return writing(ctx, key, fmt.Errorf("Failed to get bucket info: %w", err))
	case !s.cfg.CreateBucket:
		return fmt.Errorf("The bucket %s does not exist in S3. Please set the s3_store_create_bucket_on_put option "+
			"to add bucket to S3 automatically.", s.cfg.Bucket)
	}
	return s.makeBucket(ctx, key)
}

func (s *Store) makeBucket(ctx context.Context, key string) error {
	in := &s3.CreateBucketInput{Bucket: &s.cfg.Bucket}
	if region := s.conn.options.Region; region != defaultRegion {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	_, err := s.conn.client.CreateBucket(ctx, in)
	if err == nil {
		return nil
	}
	if _, gone := s.conn.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.cfg.Bucket}); gone == nil {
		return nil // another upload was faster
	}
	return writing(ctx, key, fmt.Errorf("Failed to add bucket to S3: %w", err))
}

func (s *Store) head(ctx context.Context, key string) (*s3.HeadObjectOutput, error) {
	return s.conn.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
}

// putWhole sends an object that lies in memory.
func (s *Store) putWhole(ctx context.Context, up store.Upload, data *part) error {
	return s.publish(ctx, up, func(condition *string) error {
		body := data.open()
		in := s.putInput(up, body, data.size, condition)
		_, err := s.conn.client.PutObject(ctx, in, s.carrying)
		if err == nil && body.finished() {
			data.release()
		}
		return err
	})
}

// putStream sends an object whose start lies in memory. Compat: a server that
// is to have large objects whole, as the options say, gets them so; what is lost
// is that a request can be sent again.
func (s *Store) putStream(ctx context.Context, up store.Upload, start *part, rest *source) error {
	return s.publish(ctx, up, func(condition *string) error {
		body := io.MultiReader(start.open(), held{rest})
		_, err := s.conn.client.PutObject(ctx, s.putInput(up, body, up.Size, condition), unsigned, once)
		return err
	})
}

func (s *Store) putInput(up store.Upload, body io.Reader, size int64, condition *string) *s3.PutObjectInput {
	return &s3.PutObjectInput{
		Bucket: &s.cfg.Bucket, Key: &up.ImageID, Body: body, ContentLength: &size,
		IfNoneMatch: condition, Metadata: map[string]string{attemptKey: up.Attempt},
	}
}

// publish makes an object appear by the request that send makes, unless there
// is one. The condition is for the server: one that does not know it refuses or
// ignores it, hence the look before, and the lock for this process's uploads.
func (s *Store) publish(ctx context.Context, up store.Upload, send func(condition *string) error) error {
	unlock, err := s.locks.lock(ctx, up.ImageID)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := s.head(ctx, up.ImageID); err == nil {
		return store.Duplicate(up.ImageID)
	} else if !missing(err) {
		return writing(ctx, up.ImageID, err)
	}
	err = send(aws.String("*"))
	if err != nil && unconditional(err) {
		err = send(nil)
	}
	if err == nil {
		return nil
	}
	return s.judge(ctx, up, err)
}

// judge finds out what a request that failed has done: the answer to one that
// succeeded may have been lost, and its repetition refused.
func (s *Store) judge(ctx context.Context, up store.Upload, failed error) error {
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	found, err := s.head(look, up.ImageID)
	if err != nil || found.Metadata[attemptKey] != up.Attempt {
		return writing(ctx, up.ImageID, failed)
	}
	if ctx.Err() == nil {
		return nil
	}
	if err := s.remove(look, up.ImageID); err != nil {
		s.log.Error("Unable to remove the object of a cancelled upload", "key", up.ImageID, "error", err)
	}
	return context.Cause(ctx)
}

func (s *Store) remove(ctx context.Context, key string) error {
	_, err := s.conn.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.cfg.Bucket, Key: &key})
	return err
}
