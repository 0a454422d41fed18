package images

import (
	"context"
	"crypto/md5" //nolint:gosec // the checksum of the API is md5
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"glance/internal/glance"
	"glance/internal/imgformat"
	"glance/internal/metadata"
	"glance/internal/multihash"
	"glance/internal/quota"
	"glance/internal/store"
)

// stream is the one pass over the data of an upload: limits, hashes, format.
type stream struct {
	body    io.Reader
	limits  []limit
	buffers *multihash.Pool

	count    int64 // bytes that came
	checksum hash.Hash
	hashAlgo string
	hash     hash.Hash
	format   *imgformat.Inspector // nil when the format is not looked at
	declared string
	rules    imgformat.Rules
	supplied Supplied
	admit    func(used, size int64) error // of the quota
}

// limit is a number of bytes and what to say when more come.
type limit struct {
	bytes int64
	err   func(got int64) error
}

// found is what the pass found out.
type found struct {
	size        int64
	virtualSize *int64
	checksum    string
	hashAlgo    string
	hashValue   string
	warnings    []string // of the format's inspection
}

// measured prepares the pass; it fails when the owner's quota has no room, or
// too many of the project's uploads are under way.
func (u *Uploader) measured(ctx context.Context, who *glance.Caller, img *glance.Image, data Data) (*stream, error) {
	if err := u.Allowance.Admit(ctx, who, quota.ImageCountUploading, 0); err != nil {
		return nil, err
	}
	s := &stream{
		body: data.Body, buffers: u.Buffers, checksum: md5.New(), //nolint:gosec // see the import
		hashAlgo: u.HashAlgo, declared: img.DiskFormat, rules: u.Formats,
		supplied: data.Supplied, admit: u.Quota.Admit,
	}
	tooLarge := errTooLarge
	if data.Old {
		s.admit, tooLarge = u.Quota.AdmitLocations, u.errCapped
	}
	if img.HashAlgo != "" {
		s.hashAlgo = img.HashAlgo
	}
	var err error
	if s.hash, err = multihash.New(s.hashAlgo); err != nil {
		return nil, err
	}
	if img.ContainerFormat == "bare" {
		s.format = imgformat.New()
	}
	if data.Size != SizeUnknown {
		s.limits = append(s.limits, limit{data.Size, func(got int64) error { return errExceeds(data.Size, got) }})
	}
	if err := u.limitByQuota(ctx, who, img, data.Size, s); err != nil {
		return nil, err
	}
	s.limits = append(s.limits, limit{u.SizeCap, func(int64) error { return tooLarge() }})
	if data.Size > u.SizeCap {
		return nil, tooLarge()
	}
	return s, nil
}

func (u *Uploader) limitByQuota(ctx context.Context, who *glance.Caller, img *glance.Image, size int64, s *stream) error {
	if u.Quota.Unlimited() {
		return nil
	}
	used, err := u.Images.Usage(ctx, who.ProjectID, img.ID)
	if err != nil {
		return err
	}
	if err := s.admit(used, size); err != nil {
		return err
	}
	s.limits = append(s.limits, limit{u.Quota.Remaining(used), func(got int64) error { return s.admit(used, got) }})
	return nil
}

// updateWithin changes the image if the owner's quota still has room for what
// came: other uploads of the owner may have ended meanwhile, and more may end
// right now.
func (u *Uploader) updateWithin(ctx context.Context, who *glance.Caller, id string, s *stream, change func(*glance.Image) error) error {
	if u.Quota.Unlimited() {
		_, err := u.Images.UpdateImage(ctx, metadata.Everything(), id, change)
		return err
	}
	of := metadata.Account{Owner: who.ProjectID, Except: id}
	_, err := u.Images.UpdateMetered(ctx, metadata.Everything(), id, of, func(img *glance.Image, used int64) error {
		if err := change(img); err != nil {
			return err
		}
		return s.admit(used, s.count)
	})
	return err
}

func errExceeds(want, got int64) error {
	return glance.Errorf(glance.Invalid, "Size exceeds: expected %d bytes, got %d bytes", want, got)
}

// into moves the data to a store. Where it fails after the store was done, it
// gives the place of data that has to go again.
func (s *stream) into(ctx context.Context, stores *store.Set, to string, up store.Upload) (glance.Location, error) {
	var put store.Object
	err := s.pass(ctx, up.Size, func(ctx context.Context, r io.Reader) (err error) {
		put, err = stores.Put(ctx, to, up, r)
		return err
	})
	return locationOf(put), err
}

func locationOf(put store.Object) glance.Location {
	return glance.Location{URL: put.URL, Metadata: put.Metadata}
}

// pass gives the data to writers, and to everybody who looks at it on the way.
func (s *stream) pass(ctx context.Context, size int64, writers ...multihash.Consumer) error {
	consumers := append(writers, multihash.To(s.checksum), multihash.To(s.hash))
	if s.format != nil {
		consumers = append(consumers, multihash.To(s.format))
	}
	_, err := s.buffers.Pipe(ctx, measuredReader{s, size}, consumers...)
	return err
}

// measuredReader counts what comes and holds it against the limits.
type measuredReader struct {
	*stream
	size int64
}

func (r measuredReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.count += int64(n)
	for _, l := range r.limits {
		if r.count > l.bytes {
			r.countOn()
			return 0, l.err(r.count)
		}
	}
	if errors.Is(err, io.EOF) && r.size != SizeUnknown && r.count < r.size {
		return n, glance.Errorf(glance.Invalid, "Size mismatch: expected %d bytes, got %d bytes", r.size, r.count)
	}
	return n, err
}

// countOn reads a little further, so that a client that sent slightly too much
// hears how much it was and its connection can be used again.
func (r measuredReader) countOn() {
	more, _ := io.Copy(io.Discard, io.LimitReader(r.body, 256<<10))
	r.count += more
}

// result judges the format and gives what was found out.
func (s *stream) result() (found, error) {
	f := found{
		size: s.count, checksum: hex.EncodeToString(s.checksum.Sum(nil)),
		hashAlgo: s.hashAlgo, hashValue: hex.EncodeToString(s.hash.Sum(nil)),
	}
	if s.format == nil {
		return f, nil
	}
	judgement, err := s.format.Verdict().Judge(s.declared, s.rules)
	if err != nil {
		return found{}, &glance.Error{Kind: glance.UnsupportedMedia, Detail: err.Error()}
	}
	f.virtualSize, f.warnings = judgement.VirtualSize, judgement.Warnings
	return f, nil
}
