package registryrpc

import (
	"context"
	"errors"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// CreateImage stores a new image; see metadata.Images.
func (db *DB) CreateImage(ctx context.Context, img *glance.Image) error {
	values := wire.ValuesOf(img)
	values["id"] = img.ID
	if img.Visibility == "" {
		delete(values, "visibility")
	}
	for name, at := range map[string]wire.Timestamp{"created_at": {Time: img.CreatedAt}, "updated_at": {Time: img.UpdatedAt}} {
		if !at.IsZero() {
			values[name] = at
		}
	}
	tags := append([]string{}, img.Tags...)
	var row wire.Image2
	exact, err := db.call(ctx, metadata.Everything(), "image_create", args{"values": values}, wire.Exact{Tags: &tags, Order: order(img)}, &row)
	if isClass(err, wire.ClassDuplicate) {
		return metadata.ImageExists(img.ID)
	}
	if err == nil && !exact && len(tags) > 0 {
		_, err = db.call(ctx, metadata.Everything(), "image_tag_set_all", args{"image_id": img.ID, "tags": tags}, wire.Exact{}, nil)
	}
	if err != nil {
		return err
	}
	img.CreatedAt, img.UpdatedAt = row.CreatedAt.Time, row.UpdatedAt.Time
	for i := range min(len(img.Locations), len(row.Locations)) {
		img.Locations[i].ID = row.Locations[i].ID
	}
	return nil
}

// order is the order of properties, which an object of JSON has not.
func order(img *glance.Image) []string {
	names := make([]string, 0, len(img.Properties))
	for _, p := range img.Properties {
		names = append(names, p.Name)
	}
	return names
}

// Image gives one image; see metadata.Images.
func (db *DB) Image(ctx context.Context, sc metadata.Scope, id string) (*glance.Image, error) {
	row, _, err := db.image(ctx, sc, id)
	if err != nil {
		return nil, err
	}
	return row.Image(), nil
}

func (db *DB) image(ctx context.Context, sc metadata.Scope, id string) (row *wire.Image2, exact bool, err error) {
	row = &wire.Image2{}
	exact, err = db.call(ctx, sc, "image_get", args{"image_id": id, "force_show_deleted": sc.Deleted}, wire.Exact{}, row)
	if err != nil {
		return nil, exact, errIs(err, glance.NotFound, metadata.NoImage(id))
	}
	if !exact {
		// Compat: the original's commands show deleted images to administrators, and tags in a command of their own.
		if row.Deleted && !sc.Deleted {
			return nil, false, metadata.NoImage(id)
		}
		_, err = db.call(ctx, sc, "image_tag_get_all", args{"image_id": id}, wire.Exact{}, &row.Tags)
	}
	return row, exact, err
}

// UpdateImage changes an image; see metadata.Images.
func (db *DB) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	return db.update(ctx, sc, id, nil, change)
}

// UpdateMetered changes an image unless the account has grown meanwhile; see
// metadata.Images.
func (db *DB) UpdateMetered(ctx context.Context, sc metadata.Scope, id string, of metadata.Account, change func(*glance.Image, int64) error) (*glance.Image, error) {
	m := &wire.Metered{Owner: of.Owner, Except: of.Except}
	return db.update(ctx, sc, id, m, func(img *glance.Image) error { return change(img, m.Used) })
}

func (db *DB) update(ctx context.Context, sc metadata.Scope, id string, m *wire.Metered, change func(*glance.Image) error) (*glance.Image, error) {
	var changed *glance.Image
	err := again(ctx, func() (err error) {
		if m != nil {
			if m.Used, err = db.Usage(ctx, m.Owner, m.Except); err != nil {
				return err
			}
		}
		row, exact, err := db.image(ctx, sc, id)
		if err != nil {
			return err
		}
		before := row.Image()
		after := before.Clone()
		if err := change(after); errors.Is(err, metadata.ErrUnchanged) {
			changed = before
			return nil
		} else if err != nil {
			return err
		}
		tags := append([]string{}, after.Tags...)
		beside := wire.Exact{Version: row.Version, Tags: &tags, Order: order(after), Deleted: &after.Deleted, Metered: m}
		changed, err = db.put(ctx, sc, before, after, beside, exact)
		return err
	})
	return changed, err
}

