package images

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glance/internal/cache"
	"glance/internal/glance"
	"glance/internal/metadata"
)

// DownloadCached is Download through the cache of this node (spec cache §3): an
// image that is there comes from there, whatever stores the caller would prefer,
// and another one is there when its data was read to the end.
func (d *Downloader) DownloadCached(ctx context.Context, who *glance.Caller, id string, prefer []string) (*Download, error) {
	img, err := d.find(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if found := d.cached(ctx, img); found != nil {
		return found, nil
	}
	found, err := d.fetch(ctx, who, img, prefer)
	if err == nil && cacheable(img) {
		found.cache, found.log = d.Cache, d.Log
	}
	return found, err
}

// Cached reports whether the cache of this node has an image.
func (d *Downloader) Cached(id string) bool { return d.Cache != nil && d.Cache.Has(id) }

// cacheable: only the data of active images is sure to be theirs.
func cacheable(img *glance.Image) bool { return img.Status == glance.StatusActive }

// cached gives the data that the cache has of an image, nil when it has none.
func (d *Downloader) cached(ctx context.Context, img *glance.Image) *Download {
	if d.Cache == nil || !cacheable(img) {
		return nil
	}
	size := int64(-1)
	if img.Size != nil {
		size = *img.Size
	}
	f := d.Cache.Open(ctx, img.ID, size)
	if f == nil {
		return nil
	}
	if size < 0 {
		info, err := f.Stat()
		if err != nil {
			_ = f.Close() // it was not read
			return nil
		}
		size = info.Size()
	}
	found := &Download{Image: img, Size: size, cache: d.Cache, hit: true, log: d.Log}
	found.data.ReadCloser = f
	return found
}

// kept gives the data of a store, on its way into the cache where it is to be
// kept there. A file that comes from the cache stays one: the kernel sends it.
func (d *Download) kept(ctx context.Context, data io.ReadCloser) io.ReadCloser {
	if d.cache == nil || d.hit {
		return data
	}
	fill := d.cache.Begin(ctx, cache.Want{ImageID: d.Image.ID, Size: d.Size, Checksum: d.Image.Checksum})
	if fill == nil {
		return data
	}
	return fill.Tee(ctx, data)
}

// FromCache reports whether the data is that of the cache.
func (d *Download) FromCache() bool { return d.hit }

// Sent tells that the caller has got n bytes from the beginning. The whole of an
// image from the cache is a hit.
func (d *Download) Sent(ctx context.Context, n int64) {
	if !d.hit || n != d.Size {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := d.cache.Hit(ctx, d.Image.ID); err != nil {
		d.log.WarnContext(ctx, "a hit of the image cache is not counted", "image_id", d.Image.ID, "error", err)
	}
}

// Prefetch brings an image into the cache for the service itself. An image that
// is gone or not active is logged and left out; so is one that is cached or on
// its way.
func (d *Downloader) Prefetch(ctx context.Context, id string) error {
	img, err := d.Images.Image(ctx, metadata.Everything(), id)
	if err != nil && !errors.Is(err, glance.NotFound) {
		return err
	}
	if err != nil || !cacheable(img) {
		d.Log.WarnContext(ctx, "an image that is not active is not cached", "image_id", id)
		return nil
	}
	if d.Cache.Has(id) {
		_, err := d.Cache.Unqueue(id)
		return err
	}
	found, err := d.open(ctx, img, d.Stores.Order(img.Locations))
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // it is only read
	if found.Empty {
		return fmt.Errorf("prefetch image %s: its data is gone", id)
	}
	fill := d.Cache.Begin(ctx, cache.Want{ImageID: id, Size: found.Size, Checksum: img.Checksum})
	if fill == nil {
		return nil
	}
	_, err = io.CopyBuffer(fill, until{ctx, found.data}, make([]byte, 1<<20))
	return fill.End(ctx, err)
}

// until reads until ctx ends.
type until struct {
	ctx context.Context //nolint:containedctx // of the call that reads
	io.Reader
}

// Read implements io.Reader.
func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}
