package sealed

import (
	"context"
	"log/slog"
	"strings"

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
	s.seal(below.Locations)
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
	img, err := s.Store.UpdateImage(ctx, sc, id, func(img *glance.Image) error {
		rows := img.Clone().Locations
		closed := s.open(ctx, img)
		if err := change(img); err != nil {
			return err
		}
		s.seal(img.Locations)
		s.keepRows(img.Locations, rows)
		if !img.Deleted {
			img.Locations = append(img.Locations, closed...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.open(ctx, img)
	return img, nil
}

// seal encrypts the URLs of locations in place.
func (s *Store) seal(locations []glance.Location) {
	for i := range locations {
		locations[i].URL = s.key.Seal(locations[i].URL)
	}
}

// keepRows gives locations whose URL did not change the value of their row
// back, so that nothing is written without need.
func (s *Store) keepRows(locations, rows []glance.Location) {
	for i, loc := range locations {
		for _, row := range rows {
			if loc.ID != row.ID {
				continue
			}
			was, err := s.key.Open(row.URL)
			is, _ := s.key.Open(loc.URL) // it was sealed just now
			if err == nil && was == is {
				locations[i].URL = row.URL
			}
		}
	}
}

// open decrypts the URLs of an image, in place, and gives the locations that it
// had to take out, as they are.
func (s *Store) open(ctx context.Context, img *glance.Image) (closed []glance.Location) {
	kept := img.Locations[:0]
	for _, loc := range img.Locations {
		plain, err := s.key.Open(loc.URL)
		switch {
		case err == nil:
			loc.URL = plain
		case !strings.Contains(loc.URL, ":"): // else it was never sealed
			s.log.WarnContext(ctx, "a location cannot be decrypted and is left out",
				"image_id", img.ID, "location", loc.ID, "error", err)
			closed = append(closed, loc)
			continue
		}
		kept = append(kept, loc)
	}
	img.Locations = kept
	return closed
}
