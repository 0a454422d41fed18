package memdb

import (
	"context"
	"errors"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// CreateImage implements metadata.Images.
func (db *DB) CreateImage(ctx context.Context, img *glance.Image) error {
	return db.write(ctx, func() error {
		if err := checkStatus(img); err != nil {
			return err
		}
		if _, used := db.images[img.ID]; used {
			return metadata.ImageExists(img.ID)
		}
		at := now()
		r := &record{image: *img.Clone()}
		r.image.Deleted, r.image.DeletedAt = false, time.Time{}
		r.image.CreatedAt, r.image.UpdatedAt = orNow(img.CreatedAt, at), orNow(img.UpdatedAt, at)
		if img.Visibility == "" {
			r.image.Visibility = glance.VisibilityShared
		}
		r.image.Tags, r.image.Properties, r.image.Locations = nil, nil, nil
		db.setChildren(r, img)
		db.images[img.ID] = r
		img.CreatedAt, img.UpdatedAt = r.image.CreatedAt, r.image.UpdatedAt
		return nil
	})
}

// Image implements metadata.Images.
func (db *DB) Image(ctx context.Context, sc metadata.Scope, id string) (img *glance.Image, err error) {
	err = db.read(ctx, func() error {
		r, err := db.find(sc, id)
		if err == nil {
			img = r.view()
		}
		return err
	})
	return img, err
}

func (db *DB) find(sc metadata.Scope, id string) (*record, error) {
	r, ok := db.images[id]
	if !ok || r.image.Deleted && !sc.Deleted || !sc.Admin && !r.visible(sc.Project) {
		return nil, metadata.NoImage(id)
	}
	return r, nil
}

// UpdateImage implements metadata.Images.
func (db *DB) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	return db.update(ctx, sc, id, change)
}

// UpdateMetered implements metadata.Images.
func (db *DB) UpdateMetered(ctx context.Context, sc metadata.Scope, id string, of metadata.Account, change func(*glance.Image, int64) error) (*glance.Image, error) {
	return db.update(ctx, sc, id, func(img *glance.Image) error { return change(img, db.usage(of.Owner, of.Except)) })
}

func (db *DB) update(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (img *glance.Image, err error) {
	err = db.write(ctx, func() error {
		r, err := db.find(sc, id)
		if err != nil {
			return err
		}
		before := r.view()
		after := before.Clone()
		if err := change(after); errors.Is(err, metadata.ErrUnchanged) {
			img = before
			return nil
		} else if err != nil {
			return err
		}
		if err := checkStatus(after); err != nil {
			return err
		}
		if err := checkLocations(before, after); err != nil {
			return err
		}
		db.apply(r, before, after)
		img = r.view()
		return nil
	})
	return img, err
}

func (db *DB) apply(r *record, before, after *glance.Image) {
	at, tags := now(), r.image.Tags
	r.image = *after.Clone()
	r.image.ID, r.image.CreatedAt, r.image.UpdatedAt = before.ID, before.CreatedAt, at
	r.image.DeletedAt = before.DeletedAt
	r.image.Tags, r.image.Properties, r.image.Locations = tags, nil, nil
	r.locations = slices.DeleteFunc(r.locations, func(l glance.Location) bool {
		return hasLocation(before, l.ID) && !hasLocation(after, l.ID)
	})
	db.setChildren(r, after)
	switch {
	case after.Deleted && !before.Deleted:
		r.delete(at)
		r.locations = slices.DeleteFunc(r.locations, func(l glance.Location) bool { return l.Status == glance.LocationActive })
	case !after.Deleted && before.Deleted:
		r.image.DeletedAt = time.Time{}
		r.revive()
	}
}

// setChildren makes the children of r those of img, in row order: what stays
// keeps its place, what is new comes last and new locations get their IDs.
func (db *DB) setChildren(r *record, img *glance.Image) {
	r.image.Tags = slices.DeleteFunc(slices.Clone(r.image.Tags), func(t string) bool { return !img.HasTag(t) })
	for _, t := range img.Tags {
		if !r.image.HasTag(t) {
			r.image.Tags = append(r.image.Tags, t)
		}
	}
	for i := range r.properties {
		row := &r.properties[i]
		if _, kept := img.Property(row.Name); !kept && row.Name != glance.LockProperty {
			row.deleted = true
		}
	}
	for _, p := range img.Properties {
		if p.Name != glance.LockProperty {
			r.setProperty(p)
		}
	}
	for i, l := range img.Locations {
		img.Locations[i].ID = db.setLocation(r, l)
	}
}

func (db *DB) setLocation(r *record, l glance.Location) int64 {
	if l.Status == "" {
		l.Status = glance.LocationActive
	}
	l.Metadata = cloneJSON(l.Metadata)
	if l.ID == 0 {
		db.location++
		l.ID = db.location
		r.locations = append(r.locations, l)
	}
	i := slices.IndexFunc(r.locations, func(x glance.Location) bool { return x.ID == l.ID })
	if r.locations[i] = l; l.Status == glance.LocationDeleted {
		r.locations = slices.Delete(r.locations, i, i+1)
	}
	return l.ID
}

func hasLocation(img *glance.Image, id int64) bool {
	return slices.ContainsFunc(img.Locations, func(l glance.Location) bool { return l.ID == id })
}

func checkLocations(before, after *glance.Image) error {
	for _, l := range after.Locations {
		if l.ID != 0 && !hasLocation(before, l.ID) {
			return glance.Errorf(glance.Internal, "location %d is not one of image %s", l.ID, before.ID)
		}
	}
	return nil
}

func checkStatus(img *glance.Image) error {
	if !img.Status.Known() {
		return glance.Errorf(glance.Invalid, "Invalid image status '%s' for image.", img.Status)
	}
	return nil
}

func orNow(t, at time.Time) time.Time {
	if t.IsZero() {
		return at
	}
	return stored(t)
}

// Usage implements metadata.Images.
func (db *DB) Usage(ctx context.Context, owner, except string) (sum int64, err error) {
	err = db.read(ctx, func() error {
		sum = db.usage(owner, except)
		return nil
	})
	return sum, err
}

func (db *DB) usage(owner, except string) (sum int64) {
	for id, r := range db.images {
		if r.countsFor(owner) && id != except && r.image.Size != nil && *r.image.Size > 0 {
			sum += *r.image.Size * int64(len(r.locations))
		}
	}
	return sum
}

func (r *record) countsFor(owner string) bool {
	switch r.image.Status {
	case glance.StatusKilled, glance.StatusDeleted, glance.StatusPendingDelete:
		return false
	}
	return r.image.Owner == owner
}

// Tally implements metadata.Images.
func (db *DB) Tally(ctx context.Context, owner string, of metadata.Total) (n int64, err error) {
	err = db.read(ctx, func() error {
		for _, r := range db.images {
			if r.countsFor(owner) && !r.image.Deleted {
				n += r.tally(of)
			}
		}
		return nil
	})
	return n, err
}

func (r *record) tally(of metadata.Total) int64 {
	status := r.image.Status
	copying := slices.ContainsFunc(r.properties, func(p property) bool {
		return p.Name == glance.ImportingProperty && p.Value != "" && !p.deleted
	})
	staged := copying || status == glance.StatusUploading || status == glance.StatusImporting
	switch {
	case of == metadata.ImageCount, of == metadata.UploadingImages && (staged || status == glance.StatusSaving):
		return 1
	case of == metadata.StagedBytes && staged && r.image.Size != nil:
		return max(*r.image.Size, 0)
	}
	return 0
}
