package sqldb

import (
	"context"
	"database/sql"
	"strings"
	"time"
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
	found, shared, err := db.images.ask(ctx, id)
	if err != nil {
		return nil, db.failed("read an image", err)
	}
	if img = pick(found, id, db.dialect.folds); img == nil {
		return nil, metadata.NoImage(id)
	}
	if shared {
		img = img.Clone()
	}
	if img.Deleted && !sc.Deleted {
		return nil, metadata.NoImage(id)
	}
	if sc.Admin || img.VisibleTo(sc.Project, false) {
		return img, nil
	}
	err = db.look(ctx, func(t *tx) error { return t.show(sc, img) })
	if err != nil {
		return nil, err
	}
	return img, nil
}

// pick finds the image of an id as the database compares ids.
func pick(found map[string]*glance.Image, id string, folds bool) *glance.Image {
	if img := found[id]; img != nil || !folds {
		return img
	}
	id = strings.TrimRight(id, " ")
	for _, img := range found {
		if img != nil && strings.EqualFold(img.ID, id) {
			return img
		}
	}
	return nil
}

// Those who ask for images while some are read are served together. A
// statement by ids takes far less than a millisecond; one that takes longer
// hangs, and holds up nobody who comes.
const (
	imagesAtOnce  = 100
	imagePatience = 5 * time.Millisecond
	spareReads    = 8
)

// wholeImages reads images with their children, as one statement.
func (db *DB) wholeImages(ctx context.Context, ids []string) (found map[string]*glance.Image, err error) {
	err = db.look(ctx, func(t *tx) error {
		found, err = t.whole(ids)
		return err
	})
	return found, err
}

func (t *tx) whole(ids []string) (map[string]*glance.Image, error) {
	unique := map[string]*glance.Image{}
	var values []any
	for _, id := range ids {
		if _, ok := unique[id]; !ok {
			unique[id], values = nil, append(values, id)
		}
	}
	values = padded(values)
	row := newImageRow()
	var c children
	var images []*glance.Image
	var kind number
	dest := append([]any{&kind}, row.dest...)
	condition := "= ?"
	if len(values) > 1 {
		condition = "IN (" + marks(len(values)) + ")"
	}
	statement, args := t.childrenOf(condition, true, values...)
	err := t.query(func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if kind.value == 0 {
			images = append(images, row.image())
			return nil
		}
		c.rows = append(c.rows, child{
			kind: kind, id: row.size, image: row.id, name: row.name, value: row.owner, status: row.status, deleted: row.deleted,
		})
		return nil
	}, "SELECT 0 AS kind, "+imageColumns+" FROM images WHERE id "+condition+" UNION ALL"+statement, append(values[:len(values):len(values)], args...)...)
	if err != nil {
		return nil, err
	}
	for _, img := range images {
		unique[img.ID] = img
	}
	return unique, c.give(images)
}

// visibleImage reads an image with its children; lock is what the dialect
// adds when the transaction goes on to change it.
func (t *tx) visibleImage(sc metadata.Scope, id, lock string) (*glance.Image, error) {
	img, err := t.image(id, lock)
	if err != nil {
		return nil, err
	}
	if err := t.show(sc, img); err != nil {
		return nil, err
	}
	return img, t.loadChildren([]*glance.Image{img})
}

// show refuses an image that is not visible.
func (t *tx) show(sc metadata.Scope, img *glance.Image) error {
	if img.Deleted && !sc.Deleted {
		return metadata.NoImage(img.ID)
	}
	if visible, err := t.visible(sc, img); err != nil || !visible {
		return orElse(err, metadata.NoImage(img.ID))
	}
	return nil
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
