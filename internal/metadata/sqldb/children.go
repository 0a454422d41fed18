package sqldb

import (
	"database/sql"

	"glance/internal/glance"
)

// listSizes are the lengths that lists of values are filled up to, so that
// few texts exist. The last is the longest list of one statement.
var listSizes = [...]int{1, 2, 4, 8, 20, 50, 100, 250, 500, 1000}

// loadChildren reads the properties, tags and locations of images: three
// statements for each thousand of them.
func (t *tx) loadChildren(images []*glance.Image) error {
	longest := listSizes[len(listSizes)-1]
	for len(images) > longest {
		if err := t.loadChildren(images[:longest]); err != nil {
			return err
		}
		images = images[longest:]
	}
	if len(images) == 0 {
		return nil
	}
	byID := make(map[string]*glance.Image, len(images))
	ids := make([]any, 0, longest)
	for _, img := range images {
		byID[img.ID] = img
		ids = append(ids, img.ID)
	}
	ids = padded(ids)
	of := "image_id IN (" + marks(len(ids)) + ")"
	if err := t.loadProperties(byID, of, ids); err != nil {
		return err
	}
	if err := t.loadTags(byID, of, ids); err != nil {
		return err
	}
	return t.loadLocations(byID, of, ids)
}

// padded fills a list up to the next length of listSizes with its last value.
func padded(values []any) []any {
	for _, size := range listSizes {
		if size >= len(values) {
			for len(values) < size {
				values = append(values, values[len(values)-1])
			}
			break
		}
	}
	return values
}

func (t *tx) loadProperties(byID map[string]*glance.Image, of string, ids []any) error {
	var image, name, value text
	return t.query(func(rows *sql.Rows) error {
		if err := rows.Scan(&image, &name, &value); err != nil {
			return err
		}
		if img := byID[image.value]; img != nil {
			img.Properties = append(img.Properties, glance.Property{Name: name.value, Value: value.value, Null: value.null})
		}
		return nil
	}, "SELECT image_id, name, value FROM image_properties WHERE "+of+" AND "+t.unindexed("deleted")+" = FALSE ORDER BY image_id, id", ids...)
}

func (t *tx) loadTags(byID map[string]*glance.Image, of string, ids []any) error {
	var image, value text
	return t.query(func(rows *sql.Rows) error {
		if err := rows.Scan(&image, &value); err != nil {
			return err
		}
		if img := byID[image.value]; img != nil && !img.HasTag(value.value) {
			img.Tags = append(img.Tags, value.value)
		}
		return nil
	}, "SELECT image_id, value FROM image_tags WHERE "+of+" AND "+t.unindexed("deleted")+" = FALSE ORDER BY image_id, id", ids...)
}

// loadLocations gives a live image its active locations and a deleted one
// those whose data waits for the scrubber.
func (t *tx) loadLocations(byID map[string]*glance.Image, of string, ids []any) error {
	var id number
	var image, value, object, status text
	var deleted flag
	return t.query(func(rows *sql.Rows) (err error) {
		if err = rows.Scan(&id, &image, &value, &object, &status, &deleted); err != nil {
			return err
		}
		l := glance.Location{ID: id.value, URL: value.value, Status: glance.LocationStatus(status.value)}
		img := byID[image.value]
		if img == nil || img.Deleted != (l.Status == glance.LocationPendingDelete) || bool(deleted) != img.Deleted {
			return nil
		}
		l.Metadata, err = decodeObject(object.value)
		img.Locations = append(img.Locations, l)
		return err
	}, "SELECT id, image_id, value, meta_data, status, deleted FROM image_locations WHERE "+of+
		" AND status IN ('active', 'pending_delete') ORDER BY image_id, id", ids...)
}
