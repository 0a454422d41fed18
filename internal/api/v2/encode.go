package v2

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"glance/internal/glance"
)

// timeLayout is how times look in the API: whole seconds, UTC.
const timeLayout = "2006-01-02T15:04:05Z"

// buffers holds the buffers that answers are built in.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// writeJSON answers with what build appends.
func writeJSON(w http.ResponseWriter, status int, build func(b []byte) []byte) error {
	buf, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = build((*buf)[:0])
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(*buf)))
	w.WriteHeader(status)
	_, _ = w.Write(*buf) // the client may be gone; there is nobody left to tell
	return nil
}

// writeEmpty answers with a status and nothing else.
func writeEmpty(w http.ResponseWriter, status int) error {
	// Compat: empty answers carry a type and a length (spec images-v2 §1.5).
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
	return nil
}

// appendImage appends an image in the original's order of keys (spec images-v2
// §5). echo holds values of additional properties that were just given and are
// not texts; it may be nil.
func (d *Door) appendImage(b []byte, img *glance.Image, echo map[string]any) []byte {
	b = append(b, '{')
	b = d.appendProperties(b, img, echo)
	b = appendNullable(b, "name", img.Name)
	b = appendFilled(b, "disk_format", img.DiskFormat)
	b = appendFilled(b, "container_format", img.ContainerFormat)
	b = appendText(b, "visibility", string(img.Visibility))
	b = appendNumber(b, "size", img.Size)
	b = appendNumber(b, "virtual_size", img.VirtualSize)
	b = appendText(b, "status", string(img.Status))
	b = appendFilled(b, "checksum", img.Checksum)
	b = appendFlag(b, "protected", img.Protected)
	b = appendNumber(b, "min_ram", &img.MinRAM)
	b = appendNumber(b, "min_disk", &img.MinDisk)
	b = d.appendOwner(b, img, echo)
	b = appendFlag(b, "os_hidden", img.Hidden)
	b = appendFilled(b, "os_hash_algo", img.HashAlgo)
	b = appendFilled(b, "os_hash_value", img.HashValue)
	b = appendText(b, "id", img.ID)
	b = appendTime(b, "created_at", img.CreatedAt)
	b = appendTime(b, "updated_at", img.UpdatedAt)
	b = d.appendLocations(b, img, echo)
	b = appendTexts(b, "tags", img.Tags)
	b = appendLink(b, "self", img.ID, "")
	b = appendLink(b, "file", img.ID, "/file")
	b = appendText(b, "schema", "/v2/schemas/image")
	b = d.appendStores(b, img)
	return append(b, '}')
}

// appendLink appends the path of an image and of what lies below it.
func appendLink(b []byte, key, id, below string) []byte {
	b = append(appendKey(b, key), `"/v2/images/`...)
	b = append(appendEscaped(b, id), below...)
	return append(b, '"')
}

// ownerEcho is the key of echo that says how the request spelled the owner.
const ownerEcho = "owner"

func (d *Door) appendOwner(b []byte, img *glance.Image, echo map[string]any) []byte {
	if spelled, ok := echo[ownerEcho].(string); ok && img.Owner == "" {
		// Compat: an empty owner is stored as null and echoed as it came
		// (golden create-owner).
		return appendText(b, "owner", spelled)
	}
	return appendFilled(b, "owner", img.Owner)
}

// appendProperties appends the additional properties but those that a real
// attribute of this answer hides.
func (d *Door) appendProperties(b []byte, img *glance.Image, echo map[string]any) []byte {
	for _, p := range img.Properties {
		if isAttribute(p.Name) || d.hidesProperty(img, p.Name) {
			continue
		}
		b = appendKey(b, p.Name)
		switch value, echoed := echo[p.Name]; {
		case echoed:
			b = appendAny(b, value)
		case p.Null && d.Schema.custom[p.Name]:
			b = append(b, "null"...)
		default:
			b = appendString(b, p.Value)
		}
	}
	return b
}

// hidesProperty reports whether an attribute that only some images show hides
// the property.
func (d *Door) hidesProperty(img *glance.Image, name string) bool {
	switch name {
	case "locations":
		return d.Config.ShowLocations
	case "direct_url":
		return d.Config.ShowDirectURL && len(img.Locations) > 0
	case "stores":
		return d.showsStores(img)
	}
	return false
}

