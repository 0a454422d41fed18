package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"glance/internal/store"
)

const (
	// growEvery is after how many parts of an upload of unknown size parts
	// become twice as large, so that maxParts are enough for all that S3 takes.
	growEvery = 1000
	// severalUpTo is the size up to which several parts of an upload may be in
	// memory at once.
	severalUpTo = 64 * mib
)

// partSize gives the size of part n, from 0, of an upload of size bytes.
func (s *Store) partSize(size int64, n int) int64 {
	chunk := s.cfg.ChunkSize * mib
	if size == store.SizeUnknown {
		return chunk << min(n/growEvery, 9)
	}
	return max(chunk, (size+maxParts-1)/maxParts)
}

// checksum is what the parts of an upload carry; nothing when the configuration
// does not want any. The server must know it from the beginning.
func (s *Store) checksum() types.ChecksumAlgorithm {
	if s.conn.options.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported {
		return types.ChecksumAlgorithmCrc32
	}
	return ""
}

// multipart is one upload in parts.
type multipart struct {
	*Store
	up     store.Upload
	id     string // the server's name of it
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	parts []types.CompletedPart // by number
}

// putParts uploads first and what is left of src. On any failure nothing of it
// stays with the server.
func (s *Store) putParts(ctx context.Context, up store.Upload, first *part, src *source) (err error) {
	created, err := s.conn.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &s.cfg.Bucket, Key: &up.ImageID, Metadata: map[string]string{attemptKey: up.Attempt},
		ChecksumAlgorithm: s.checksum(),
	})
	if err != nil {
		return writing(ctx, up.ImageID, err)
	}
	sending, cancel := context.WithCancelCause(ctx)
	m := &multipart{Store: s, up: up, id: *created.UploadId, cancel: cancel}
	published := false
	defer func() { // also when the source panics
		cancel(nil)
		m.cleanUp(ctx, published)
	}()
	if err := m.note(ctx); err != nil {
		return writing(ctx, up.ImageID, err)
	}
	if err := m.send(sending, first, src); err != nil {
		return writing(ctx, up.ImageID, err)
	}
	if err := s.publish(ctx, up, func(condition *string) error { return m.join(ctx, condition) }); err != nil {
		return err
	}
	published = true
	return nil
}

// send uploads all parts, several at a time, and waits for them.
func (m *multipart) send(ctx context.Context, first *part, src *source) error {
	var sending sync.WaitGroup
	defer func() { // also when the source panics
		m.cancel(nil)
		sending.Wait()
	}()
	if err := m.feed(ctx, first, src, &sending); err != nil {
		m.cancel(err)
	}
	sending.Wait()
	return context.Cause(ctx)
}

// feed reads part after part and hands them on.
func (m *multipart) feed(ctx context.Context, p *part, src *source, sending *sync.WaitGroup) error {
	room := slots{own: make(chan struct{}, 1)}
	if m.partSize(m.up.Size, 0) <= severalUpTo {
		room.shared = m.spare
	}
	for number := int32(1); ; number++ {
		if number > maxParts {
			return store.Full(errTooManyParts)
		}
		free, err := room.take(ctx)
		if err != nil {
			return err
		}
		if number > 1 {
			p = m.blocks.read(src, m.partSize(m.up.Size, int(number)-1))
		}
		if src.failure() != nil || p.size == 0 {
			free()
			return src.failure()
		}
		last, data := src.ended(), p
		sending.Go(func() {
			defer free()
			m.sendPart(ctx, number, data)
		})
		if last {
			return nil
		}
	}
}

var errTooManyParts = errors.New("the image is larger than anything that S3 takes")

// sendPart uploads one part; when it cannot, all of the upload fails.
func (m *multipart) sendPart(ctx context.Context, number int32, p *part) {
	body := p.open()
	out, err := m.conn.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &m.cfg.Bucket, Key: &m.up.ImageID, UploadId: &m.id,
		PartNumber: &number, Body: body, ContentLength: &p.size, ChecksumAlgorithm: m.checksum(),
	}, m.carrying)
	if err != nil {
		m.cancel(writing(ctx, m.up.ImageID, fmt.Errorf("part %d: %w", number, err)))
		return
	}
	if body.finished() {
		p.release()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts = append(m.parts, types.CompletedPart{
		PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32,
	})
}

// join makes the parts an object.
func (m *multipart) join(ctx context.Context, condition *string) error {
	slices.SortFunc(m.parts, func(a, b types.CompletedPart) int { return cmp.Compare(*a.PartNumber, *b.PartNumber) })
	_, err := m.conn.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &m.cfg.Bucket, Key: &m.up.ImageID, UploadId: &m.id, IfNoneMatch: condition,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: m.parts},
	}, m.patiently)
	return err
}

// noteKey is where an attempt notes the server's name of its upload.
func noteKey(up store.Upload) string { return up.ImageID + "." + up.Attempt + ".upload" }

// note writes down the upload, for Abandon.
func (m *multipart) note(ctx context.Context) error {
	key, size := noteKey(m.up), int64(len(m.id))
	_, err := m.conn.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &m.cfg.Bucket, Key: &key, Body: strings.NewReader(m.id), ContentLength: &size,
	})
	return err
}

// cleanUp removes what must not stay: of a failed upload all.
func (m *multipart) cleanUp(ctx context.Context, published bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	if !published {
		if err := m.abort(ctx, m.up.ImageID, m.id); err != nil {
			m.log.Error("Unable to abort a multipart upload", "key", m.up.ImageID, "upload", m.id, "error", err)
			return // with the note
		}
	}
	if err := m.remove(ctx, noteKey(m.up)); err != nil {
		m.log.Error("Unable to remove the note of a multipart upload", "key", noteKey(m.up), "error", err)
	}
}

// abort makes the server forget an upload and its parts.
func (s *Store) abort(ctx context.Context, key, id string) error {
	_, err := s.conn.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &s.cfg.Bucket, Key: &key, UploadId: &id,
	})
	if err != nil && missing(err) {
		return nil
	}
	return err
}
