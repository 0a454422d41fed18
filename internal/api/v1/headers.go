package v1

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/images"
)

const (
	metaPrefix     = "x-image-meta-"
	propertyPrefix = "x-image-meta-property-"
)

// timeLayout is how v1 writes times: microseconds, no zone.
const timeLayout = "2006-01-02T15:04:05.000000"

// metaFields are the fields that a request may name (spec images-v1 §2).
var metaFields = []string{
	"id", "name", "location", "store", "size", "virtual_size", "checksum", "disk_format", "container_format",
	"min_disk", "min_ram", "is_public", "protected", "owner", "deleted", "status", "copy_from", "uri",
	"created_at", "updated_at", "deleted_at",
}

// fields are the texts of a request's headers: what it says of the image, and
// of its properties. An empty text is null.
type fields struct {
	meta       map[string]string
	properties map[string]string
}

// readFields sorts the headers of a request. Names are equal regardless of
// case, and a hyphen in one is an underscore.
func readFields(h http.Header) (fields, error) {
	f := fields{meta: map[string]string{}, properties: map[string]string{}}
	for _, key := range slices.Sorted(maps.Keys(h)) {
		name := strings.ToLower(key)
		if !strings.HasPrefix(name, metaPrefix) {
			continue
		}
		value := strings.Join(h[key], ",") // as a WSGI server does
		if !utf8.ValidString(value) {
			return fields{}, bad("Header %s is not UTF-8", name)
		}
		if property, ok := strings.CutPrefix(name, propertyPrefix); ok {
			f.properties[strings.ReplaceAll(property, "-", "_")] = value
			continue
		}
		field := strings.ReplaceAll(name[len(metaPrefix):], "-", "_")
		if !slices.Contains(metaFields, field) {
			return fields{}, bad("Bad header: %s", name)
		}
		f.meta[field] = value
	}
	return f, nil
}

func bad(format string, args ...any) error { return glance.Errorf(glance.Invalid, format, args...) }

// readMeta reads what a request says of an image. Of several mistakes the
// first one in the order of the original is told.
func (d *Door) readMeta(h http.Header) (images.OldMeta, error) {
	f, err := readFields(h)
	if err != nil {
		return images.OldMeta{}, err
	}
	want := images.OldMeta{Named: map[string]bool{}, Location: f.meta["location"], Store: f.meta["store"]}
	for name := range f.meta {
		want.Named[name] = true
	}
	if source, given := h[http.CanonicalHeaderKey("x-glance-api-copy-from")]; given {
		want.CopyFrom = &source[0]
	}
	for _, read := range []func(fields, *images.OldMeta) error{readNumbers, readFlags, d.readFormats, readTimes, readTexts} {
		if err := read(f, &want); err != nil {
			return images.OldMeta{}, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.properties)) {
		value := f.properties[name]
		want.Image.Properties = append(want.Image.Properties, glance.Property{Name: name, Value: value, Null: value == ""})
	}
	return want, nil
}

func readNumbers(f fields, want *images.OldMeta) error {
	img := &want.Image
	for _, field := range []struct {
		name string
		set  func(n int64)
	}{
		{"size", func(n int64) { img.Size = &n }},
		{"min_disk", func(n int64) { img.MinDisk = n }},
		{"min_ram", func(n int64) { img.MinRAM = n }},
		{"virtual_size", func(n int64) { img.VirtualSize = &n }},
	} {
		text, given := f.meta[field.name]
		if !given || field.name == "virtual_size" && (text == "" || text == "None") {
			continue
		}
		if text == "" {
			text = "None" // what the original calls null
		}
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return badNumber(text, field.name, "Cannot convert image "+field.name+" '"+text+"' to an integer.")
		}
		if n < 0 {
			return badNumber(text, field.name, "Cannot be a negative value.")
		}
		field.set(n)
	}
	return nil
}

func badNumber(value, name, reason string) error {
	return bad("Invalid value '%s' for parameter '%s': %s", value, name, reason)
}

func readFlags(f fields, want *images.OldMeta) error {
	want.Public = isTrue(f.meta["is_public"])
	want.Image.Protected = isTrue(f.meta["protected"])
	return nil
}

// isTrue: whatever is none of these words is false.
func isTrue(s string) bool {
	return slices.Contains([]string{"1", "t", "true", "on", "y", "yes"}, strings.ToLower(strings.TrimSpace(s)))
}

