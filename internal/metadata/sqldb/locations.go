package sqldb

import (
	"slices"
	"time"

	"glance/internal/glance"
)

// saveLocations makes the rows that before showed those of after; new ones get
// their numbers. Rows that are not shown stay as they are.
func (t *tx) saveLocations(before, after *glance.Image, at time.Time) error {
	for _, l := range before.Locations {
		if location(after, l.ID) != nil {
			continue
		}
		l.Status = glance.LocationDeleted
		if err := t.updateLocation(before.ID, l, at); err != nil {
			return err
		}
	}
	for i := range after.Locations {
		l := &after.Locations[i]
		if l.Status == "" {
			l.Status = glance.LocationActive
		}
		if err := t.saveLocation(before, l, at); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) saveLocation(before *glance.Image, l *glance.Location, at time.Time) error {
	if l.ID == 0 {
		return t.insertLocation(before.ID, l, at)
	}
	old := location(before, l.ID)
	if old == nil {
		return glance.Errorf(glance.Internal, "location %d is not one of image %s", l.ID, before.ID)
	}
	was, err := encodeObject(old.Metadata)
	if err != nil {
		return err
	}
	is, err := encodeObject(l.Metadata)
	if err != nil || is == was && old.URL == l.URL && old.Status == l.Status {
		return err
	}
	return t.updateLocation(before.ID, *l, at)
}

func (t *tx) insertLocation(imageID string, l *glance.Location, at time.Time) error {
	object, err := encodeObject(l.Metadata)
	if err != nil {
		return err
	}
	gone := l.Status != glance.LocationActive
	l.ID, err = t.insertNumbered(nil, "INSERT INTO image_locations (image_id, value, meta_data, status, created_at, updated_at, deleted_at, deleted) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?)", imageID, l.URL, object, string(l.Status), t.time(at), t.time(at), t.when(gone, at), gone)
	return err
}

func (t *tx) updateLocation(imageID string, l glance.Location, at time.Time) error {
	object, err := encodeObject(l.Metadata)
	if err != nil {
		return err
	}
	gone := l.Status != glance.LocationActive
	_, err = t.exec("UPDATE image_locations SET value = ?, meta_data = ?, status = ?, updated_at = ?, deleted_at = ?, deleted = ? WHERE id = ? AND image_id = ?",
		l.URL, object, string(l.Status), t.time(at), t.when(gone, at), gone, l.ID, imageID)
	return err
}

// when is the deleted_at of a row.
func (t *tx) when(gone bool, at time.Time) any {
	if !gone {
		return nil
	}
	return t.time(at)
}

func location(img *glance.Image, id int64) *glance.Location {
	i := slices.IndexFunc(img.Locations, func(l glance.Location) bool { return l.ID == id })
	if i < 0 {
		return nil
	}
	return &img.Locations[i]
}
