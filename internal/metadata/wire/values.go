package wire

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	"glance/internal/glance"
)

// Values are columns by name as a request gives them, decoded with numbers as
// json.Number. What is not named stays as it is.
type Values map[string]any

func bad(format string, args ...any) error { return glance.Errorf(glance.Invalid, format, args...) }

// ApplyTo changes an image to what the values say. purge removes properties
// that are not named; order, which may be nil, is the order of new ones. The
// columns that nobody may set are passed over: id, times, deleted. Errors are
// Invalid, or NotFound for a location that is not the image's.
func (v Values) ApplyTo(img *glance.Image, purge bool, order []string) error {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if err := v.column(img, name); err != nil {
			return err
		}
	}
	if err := v.applyProperties(img, purge, order); err != nil {
		return err
	}
	return v.applyLocations(img)
}

func (v Values) column(img *glance.Image, name string) (err error) {
	switch name {
	case "name":
		img.Name, err = v.nullable(name)
	case "status":
		err = v.status(img)
	case "size":
		img.Size, err = v.number(name, math.MaxInt64)
	case "virtual_size":
		img.VirtualSize, err = v.number(name, math.MaxInt64)
	case "min_disk":
		img.MinDisk, err = v.plainNumber(name)
	case "min_ram":
		img.MinRAM, err = v.plainNumber(name)
	case "disk_format":
		img.DiskFormat, err = v.text(name)
	case "container_format":
		img.ContainerFormat, err = v.text(name)
	case "checksum":
		img.Checksum, err = v.text(name)
	case "owner":
		img.Owner, err = v.text(name)
	case "os_hash_algo":
		img.HashAlgo, err = v.text(name)
	case "os_hash_value":
		img.HashValue, err = v.text(name)
	case "protected":
		img.Protected, err = v.Flag(name)
	case "os_hidden":
		img.Hidden, err = v.Flag(name)
	case "visibility", "is_public":
		err = v.visibility(img, name)
	}
	return err
}

func (v Values) status(img *glance.Image) error {
	status, err := v.text("status")
	if err != nil {
		return err
	}
	if !glance.Status(status).Known() {
		return bad("Invalid image status '%s' for image.", status)
	}
	img.Status = glance.Status(status)
	return nil
}

func (v Values) visibility(img *glance.Image, name string) error {
	if name == "is_public" {
		public, err := v.Flag(name)
		img.Visibility = glance.VisibilityShared
		if public {
			img.Visibility = glance.VisibilityPublic
		}
		return err
	}
	text, err := v.text(name)
	if err == nil && !glance.Visibility(text).Known() {
		err = bad("Invalid visibility value: %s", text)
	}
	img.Visibility = glance.Visibility(text)
	return err
}

func (v Values) nullable(name string) (*string, error) {
	switch value := v[name].(type) {
	case nil:
		return nil, nil
	case string:
		return &value, nil
	}
	return nil, bad("Invalid value for %s.", name)
}

// text gives a text of which null is the empty one.
func (v Values) text(name string) (string, error) {
	s, err := v.nullable(name)
	return text(s), err
}

// Flag gives a truth value; null and absent are false.
func (v Values) Flag(name string) (bool, error) {
	switch value := v[name].(type) {
	case nil:
		return false, nil
	case bool:
		return value, nil
	case json.Number:
		return value.String() != "0", nil
	}
	return false, bad("Invalid value for %s.", name)
}

func (v Values) number(name string, most int64) (*int64, error) {
	if v[name] == nil {
		return nil, nil
	}
	number, ok := v[name].(json.Number)
	if !ok {
		return nil, bad("Invalid value for %s.", name)
	}
	n, err := number.Int64()
	if err != nil || n > most {
		return nil, bad("'%s' value out of range, must not exceed %d.", name, most)
	}
	return &n, nil
}

func (v Values) plainNumber(name string) (int64, error) {
	n, err := v.number(name, math.MaxInt32)
	if n == nil {
		return 0, err
	}
	return *n, err
}

// Time gives a time; null and absent are zero.
func (v Values) Time(name string) (Timestamp, error) {
	t, err := timestampOf(v[name])
	if err != nil {
		return t, bad("Invalid value for %s.", name)
	}
	return t, nil
}