// readFormats: the formats of Amazon's images go together, and one that is
// missing is the other.
func (d *Door) readFormats(f fields, want *images.OldMeta) error {
	disk, diskGiven := f.meta["disk_format"]
	if diskGiven && !slices.Contains(d.Config.DiskFormats, disk) {
		return bad("Invalid disk format '%s' for image.", orNone(disk))
	}
	container, containerGiven := f.meta["container_format"]
	if containerGiven && !slices.Contains(d.Config.ContainerFormats, container) {
		return bad("Invalid container format '%s' for image.", orNone(container))
	}
	switch {
	case !isAmazon(disk) && !isAmazon(container):
	case disk == "":
		disk, want.Named["disk_format"] = container, true
	case container == "":
		container, want.Named["container_format"] = disk, true
	case disk != container:
		return bad("Invalid mix of disk and container formats. When setting a disk or container format to " +
			"one of 'aki', 'ari', or 'ami', the container and disk formats must match.")
	}
	want.Image.DiskFormat, want.Image.ContainerFormat = disk, container
	return nil
}

func isAmazon(format string) bool { return slices.Contains([]string{"aki", "ari", "ami"}, format) }

// orNone is how the original prints null.
func orNone(s string) string {
	if s == "" {
		return "None"
	}
	return s
}

func readTimes(f fields, want *images.OldMeta) error {
	for _, field := range []struct {
		name string
		to   *time.Time
	}{
		{"created_at", &want.Image.CreatedAt}, {"updated_at", &want.Image.UpdatedAt}, {"deleted_at", new(time.Time)},
	} {
		text := f.meta[field.name]
		if text == "" {
			continue
		}
		t, ok := parseTime(text)
		if !ok || t.Year() < 1900 {
			return bad("Invalid time format for %s.", field.name)
		}
		*field.to = t
	}
	return nil
}

// parseTime reads the spellings of ISO 8601 that clients send; a time without
// a zone is UTC.
func parseTime(s string) (time.Time, bool) {
	s = strings.Replace(s, " ", "T", 1)
	for _, layout := range []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func readTexts(f fields, want *images.OldMeta) error {
	img := &want.Image
	if name := f.meta["name"]; name != "" {
		if n := utf8.RuneCountInString(name); n > 255 {
			return bad("Image name too long: %d", n)
		}
		img.Name = &name
	}
	img.Checksum = f.meta["checksum"]
	if utf8.RuneCountInString(img.Checksum) > 32 {
		return bad("Invalid checksum '%s': can't exceed 32 characters", img.Checksum)
	}
	img.ID, img.Owner, img.Status = f.meta["id"], f.meta["owner"], glance.Status(f.meta["status"])
	if utf8.RuneCountInString(img.Owner) > 255 {
		return bad("Image owner too long: %d", utf8.RuneCountInString(img.Owner))
	}
	return nil
}

// writeMeta puts what is known of an image into the headers of an answer; null
// is left out. Properties whose names make no header are left out by the
// server.
func writeMeta(h http.Header, img *glance.Image) {
	doc := documentOf(img)
	set := func(name, value string) { h.Set(metaPrefix+name, value) }
	for name, value := range map[string]*string{
		"id": &doc.ID, "name": doc.Name, "status": &doc.Status, "disk_format": doc.DiskFormat,
		"container_format": doc.ContainerFormat, "checksum": doc.Checksum, "owner": doc.Owner,
		"created_at": doc.CreatedAt, "updated_at": doc.UpdatedAt, "deleted_at": doc.DeletedAt,
	} {
		if value != nil {
			set(name, *value)
		}
	}
	for name, value := range map[string]*int64{
		"size": doc.Size, "virtual_size": doc.VirtualSize, "min_disk": &doc.MinDisk, "min_ram": &doc.MinRAM,
	} {
		if value != nil {
			set(name, strconv.FormatInt(*value, 10))
		}
	}
	for name, value := range map[string]bool{"is_public": doc.IsPublic, "protected": doc.Protected, "deleted": doc.Deleted} {
		set(name, pythonBool(value))
	}
	for name, value := range doc.Properties {
		if value != nil {
			h.Set(propertyPrefix+strings.ToLower(name), *value)
		}
	}
	setETag(h, img)
}

// pythonBool is how the original prints truth.
func pythonBool(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

// setETag gives the checksum as the validator. Compat: without quotes.
func setETag(h http.Header, img *glance.Image) {
	if img.Checksum != "" {
		h.Set("Etag", img.Checksum)
	}
}
