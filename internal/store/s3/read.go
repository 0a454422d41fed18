package s3

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"glance/internal/glance"
	"glance/internal/store"
)

// Open asks for the data; see store.Driver. Reading fails with Unavailable when
// the server is silent for a minute.
func (s *Store) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	l, client, err := s.find(url)
	if err != nil {
		return store.Data{}, err
	}
	asking, cancel := context.WithCancel(ctx)
	out, err := client.GetObject(asking, &s3.GetObjectInput{Bucket: &l.bucket, Key: &l.key}, from(offset))
	if err != nil {
		cancel()
		if offset > 0 && status(err) == http.StatusRequestedRangeNotSatisfiable {
			return s.end(ctx, url)
		}
		return store.Data{}, reading(ctx, l.key, err)
	}
	data := store.Data{ReadCloser: store.Watched(out.Body, idleTimeout, cancel)}
	if data.Size, err = wholeSize(out, offset); err != nil {
		data.Close()
		return store.Data{}, err
	}
	return data, nil
}

// from asks for the data from offset on. Some servers send the checksum of all
// of the object with it.
func from(offset int64) func(*s3.Options) {
	return func(o *s3.Options) {
		if offset > 0 {
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("Range", fmt.Sprintf("bytes=%d-", offset)))
		}
	}
}

// end is what lies behind the last byte: nothing.
func (s *Store) end(ctx context.Context, url string) (store.Data, error) {
	size, err := s.Size(ctx, url)
	if err != nil {
		return store.Data{}, err
	}
	return store.Data{ReadCloser: http.NoBody, Size: size}, nil
}

// wholeSize is the length of the object, of which a range was asked for when
// there is an offset.
func wholeSize(out *s3.GetObjectOutput, offset int64) (int64, error) {
	if offset == 0 {
		if out.ContentLength == nil {
			return 0, nil
		}
		return *out.ContentLength, nil
	}
	if out.ContentRange == nil {
		return 0, store.NoRandomRead(offset)
	}
	span, total, _ := strings.Cut(strings.TrimPrefix(*out.ContentRange, "bytes "), "/")
	from, _, _ := strings.Cut(span, "-")
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil || from != strconv.FormatInt(offset, 10) {
		return 0, store.NoRandomRead(offset)
	}
	return size, nil
}

// Size asks for the length of the object; see store.Driver.
func (s *Store) Size(ctx context.Context, url string) (int64, error) {
	l, client, err := s.find(url)
	if err != nil {
		return 0, err
	}
	found, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &l.bucket, Key: &l.key})
	if err != nil {
		return 0, reading(ctx, l.key, err)
	}
	if found.ContentLength == nil {
		return 0, nil
	}
	return *found.ContentLength, nil
}

// Delete removes the object; see store.Driver. S3 does not say whether there was
// one, so it is asked before.
func (s *Store) Delete(ctx context.Context, url string) error {
	l, client, err := s.find(url)
	if err != nil {
		return err
	}
	if _, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &l.bucket, Key: &l.key}); err != nil {
		return reading(ctx, l.key, err)
	}
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &l.bucket, Key: &l.key})
	switch {
	case err == nil:
		return nil
	case status(err) == http.StatusForbidden:
		return glance.Because(glance.Forbidden, err, "You are not authorized to complete this action.")
	}
	return reading(ctx, l.key, err)
}