// isAttribute reports whether every image has an attribute of that name.
func isAttribute(name string) bool {
	switch name {
	case "name", "disk_format", "container_format", "visibility", "size", "virtual_size", "status", "checksum",
		"protected", "min_ram", "min_disk", "owner", "os_hidden", "os_hash_algo", "os_hash_value", "id",
		"created_at", "updated_at", "tags", "self", "file", "schema":
		return true
	}
	return false
}

func (d *Door) appendLocations(b []byte, img *glance.Image, echo map[string]any) []byte {
	if d.Config.ShowLocations {
		extra, _ := echo[locationsKey].(map[string]map[string]any)
		b = appendLocationList(appendKey(b, locationsKey), img.Locations, extra)
	}
	if d.Config.ShowDirectURL && len(img.Locations) > 0 {
		b = appendText(b, "direct_url", img.Locations[0].URL)
	}
	return b
}

// appendStores appends the ids of the stores that hold data, unless no
// location says where it lies.
func (d *Door) appendStores(b []byte, img *glance.Image) []byte {
	if !d.showsStores(img) {
		return b
	}
	b = append(appendKey(b, "stores"), '"')
	separator := ""
	for i := range img.Locations {
		if id := img.Locations[i].Store(); id != "" {
			b = appendEscaped(append(b, separator...), id)
			separator = ","
		}
	}
	return append(b, '"')
}

func (d *Door) showsStores(img *glance.Image) bool {
	return d.Config.StoreIDs != nil &&
		slices.ContainsFunc(img.Locations, func(loc glance.Location) bool { return loc.Store() != "" })
}

func appendTexts(b []byte, key string, texts []string) []byte {
	b = append(appendKey(b, key), '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendString(b, text)
	}
	return append(b, ']')
}

// appendKey appends a key, with a comma unless it is the first of its object.
func appendKey(b []byte, key string) []byte {
	if n := len(b); n > 0 && b[n-1] != '{' {
		b = append(b, ", "...)
	}
	return append(appendString(b, key), ": "...)
}

func appendText(b []byte, key, value string) []byte {
	return appendString(appendKey(b, key), value)
}

// appendFilled appends a text of which the empty one is null.
func appendFilled(b []byte, key, value string) []byte {
	if value == "" {
		return append(appendKey(b, key), "null"...)
	}
	return appendText(b, key, value)
}

func appendNullable(b []byte, key string, value *string) []byte {
	if value == nil {
		return append(appendKey(b, key), "null"...)
	}
	return appendText(b, key, *value)
}

func appendNumber(b []byte, key string, value *int64) []byte {
	b = appendKey(b, key)
	if value == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, *value, 10)
}

func appendFlag(b []byte, key string, value bool) []byte {
	return strconv.AppendBool(appendKey(b, key), value)
}

// appendTime appends a time as images and members show it.
func appendTime(b []byte, key string, t time.Time) []byte {
	b = t.UTC().AppendFormat(append(appendKey(b, key), '"'), timeLayout)
	return append(b, '"')
}

// appendMoment appends a time as tasks show it; the zero one is null.
func appendMoment(b []byte, key string, t time.Time) []byte {
	if t.IsZero() {
		return append(appendKey(b, key), "null"...)
	}
	return appendText(b, key, t.UTC().Format("2006-01-02T15:04:05.000000"))
}

// appendAny appends a decoded JSON value; nil maps become empty objects.
func appendAny(b []byte, v any) []byte {
	if m, ok := v.(map[string]any); ok && m == nil {
		return append(b, "{}"...)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...) // cannot be: v came from JSON
	}
	return append(b, text...)
}

const hexDigits = "0123456789abcdef"

// appendString appends s as JSON.
func appendString(b []byte, s string) []byte {
	return append(appendEscaped(append(b, '"'), s), '"')
}

// appendEscaped appends what stands between the quotes. Only what must be
// escaped is; bytes that are no UTF-8 become the replacement character.
func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = appendEscape(append(b, s[start:i]...), c)
		i++
		start = i
	}
	return append(b, s[start:]...)
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
