package sqldb

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// longestID is how many characters the columns for ids hold.
const longestID = 36

// CreateImage implements metadata.Images.
func (db *DB) CreateImage(ctx context.Context, img *glance.Image) error {
	if err := checkStatus(img); err != nil {
		return err
	}
	at := db.dialect.now()
	var stored *glance.Image
	err := db.write(ctx, func(t *tx) error {
		stored = img.Clone()
		stored.CreatedAt, stored.UpdatedAt = t.orNow(img.CreatedAt, at), t.orNow(img.UpdatedAt, at)
		stored.Deleted = false
		if stored.Visibility == "" {
			stored.Visibility = glance.VisibilityShared
		}
		if err := t.insertImage(stored); err != nil {
			return err
		}
		return t.insertChildren(stored, stored.CreatedAt)
	})
	if err != nil {
		return err
	}
	img.CreatedAt, img.UpdatedAt = stored.CreatedAt, stored.UpdatedAt
	for i := range img.Locations {
		img.Locations[i].ID = stored.Locations[i].ID
	}
	return nil
}

func (t *tx) insertImage(img *glance.Image) error {
	names := []string{"id", "created_at", "updated_at"}
	values := []any{img.ID, t.time(img.CreatedAt), t.time(img.UpdatedAt)}
	for _, c := range changeable(img) {
		names, values = append(names, c.name), append(values, c.value)
	}
	return t.insert(metadata.ImageExists(img.ID), "INSERT INTO images ("+strings.Join(names, ", ")+") VALUES ("+marks(len(names))+")", values...)
}

// Image implements metadata.Images.
func (db *DB) Image(ctx context.Context, sc metadata.Scope, id string) (img *glance.Image, err error) {
	if utf8.RuneCountInString(id) > longestID {
		return nil, metadata.NoImage(id)
	}
	err = db.read(ctx, func(t *tx) (err error) {
		img, err = t.visibleImage(sc, id, "")
		return err
	})
	return img, err
}

// visibleImage reads an image with its children; lock is what the dialect
// adds when the transaction goes on to change it.
func (t *tx) visibleImage(sc metadata.Scope, id, lock string) (*glance.Image, error) {
	img, err := t.image(id, lock)
	if err != nil {
		return nil, err
	}
	if img.Deleted && !sc.Deleted {
		return nil, metadata.NoImage(id)
	}
	if visible, err := t.visible(sc, img); err != nil || !visible {
		return nil, orElse(err, metadata.NoImage(id))
	}
	return img, t.loadChildren([]*glance.Image{img})
}

// image reads an image without children.
func (t *tx) image(id, lock string) (img *glance.Image, err error) {
	row := newImageRow()
	err = t.query(func(rows *sql.Rows) (err error) {
		img, err = row.scan(rows)
		return err
	}, "SELECT "+imageColumns+" FROM images WHERE id = ?"+lock, id)
	if err == nil && img == nil {
		err = metadata.NoImage(id)
	}
	return img, err
}

func (t *tx) visible(sc metadata.Scope, img *glance.Image) (bool, error) {
	if sc.Admin || img.VisibleTo(sc.Project, false) {
		return true, nil
	}
	if !img.VisibleTo(sc.Project, true) {
		return false, nil
	}
	_, err := t.member(img.ID, sc.Project, "")
	if glance.KindOf(err) == glance.NotFound {
		return false, nil
	}
	return err == nil, err
}

func checkStatus(img *glance.Image) error {
	if !img.Status.Known() {
		return glance.Errorf(glance.Invalid, "Invalid image status '%s' for image.", img.Status)
	}
	return nil
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// marks gives n question marks for values.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
