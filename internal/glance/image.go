package glance

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// ReservedPrefix begins the names of properties that belong to the service.
const ReservedPrefix = "os_glance"

// LockProperty holds the id of the task that works on an image (spec
// image-states §5). A normal save neither makes, changes nor removes it.
const LockProperty = "os_glance_import_task"

// ImportingProperty names the stores that an image is being imported or copied
// to; empty when it is not.
const ImportingProperty = "os_glance_importing_to_stores"

// StageHostProperty and HashHostProperty name the node that holds staged data
// or hashes a location; neither is ever shown.
const (
	StageHostProperty = "os_glance_stage_host"
	HashHostProperty  = "os_glance_hash_op_host"
)

// AttemptProperty holds the id of the attempt that gives an image data, as long
// as it does; it is never shown.
const AttemptProperty = "os_glance_upload_attempt"

// Image is one image: what users say of it, what the service knows of its
// data, and its children but for members and tasks.
type Image struct {
	ID              string  // 36 characters, as the client gave it or a new UUID
	Name            *string // nil is null; at most 255 characters
	Status          Status
	Visibility      Visibility
	Owner           string // a project; empty is null
	DiskFormat      string // empty is null
	ContainerFormat string // empty is null
	Size            *int64 // bytes; nil is not known yet
	VirtualSize     *int64 // bytes of the disk inside; nil is not known
	Checksum        string // md5, hexadecimal; empty is null
	HashAlgo        string // os_hash_algo; empty is null
	HashValue       string // os_hash_value, hexadecimal; empty is null
	MinDisk         int64  // GiB, 0 to 2147483647
	MinRAM          int64  // MiB, 0 to 2147483647
	Protected       bool
	Hidden          bool // os_hidden
	CreatedAt       time.Time
	UpdatedAt       time.Time
	DeletedAt       time.Time // zero while the image lives
	Deleted         bool
	Properties      []Property // in row order; names are unique
	Tags            []string   // in row order; unique
	Locations       []Location // active ones only, in row order
}

// Property is an additional property of an image. Null tells a stored null
// from an empty text.
type Property struct {
	Name  string
	Value string
	Null  bool
}

// Location is one place where the data of an image lies.
type Location struct {
	ID       int64          // row number; 0 for one that is not stored yet
	URL      string         // may hold credentials: never log it
	Metadata map[string]any // JSON object; "store" names the store
	Status   LocationStatus // empty means active
}

// LocationStatus is the status of a location's row.
type LocationStatus string

// The statuses of a location.
const (
	LocationActive        LocationStatus = "active"
	LocationPendingDelete LocationStatus = "pending_delete"
	LocationDeleted       LocationStatus = "deleted"
)

// Store gives the id of the store that a location says it lies in, "" when it
// does not say. Rows of old releases say "backend".
func (l Location) Store() string {
	for _, key := range []string{"store", "backend"} {
		if id, ok := l.Metadata[key].(string); ok {
			return id
		}
	}
	return ""
}

// Property gives the additional property of that name.
func (img *Image) Property(name string) (Property, bool) {
	if i := img.propertyIndex(name); i >= 0 {
		return img.Properties[i], true
	}
	return Property{}, false
}

// SetProperty sets an additional property, in place when it exists.
func (img *Image) SetProperty(p Property) {
	if i := img.propertyIndex(p.Name); i >= 0 {
		img.Properties[i] = p
		return
	}
	img.Properties = append(img.Properties, p)
}

// RemoveProperty removes an additional property; it reports whether there was
// one of that name.
func (img *Image) RemoveProperty(name string) bool {
	i := img.propertyIndex(name)
	if i >= 0 {
		img.Properties = slices.Delete(img.Properties, i, i+1)
	}
	return i >= 0
}

func (img *Image) propertyIndex(name string) int {
	return slices.IndexFunc(img.Properties, func(p Property) bool { return p.Name == name })
}

// HasTag reports whether img carries the tag.
func (img *Image) HasTag(tag string) bool { return slices.Contains(img.Tags, tag) }

// Clone gives a copy that shares nothing changeable with img.
func (img *Image) Clone() *Image {
	c := *img
	c.Name, c.Size, c.VirtualSize = copyOf(img.Name), copyOf(img.Size), copyOf(img.VirtualSize)
	c.Properties = slices.Clone(img.Properties)
	c.Tags = slices.Clone(img.Tags)
	c.Locations = slices.Clone(img.Locations)
	for i := range c.Locations {
		c.Locations[i].Metadata = maps.Clone(c.Locations[i].Metadata)
	}
	return &c
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// BeyondBMP reports whether s holds a character outside the basic plane, which
// the tables of older installations cannot store (spec database §3).
func BeyondBMP(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0xFFFF }) >= 0
}

// BeyondBMPText is what a user hears whose value of key is refused for that.
// Compat: the original writes every word of the key with a capital.
func BeyondBMPText(key string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		defer func() { inWord = unicode.IsLetter(r) }()
		if inWord {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, key) + " can't contain 4 byte unicode characters."
}
