package sealed

import (
	"context"
	"errors"
	"log/slog"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Store is a metadata.Store whose locations are sealed in the one below.
type Store struct {
	metadata.Store
	key Key
	log *slog.Logger
}

// New puts a key before a store. The error is about the key.
func New(below metadata.Store, secret string, log *slog.Logger) (*Store, error) {
	key, err := NewKey(secret)
	if err != nil {
		return nil, err
	}
	return &Store{Store: below, key: key, log: log}, nil
}

// CreateImage implements metadata.Images.
func (s *Store) CreateImage(ctx context.Context, img *glance.Image) error {
	below := img.Clone()
	for i, loc := range below.Locations {
		below.Locations[i].URL = s.key.Seal(loc.URL)
	}
	if err := s.Store.CreateImage(ctx, below); err != nil {
		return err
	}
	img.CreatedAt, img.UpdatedAt = below.CreatedAt, below.UpdatedAt
	for i := range img.Locations {
		img.Locations[i].ID = below.Locations[i].ID
	}
	return nil
}

// Image implements metadata.Images.
func (s *Store) Image(ctx context.Context, sc metadata.Scope, id string) (*glance.Image, error) {
	img, err := s.Store.Image(ctx, sc, id)
	if err != nil {
		return nil, err
	}
	s.open(ctx, img)
	return img, nil
}

// Images implements metadata.Images.
func (s *Store) Images(ctx context.Context, sc metadata.Scope, q metadata.Query) ([]*glance.Image, error) {
	list, err := s.Store.Images(ctx, sc, q)
	if err != nil {
		return nil, err
	}
	for _, img := range list {
		s.open(ctx, img)
	}
	return list, nil
}

// UpdateImage implements metadata.Images.
func (s *Store) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	img, err := s.Store.UpdateImage(ctx, sc, id, func(img *glance.Image) error { return s.changed(ctx, img, change) })
	if err != nil {
		return nil, err
	}
	s.open(ctx, img)
	return img, nil
}

// UpdateMetered implements metadata.Images.
func (s *Store) UpdateMetered(ctx context.Context, sc metadata.Scope, id string, of metadata.Account, change func(*glance.Image, int64) error) (*glance.Image, error) {
	img, err := s.Store.UpdateMetered(ctx, sc, id, of, func(img *glance.Image, used int64) error {
		return s.changed(ctx, img, func(img *glance.Image) error { return change(img, used) })
	})
	if err != nil {
		return nil, err
	}
	s.open(ctx, img)
	return img, nil
}

// changed changes an image whose locations are sealed.
func (s *Store) changed(ctx context.Context, img *glance.Image, change func(*glance.Image) error) error {
	rows := img.Clone().Locations
	closed := s.open(ctx, img)
	plain := img.Clone().Locations
	if err := change(img); err != nil {
		return err
	}
	for i, loc := range img.Locations {
		if row, ok := byID(rows, loc.ID); ok && unchanged(plain, loc) && row.URL != loc.URL {
			img.Locations[i].URL = row.URL // sealed as it is
			continue
		}
		img.Locations[i].URL = s.key.Seal(loc.URL)
	}
	if !img.Deleted {
		img.Locations = append(img.Locations, closed...)
	}
	return nil
}

func byID(locations []glance.Location, id int64) (glance.Location, bool) {
	for _, loc := range locations {
		if id != 0 && loc.ID == id {
			return loc, true
		}
	}
	return glance.Location{}, false
}

// unchanged reports whether a location is still where it was.
func unchanged(before []glance.Location, loc glance.Location) bool {
	was, ok := byID(before, loc.ID)
	return ok && was.URL == loc.URL
}

// open decrypts the URLs of an image, in place, and gives the locations that it
// had to take out, as they are.
func (s *Store) open(ctx context.Context, img *glance.Image) (closed []glance.Location) {
	var kept []glance.Location
	for _, loc := range img.Locations {
		plain, err := s.key.Open(loc.URL)
		switch {
		case err == nil:
			loc.URL = plain
		case errors.Is(err, errPlain): // it has never been sealed
		default:
			s.log.WarnContext(ctx, "a location cannot be decrypted and is left out", "image_id", img.ID, "location", loc.ID)
			closed = append(closed, loc)
			continue
		}
		kept = append(kept, loc)
	}
	img.Locations = kept
	return closed
}
