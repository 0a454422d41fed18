package memdb

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"glance/internal/glance"
)

// record is an image with its rows, the deleted ones that may come back too.
type record struct {
	image      glance.Image // without properties and locations
	tags       []string     // that were deleted with the image
	properties []property   // in row order
	locations  []glance.Location
	members    []member
}

type property struct {
	glance.Property
	deleted bool
	went    bool // with the image
}

type member struct {
	glance.Member
	deleted bool
	went    bool // with the image
}

// view is the image as its readers see it: of a live image the active
// locations, of a deleted one those whose data waits for the scrubber.
func (r *record) view() *glance.Image {
	img := r.image.Clone()
	for _, p := range r.properties {
		if !p.deleted {
			img.Properties = append(img.Properties, p.Property)
		}
	}
	for _, l := range r.locations {
		if (l.Status == glance.LocationActive) != img.Deleted {
			l.Metadata = cloneJSON(l.Metadata)
			img.Locations = append(img.Locations, l)
		}
	}
	return img
}

// visible reports whether a project that is no administrator's sees the image by id.
func (r *record) visible(project string) bool {
	return r.image.VisibleTo(project, r.liveMember(project) != nil)
}

func (r *record) liveMember(name string) *member {
	i := slices.IndexFunc(r.members, func(m member) bool { return m.Member.Member == name && !m.deleted })
	if i < 0 {
		return nil
	}
	return &r.members[i]
}

// setProperty revives or replaces the row of that name, or adds one.
func (r *record) setProperty(p glance.Property) {
	if p.Null {
		p.Value = ""
	}
	if row := r.property(p.Name); row != nil {
		*row = property{Property: p}
		return
	}
	r.properties = append(r.properties, property{Property: p})
}

func (r *record) property(name string) *property {
	i := slices.IndexFunc(r.properties, func(p property) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &r.properties[i]
}

// delete marks everything but the locations, which the caller has set already.
func (r *record) delete(at time.Time) {
	r.tags = r.image.Tags
	r.image.Deleted, r.image.DeletedAt, r.image.Tags = true, at, nil
	for i := range r.properties {
		p := &r.properties[i]
		p.went = !p.deleted && p.Name != glance.LockProperty
		p.deleted = true
	}
	for i := range r.members {
		m := &r.members[i]
		m.went = !m.deleted
		m.deleted = true
	}
}

// revive takes back what delete did.
func (r *record) revive() {
	r.image.Tags, r.tags = append(r.image.Tags, r.tags...), nil
	for i := range r.properties {
		if p := &r.properties[i]; p.went {
			p.deleted, p.went = false, false
		}
	}
	for i := range r.members {
		if m := &r.members[i]; m.went {
			m.deleted, m.went = false, false
		}
	}
}

// cloneJSON copies a JSON object as a database does, by its text. What cannot
// be text is no JSON and cannot be here.
func cloneJSON(object map[string]any) map[string]any {
	copied := map[string]any{}
	text, err := json.Marshal(object)
	if err != nil || object == nil {
		return copied
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&copied) != nil {
		return map[string]any{}
	}
	return copied
}
