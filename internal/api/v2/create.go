package v2

import (
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
)

// create is POST /v2/images.
func (d *Door) create(w http.ResponseWriter, r *http.Request) error {
	doc, err := api.JSONObject(r)
	if err != nil {
		return err
	}
	want, echo, err := d.readCreation(doc)
	if err != nil {
		return err
	}
	img, err := d.Editor.Create(r.Context(), caller(r), want)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Location", api.Absolute(r, "/v2/images/"+img.ID))
	if len(d.Config.ImportMethods) > 0 {
		h.Set("OpenStack-image-import-methods", strings.Join(d.Config.ImportMethods, ","))
	}
	if d.Config.StoreIDs != nil {
		h.Set("OpenStack-image-store-ids", strings.Join(d.Config.StoreIDs, ","))
	}
	return writeJSON(w, http.StatusCreated, func(b []byte) []byte { return d.appendImage(b, img, echo) })
}

// The attributes that nobody may set. The first group is refused before the
// schema is looked at, the second after policy (spec images-v2 §6, rows 2, 12).
var (
	neverGiven = []string{"direct_url", "self", "file", "schema", "stores"}
	readOnly   = []string{
		"status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at",
	}
)

func errReadOnly(name string) error {
	return glance.Errorf(glance.Forbidden, "Attribute '%s' is read-only.", name)
}

// isReserved reports whether a name belongs to the service (row 5). Some
// databases find a property whatever case its name is written in.
func isReserved(name string) bool {
	switch name {
	case "location", "deleted", "deleted_at":
		return true
	}
	return strings.HasPrefix(strings.ToLower(name), glance.ReservedPrefix)
}

// ReadCreation reads an image as the body of POST /v2/images describes it.
func (d *Door) ReadCreation(doc map[string]any) (images.Creation, error) {
	want, _, err := d.readCreation(doc)
	return want, err
}

// readCreation checks rows 2 to 5 of spec images-v2 §6. echo is what the
// answer repeats as it was spelled.
func (d *Door) readCreation(doc map[string]any) (images.Creation, map[string]any, error) {
	var want images.Creation
	for _, name := range neverGiven {
		if _, given := doc[name]; given {
			return want, nil, errReadOnly(name)
		}
	}
	if err := d.Schema.check(d.Schema.whole, doc); err != nil {
		return want, nil, err
	}
	names := additional(doc)
	for _, name := range names {
		if utf8.RuneCountInString(name) > 255 {
			return want, nil, glance.Errorf(glance.Invalid, "Custom property should not be greater than 255 characters.")
		}
	}
	for _, name := range names {
		if isReserved(name) {
			return want, nil, glance.Detailf(glance.Forbidden, "Attribute '%s' is reserved.", name)
		}
	}
	for _, name := range readOnly {
		if _, given := doc[name]; given {
			want.ReadOnly = name
			break
		}
	}
	_, want.HasLocations = doc["locations"]
	readBase(doc, &want)
	echo := make(map[string]any)
	for _, name := range names {
		p, typed := propertyOf(name, doc[name])
		want.Image.Properties = append(want.Image.Properties, p)
		if typed {
			echo[name] = doc[name]
		}
	}
	if want.Owner != nil && *want.Owner == "" {
		echo[ownerEcho] = ""
	}
	return want, echo, nil
}

// additional gives the names of additional properties in a document, sorted so
// that answers do not depend on chance.
func additional(doc map[string]any) []string {
	names := make([]string, 0, len(doc))
	for name := range doc {
		if !isAttribute(name) && name != "locations" && !slices.Contains(neverGiven, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readBase reads the base attributes of a document that fits the schema.
func readBase(doc map[string]any, want *images.Creation) {
	img := &want.Image
	img.ID = textOf(doc["id"])
	if name, ok := doc["name"].(string); ok {
		img.Name = &name
	}
	img.Visibility = glance.Visibility(textOf(doc["visibility"]))
	img.Protected, _ = doc["protected"].(bool)
	img.Hidden, _ = doc["os_hidden"].(bool)
	img.DiskFormat, img.ContainerFormat = textOf(doc["disk_format"]), textOf(doc["container_format"])
	img.MinDisk, img.MinRAM = integerOf(doc["min_disk"]), integerOf(doc["min_ram"])
	img.Tags = textsOf(doc["tags"])
	if owner, given := doc["owner"]; given {
		want.OwnerGiven = true
		if text, ok := owner.(string); ok {
			want.Owner = &text
		}
	}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func textsOf(v any) []string {
	list, _ := v.([]any)
	texts := make([]string, 0, len(list))
	for _, item := range list {
		texts = append(texts, textOf(item))
	}
	return texts
}

// integerOf gives the value of an integral JSON number; what lies beyond 64
// bits becomes the nearest end, which every later check refuses.
func integerOf(v any) int64 {
	number, ok := v.(json.Number)
	if !ok {
		return 0
	}
	if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
		return n
	}
	f, _, err := big.ParseFloat(number.String(), 10, 128, big.ToZero)
	if err != nil {
		return 0
	}
	n, _ := f.Int64()
	return n
}

// propertyOf makes an additional property of a JSON value. Values are stored
// as text; typed reports that the answer must show the value and not the text.
func propertyOf(name string, v any) (p glance.Property, typed bool) {
	if v == nil {
		return glance.Property{Name: name, Null: true}, false
	}
	_, isText := v.(string)
	return glance.Property{Name: name, Value: storedText(v)}, !isText
}

// storedText is a JSON value as text. Compat: null and truth values are spelled
// as Python does.
func storedText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case json.Number:
		return v.String()
	default:
		return string(appendAny(nil, v))
	}
}
