package v2

import (
	"maps"
	"net/http"
	"slices"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/jsonpatch"
)

// locationSchema is the body of POST locations (spec images-v2 §11).
const locationSchema = `{"type": "object", "required": ["url"], "properties": {
	"url": {"type": "string"},
	"validation_data": {"type": "object", "additionalProperties": false, "required": ["os_hash_algo", "os_hash_value"],
		"properties": {
			"os_hash_algo": {"type": "string", "enum": ["sha1", "sha256", "sha512", "md5"]},
			"os_hash_value": {"type": "string"}}}}}`

// locations is GET /v2/images/{image_id}/locations.
func (d *Door) locations(w http.ResponseWriter, r *http.Request) error {
	found, err := d.Locator.Locations(r.Context(), caller(r), r.PathValue("image_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return appendLocationList(b, found, nil) })
}

// addLocation is POST /v2/images/{image_id}/locations.
func (d *Door) addLocation(w http.ResponseWriter, r *http.Request) error {
	doc, err := api.JSON(r)
	if err != nil {
		return err
	}
	if err := d.Schema.location.Validate(doc); err != nil {
		return glance.Errorf(glance.Invalid, "Provided object does not match schema 'location': %s", err)
	}
	if err := d.Locator.Add(r.Context(), caller(r), r.PathValue("image_id"), newLocation(doc)); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusAccepted)
}

// newLocation reads a location that fits a schema.
func newLocation(v any) images.NewLocation {
	item, _ := v.(map[string]any)
	n := images.NewLocation{URL: textOf(item["url"])}
	n.Metadata, _ = item["metadata"].(map[string]any)
	if said, ok := item["validation_data"].(map[string]any); ok {
		n.Validation = make(map[string]string, len(said))
		for key, value := range said {
			n.Validation[key] = textOf(value)
		}
	}
	return n
}

// locationsKey is the attribute that patches of locations name.
const locationsKey = "locations"

// locationItems gives the locations that an operation brings.
func locationItems(op jsonpatch.Operation) []any {
	if op.Op == jsonpatch.Add {
		return []any{op.Value}
	}
	list, _ := op.Value.([]any)
	return list
}

// readLocationChange reads an operation on locations, whose path has the right
// depth (spec images-v2 §10).
func (d *Door) readLocationChange(op jsonpatch.Operation) (images.Change, error) {
	change := images.Change{Op: changeOps[op.Op], Name: locationsKey}
	if op.Op != jsonpatch.Replace {
		change.Position = op.Path[1]
	}
	if op.Op == jsonpatch.Remove {
		return change, nil
	}
	whole := op.Value
	if op.Op == jsonpatch.Add {
		whole = []any{op.Value}
	}
	if err := d.Schema.check(d.Schema.partial, map[string]any{locationsKey: whole}); err != nil {
		return images.Change{}, err
	}
	for _, item := range locationItems(op) {
		change.Value.Locations = append(change.Value.Locations, newLocation(item))
	}
	return change, nil
}

// noteLocationEcho notes what the answer repeats of the locations that op
// brings: members that nobody stores, by URL.
func noteLocationEcho(echo map[string]any, op jsonpatch.Operation) {
	if op.Op == jsonpatch.Remove {
		return
	}
	extra, _ := echo[locationsKey].(map[string]map[string]any)
	if extra == nil {
		extra = make(map[string]map[string]any)
		echo[locationsKey] = extra
	}
	for _, item := range locationItems(op) {
		members, _ := item.(map[string]any)
		members = maps.Clone(members)
		url := textOf(members["url"])
		delete(members, "url")
		delete(members, "metadata")
		extra[url] = members
	}
}

// appendLocationList appends locations; extra holds more members by URL.
func appendLocationList(b []byte, list []glance.Location, extra map[string]map[string]any) []byte {
	b = append(b, '[')
	for i, loc := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '{')
		b = appendText(b, "url", loc.URL)
		b = appendAny(appendKey(b, "metadata"), loc.Metadata)
		for _, key := range slices.Sorted(maps.Keys(extra[loc.URL])) {
			b = appendAny(appendKey(b, key), extra[loc.URL][key])
		}
		b = append(b, '}')
	}
	return append(b, ']')
}
