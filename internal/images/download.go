package images

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"

	"glance/internal/cache"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/store"
)

// Downloader gives out the data of images.
type Downloader struct {
	Images metadata.Images
	Policy *policy.Enforcer
	Stores *store.Set
	Cache  *cache.Cache // nil where there is none
	Log    *slog.Logger // of what becomes of the cache; needed with it
}

// Download is data ready to be read: Open may be called once.
type Download struct {
	Image *glance.Image
	Size  int64 // bytes of the whole data
	Empty bool  // there is no data, or not any more
	data  store.Data
	where glance.Location
	from  *store.Set

	cache *cache.Cache // that the data comes from, or goes through; nil is neither
	hit   bool         // it comes from there
	log   *slog.Logger
}

// Open gives the data from offset on. The reader may be an *os.File; whoever
// opens closes it.
func (d *Download) Open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	data := d.data.ReadCloser
	d.data.ReadCloser = nil
	if offset == 0 {
		return d.kept(ctx, data), nil
	}
	if s, ok := data.(io.Seeker); ok {
		if _, err := s.Seek(offset, io.SeekStart); err != nil {
			return nil, errors.Join(err, data.Close())
		}
		return data, nil
	}
	if err := data.Close(); err != nil {
		return nil, err
	}
	again, err := d.from.Open(ctx, d.where, offset)
	return again.ReadCloser, err
}

// Close gives up data that was not opened.
func (d *Download) Close() error {
	if d.data.ReadCloser == nil {
		return nil
	}
	return d.data.Close()
}

// Download finds the data of an image (spec images-v2 §19). prefer lists the
// stores to try first; nil when the caller did not say.
func (d *Downloader) Download(ctx context.Context, who *glance.Caller, id string, prefer []string) (*Download, error) {
	img, err := d.find(ctx, who, id)
	if err != nil {
		return nil, err
	}
	return d.fetch(ctx, who, img, prefer)
}

func (d *Downloader) fetch(ctx context.Context, who *glance.Caller, img *glance.Image, prefer []string) (*Download, error) {
	locations, err := d.preferred(ctx, who, img, prefer)
	if err != nil {
		return nil, err
	}
	return d.open(ctx, img, locations)
}

// find gives an image that the caller may download.
func (d *Downloader) find(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := d.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return nil, err
	}
	if img.Status == glance.StatusDeactivated && !who.Admin {
		return nil, glance.Errorf(glance.Forbidden,
			"The requested image has been deactivated. Image data download is forbidden.")
	}
	return img, d.Policy.Image(ctx, who, policy.DownloadImage, img)
}

// preferred gives the locations in the order in which they are tried.
func (d *Downloader) preferred(ctx context.Context, who *glance.Caller, img *glance.Image, prefer []string) ([]glance.Location, error) {
	locations := d.Stores.Order(img.Locations)
	if len(prefer) == 0 {
		return locations, nil
	}
	if err := d.Policy.Image(ctx, who, policy.DownloadFromStore, img); err != nil {
		return nil, err
	}
	if err := d.checkPreferred(prefer); err != nil {
		return nil, err
	}
	slices.SortStableFunc(locations, func(a, b glance.Location) int {
		return rank(prefer, a.Store()) - rank(prefer, b.Store())
	})
	return locations, nil
}

func rank(preferred []string, id string) int {
	if slices.Contains(preferred, id) {
		return 0
	}
	return 1
}

func (d *Downloader) checkPreferred(ids []string) error {
	if !d.Stores.Multi() {
		return glance.Errorf(glance.Invalid,
			"Store selection for download is not available when multiple backends are not enabled.")
	}
	known := d.Stores.Stores()
	for _, id := range ids {
		if !slices.ContainsFunc(known, func(n store.Named) bool { return n.ID == id }) {
			return glance.Errorf(glance.Invalid, "Store '%s' is not configured.", id)
		}
	}
	return nil
}

// open tries the locations until one opens. Data that is gone everywhere is no
// error but empty.
func (d *Downloader) open(ctx context.Context, img *glance.Image, locations []glance.Location) (*Download, error) {
	last := error(glance.NotFound)
	for _, loc := range locations {
		data, err := d.Stores.Open(ctx, loc, 0)
		if err != nil {
			last = err
			continue
		}
		size := data.Size
		if img.Size != nil {
			size = *img.Size
		}
		return &Download{Image: img, Size: size, data: data, where: loc, from: d.Stores}, nil
	}
	if errors.Is(last, glance.NotFound) {
		return &Download{Image: img, Empty: true}, nil
	}
	return nil, last
}