// properties reads properties by name.
func (v Values) properties() ([]glance.Property, error) {
	object, ok := v["properties"].(map[string]any)
	if !ok && v["properties"] != nil {
		return nil, bad("Invalid value for properties.")
	}
	list := make([]glance.Property, 0, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		list = append(list, PropertyOf(name, object[name]))
	}
	return list, nil
}

// PropertyOf makes a property of a decoded value; what is no text is stored as
// the original prints it.
func PropertyOf(name string, value any) glance.Property {
	p := glance.Property{Name: name}
	switch value := value.(type) {
	case nil:
		p.Null = true
	case string:
		p.Value = value
	case bool:
		p.Value = map[bool]string{true: "True", false: "False"}[value]
	case json.Number:
		p.Value = value.String()
	default:
		text, err := json.Marshal(value)
		if err == nil { // always: it came from JSON
			p.Value = string(text)
		}
	}
	return p
}

func (v Values) applyProperties(img *glance.Image, purge bool, order []string) error {
	named, err := v.properties()
	if err != nil {
		return err
	}
	slices.SortStableFunc(named, func(a, b glance.Property) int {
		return slices.Index(order, a.Name) - slices.Index(order, b.Name)
	})
	if purge {
		img.Properties = slices.DeleteFunc(img.Properties, func(old glance.Property) bool {
			return !slices.ContainsFunc(named, func(p glance.Property) bool { return p.Name == old.Name })
		})
	}
	for _, p := range named {
		img.SetProperty(p)
	}
	return nil
}

func (v Values) applyLocations(img *glance.Image) error {
	if v["locations"] == nil {
		return nil
	}
	list, ok := v["locations"].([]any)
	if !ok {
		return bad("Invalid value for locations.")
	}
	before := img.Locations
	img.Locations = nil
	for _, item := range list {
		object, _ := item.(map[string]any)
		loc, err := LocationOf(object)
		if err != nil {
			return err
		}
		if loc.ID != 0 && !slices.ContainsFunc(before, func(l glance.Location) bool { return l.ID == loc.ID }) {
			return glance.Errorf(glance.NotFound, "No location found with ID %d from image %s", loc.ID, img.ID)
		}
		img.Locations = append(img.Locations, loc)
	}
	return nil
}

// LocationOf reads {"url", "metadata", "status", "id"}; all but the URL may be
// left out.
func LocationOf(object map[string]any) (glance.Location, error) {
	url, ok := object["url"].(string)
	if !ok {
		return glance.Location{}, bad("Invalid value for locations.")
	}
	loc := glance.Location{URL: url, Status: glance.LocationActive}
	loc.Metadata, _ = object["metadata"].(map[string]any)
	if status, ok := object["status"].(string); ok {
		loc.Status = glance.LocationStatus(status)
	}
	switch loc.Status {
	case glance.LocationActive, glance.LocationPendingDelete, glance.LocationDeleted:
	default:
		return glance.Location{}, bad("Invalid location status %s.", loc.Status)
	}
	if id, given := object["id"]; given && id != nil {
		number, _ := id.(json.Number)
		n, err := number.Int64()
		if err != nil {
			return glance.Location{}, bad("Invalid value for locations.")
		}
		loc.ID = n
	}
	return loc, nil
}

// ValuesOf gives all columns of an image that a request may set.
func ValuesOf(img *glance.Image) map[string]any {
	w := Row(img)
	properties := make(map[string]*string, len(w.Properties))
	for _, p := range w.Properties {
		properties[p.Name] = p.Value
	}
	locations := make([]map[string]any, 0, len(w.Locations))
	for _, l := range w.Locations {
		location := map[string]any{"url": l.URL, "metadata": l.Metadata, "status": l.Status}
		if l.ID != 0 {
			location["id"] = l.ID
		}
		locations = append(locations, location)
	}
	return map[string]any{
		"name": w.Name, "status": w.Status, "size": w.Size, "virtual_size": w.VirtualSize, "min_disk": w.MinDisk, "min_ram": w.MinRAM,
		"disk_format": w.DiskFormat, "container_format": w.ContainerFormat, "checksum": w.Checksum, "owner": w.Owner,
		"os_hash_algo": w.HashAlgo, "os_hash_value": w.HashValue, "protected": w.Protected, "os_hidden": w.Hidden,
		"visibility": w.Visibility, "properties": properties, "locations": locations,
	}
}
