package v2

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/jsonpatch"
)

const (
	patchDraft10 = "application/openstack-images-v2.1-json-patch"
	patchDraft4  = "application/openstack-images-v2.0-json-patch"
)

// patch is PATCH /v2/images/{image_id}.
func (d *Door) patch(w http.ResponseWriter, r *http.Request) error {
	draft, err := draftOf(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	doc, err := api.JSON(r)
	if err != nil {
		return err
	}
	changes, echo, err := d.readChanges(doc, draft)
	if err != nil {
		return err
	}
	img, err := d.Editor.Patch(r.Context(), caller(r), r.PathValue("image_id"), changes)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return d.appendImage(b, img, echo) })
}

func draftOf(contentType string) (jsonpatch.Draft, error) {
	media, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case patchDraft10:
		return jsonpatch.Draft10, nil
	case patchDraft4:
		return jsonpatch.Draft4, nil
	}
	const known = patchDraft4 + ", " + patchDraft10
	err := glance.Detailf(glance.UnsupportedMedia, "Image PATCH expects Content-Type one of: %s", known)
	return 0, api.WithHeader(err, "Accept-Patch", known)
}

// readChanges reads and checks the operations one by one (spec images-v2
// §9.2).
func (d *Door) readChanges(doc any, draft jsonpatch.Draft) ([]images.Change, map[string]any, error) {
	elements, err := jsonpatch.Elements(doc)
	if err != nil {
		return nil, nil, badPatch(err)
	}
	changes := make([]images.Change, 0, len(elements))
	echo := make(map[string]any)
	for _, element := range elements {
		op, err := jsonpatch.Read(element, draft)
		if err != nil {
			return nil, nil, badPatch(err)
		}
		change, err := d.readChange(op)
		if err != nil {
			return nil, nil, badPatch(err)
		}
		change.Fresh = draft == jsonpatch.Draft4
		changes = append(changes, change)
		noteEcho(echo, op)
	}
	return changes, echo, nil
}

// noteEcho notes how the answer must spell the property that op sets.
func noteEcho(echo map[string]any, op jsonpatch.Operation) {
	name := op.Path[0]
	if name == locationsKey {
		noteLocationEcho(echo, op)
	}
	if isAttribute(name) || name == locationsKey {
		return
	}
	delete(echo, name)
	if op.Op == jsonpatch.Remove {
		return
	}
	if _, typed := propertyOf(name, op.Value); typed {
		echo[name] = op.Value
	}
}

func badPatch(err error) error {
	var fault *jsonpatch.Error
	if errors.As(err, &fault) {
		return glance.Errorf(glance.Invalid, "%s", fault.Text)
	}
	return err
}

func (d *Door) readChange(op jsonpatch.Operation) (images.Change, error) {
	name := op.Path[0]
	if len(op.Path) != depthOf(op) {
		return images.Change{}, glance.Errorf(glance.Invalid, "Invalid JSON pointer for this resource: '%s'", op.Pointer)
	}
	if err := op.RequireValue(); err != nil {
		return images.Change{}, err
	}
	if slices.Contains(neverPatched, name) {
		return images.Change{}, errReadOnly(name)
	}
	if isReserved(name) {
		return images.Change{}, glance.Errorf(glance.Forbidden, "Attribute '%s' is reserved.", name)
	}
	if name == locationsKey {
		return d.readLocationChange(op)
	}
	change := images.Change{Op: changeOps[op.Op], Name: name}
	if op.Op == jsonpatch.Remove {
		return change, nil
	}
	if err := d.Schema.check(d.Schema.partial, map[string]any{name: op.Value}); err != nil {
		return images.Change{}, err
	}
	if utf8.RuneCountInString(name) > 255 {
		return images.Change{}, glance.Errorf(glance.Invalid, "Custom property should not be greater than 255 characters.")
	}
	change.Value = valueOf(name, op.Value)
	return change, nil
}

var changeOps = map[jsonpatch.Op]images.ChangeOp{
	jsonpatch.Add: images.Add, jsonpatch.Replace: images.Replace, jsonpatch.Remove: images.Remove,
}

var neverPatched = []string{
	"id", "created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file",
	"schema", "os_hash_algo", "os_hash_value",
}

// depthOf is how many tokens the pointer of op must have.
func depthOf(op jsonpatch.Operation) int {
	if op.Path[0] == locationsKey && op.Op != jsonpatch.Replace {
		return 2
	}
	return 1
}

// valueOf makes the value of a change of JSON that fits the schema.
func valueOf(name string, v any) images.Value {
	var value images.Value
	switch name {
	case "name", "visibility", "owner", "disk_format", "container_format":
		if text, ok := v.(string); ok {
			value.Text = &text
		}
	case "protected", "os_hidden":
		value.Flag, _ = v.(bool)
	case "min_disk", "min_ram":
		value.Int = integerOf(v)
	case "tags":
		value.Texts = textsOf(v)
	default:
		value.Prop, _ = propertyOf(name, v)
	}
	return value
}
