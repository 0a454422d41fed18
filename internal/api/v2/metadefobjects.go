package v2

import (
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
)

// listObjects is GET /v2/metadefs/namespaces/{namespace}/objects.
func (d *Door) listObjects(w http.ResponseWriter, r *http.Request) error {
	if err := checkObjectListing(api.Query(r)); err != nil {
		return err
	}
	namespace := r.PathValue("namespace")
	objects, err := d.Parts.Objects(r.Context(), caller(r), namespace)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = appendList(append(b, '{'), "objects", objects, func(b []byte, o *glance.MetadefObject) []byte {
			return appendObject(b, o, namespace, "", false)
		})
		// Compat: without a slash before it (golden metadefs-objects-basic).
		return append(appendText(b, "schema", "v2/schemas/metadefs/objects"), '}')
	})
}

// checkObjectListing checks the parameters of a list. Compat: they are ignored
// (spec metadefs-v2 §3).
func checkObjectListing(params []api.Param) error {
	if dir, given := lastParam(params, "sort_dir"); given {
		if _, err := parseDirection(dir); err != nil {
			return err
		}
	}
	if err := checkVisibility(params); err != nil {
		return err
	}
	if limit, given := lastParam(params, "limit"); given {
		_, err := parseLimit(limit, 1)
		return err
	}
	return nil
}

// checkVisibility checks a parameter that lists of parts have no use for.
func checkVisibility(params []api.Param) error {
	switch v, _ := lastParam(params, "visibility"); v {
	case "", "public", "private", "shared":
		return nil
	default:
		return glance.Errorf(glance.Invalid, "Invalid visibility value: %s", v)
	}
}

// addObject is POST /v2/metadefs/namespaces/{namespace}/objects.
func (d *Door) addObject(w http.ResponseWriter, r *http.Request) error {
	o, err := d.readObject(r, true)
	if err != nil {
		return err
	}
	if err := d.Parts.AddObject(r.Context(), caller(r), r.PathValue("namespace"), &o); err != nil {
		return err
	}
	return writeObject(w, http.StatusCreated, r.PathValue("namespace"), &o)
}

// showObject is GET /v2/metadefs/namespaces/{namespace}/objects/{object}.
func (d *Door) showObject(w http.ResponseWriter, r *http.Request) error {
	o, err := d.Parts.Object(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("object"))
	if err != nil {
		return err
	}
	return writeObject(w, http.StatusOK, r.PathValue("namespace"), &o)
}

// replaceObject is PUT /v2/metadefs/namespaces/{namespace}/objects/{object}.
func (d *Door) replaceObject(w http.ResponseWriter, r *http.Request) error {
	o, err := d.readObject(r, false)
	if err != nil {
		return err
	}
	if err := d.Parts.ReplaceObject(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("object"), &o); err != nil {
		return err
	}
	return writeObject(w, http.StatusOK, r.PathValue("namespace"), &o)
}

// removeObject is DELETE /v2/metadefs/namespaces/{namespace}/objects/{object}.
func (d *Door) removeObject(w http.ResponseWriter, r *http.Request) error {
	if err := d.Parts.RemoveObject(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("object")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// removeObjects is DELETE /v2/metadefs/namespaces/{namespace}/objects.
func (d *Door) removeObjects(w http.ResponseWriter, r *http.Request) error {
	if err := d.Parts.RemoveObjects(r.Context(), caller(r), r.PathValue("namespace")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

func writeObject(w http.ResponseWriter, status int, namespace string, o *glance.MetadefObject) error {
	return writeJSON(w, status, func(b []byte) []byte { return appendObject(b, o, namespace, "", false) })
}

// readObject reads an object. Compat: only when it is made must its properties
// fit the schema of properties.
func (d *Door) readObject(r *http.Request, made bool) (glance.MetadefObject, error) {
	doc, err := api.JSONObject(r)
	if err != nil {
		return glance.MetadefObject{}, err
	}
	if err := refuseReadOnly(doc, "self", "schema", "created_at", "updated_at"); err != nil {
		return glance.MetadefObject{}, err
	}
	if err := d.Schema.metadefs.object.check(doc); err != nil {
		return glance.MetadefObject{}, err
	}
	if properties, _ := doc["properties"].(map[string]any); made {
		for _, p := range properties {
			if err := d.Schema.metadefs.unnamed.check(p); err != nil {
				return glance.MetadefObject{}, err
			}
		}
	}
	return objectOf(doc), nil
}

// objectOf reads an object that fits the schema.
func objectOf(doc map[string]any) glance.MetadefObject {
	o := glance.MetadefObject{Name: textOf(doc["name"]), Description: optionalText(doc["description"])}
	if _, given := doc["required"]; given {
		o.Required = textsOf(doc["required"])
	}
	if properties, given := doc["properties"].(map[string]any); given {
		o.Properties = spellDefinitions(properties)
	}
	return o
}