// put writes a changed image if it still is what it was before.
func (db *DB) put(ctx context.Context, sc metadata.Scope, before, after *glance.Image, beside wire.Exact, exact bool) (*glance.Image, error) {
	kwargs := args{
		"image_id": before.ID, "values": wire.ValuesOf(after), "purge_props": true, "from_state": string(before.Status),
	}
	var row wire.Image2
	_, err := db.call(ctx, sc, "image_update", kwargs, beside, &row)
	if err != nil {
		return nil, errIs(err, glance.NotFound, metadata.NoImage(before.ID))
	}
	if exact {
		return row.Image(), nil
	}
	if err := db.putApart(ctx, sc, before, after); err != nil {
		return nil, err
	}
	sc.Deleted = true
	return db.Image(ctx, sc, before.ID)
}

// putApart does by commands of their own what an update of the original cannot.
func (db *DB) putApart(ctx context.Context, sc metadata.Scope, before, after *glance.Image) error {
	if !slices.Equal(before.Tags, after.Tags) {
		kwargs := args{"image_id": before.ID, "tags": append([]string{}, after.Tags...)}
		if _, err := db.call(ctx, sc, "image_tag_set_all", kwargs, wire.Exact{}, nil); err != nil {
			return err
		}
	}
	var err error
	switch {
	case after.Deleted && !before.Deleted:
		_, err = db.call(ctx, sc, "image_destroy", args{"image_id": before.ID}, wire.Exact{}, nil)
	case before.Deleted && !after.Deleted:
		_, err = db.call(ctx, sc, "image_restore", args{"image_id": before.ID}, wire.Exact{}, nil)
	}
	return err
}

// Usage gives the bytes that an owner occupies; see metadata.Images.
func (db *DB) Usage(ctx context.Context, owner, except string) (int64, error) {
	kwargs := args{"owner_id": owner}
	if except != "" {
		kwargs["image_id"] = except
	}
	var n int64
	_, err := db.call(ctx, metadata.Everything(), "user_get_storage_usage", kwargs, wire.Exact{}, &n)
	return n, err
}

// Tally gives a total of an owner's images; see metadata.Images.
func (db *DB) Tally(ctx context.Context, owner string, of metadata.Total) (n int64, err error) {
	name := map[metadata.Total]string{
		metadata.StagedBytes: "user_get_staging_usage", metadata.ImageCount: "user_get_image_count",
		metadata.UploadingImages: "user_get_uploading_count",
	}[of]
	_, err = db.call(ctx, metadata.Everything(), name, args{"owner_id": owner}, wire.Exact{}, &n)
	return n, err
}

// Lock takes the import lock; see metadata.Locks.
func (db *DB) Lock(ctx context.Context, imageID, holder string) error {
	_, err := db.call(ctx, metadata.Everything(), "image_set_property_atomic", lockArgs(imageID, holder), wire.Exact{}, nil)
	if isClass(err, wire.ClassDuplicate) {
		return metadata.Locked(imageID)
	}
	return errIs(err, glance.NotFound, metadata.NoImage(imageID))
}

// Unlock releases the import lock; see metadata.Locks.
func (db *DB) Unlock(ctx context.Context, imageID, holder string) error {
	_, err := db.call(ctx, metadata.Everything(), "image_delete_property_atomic", lockArgs(imageID, holder), wire.Exact{}, nil)
	return errIs(err, glance.NotFound, metadata.NoLock(imageID, holder))
}

func lockArgs(imageID, holder string) args {
	return args{"image_id": imageID, "name": glance.LockProperty, "value": holder}
}
