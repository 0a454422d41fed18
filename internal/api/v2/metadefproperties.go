package v2

import (
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
)

// listProperties is GET /v2/metadefs/namespaces/{namespace}/properties.
func (d *Door) listProperties(w http.ResponseWriter, r *http.Request) error {
	properties, err := d.Parts.Properties(r.Context(), caller(r), r.PathValue("namespace"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		return append(appendProperties(append(b, '{'), properties, ""), '}')
	})
}

// addProperty is POST /v2/metadefs/namespaces/{namespace}/properties.
func (d *Door) addProperty(w http.ResponseWriter, r *http.Request) error {
	p, err := d.readProperty(r)
	if err != nil {
		return err
	}
	if err := d.Parts.AddProperty(r.Context(), caller(r), r.PathValue("namespace"), &p); err != nil {
		return err
	}
	return writeProperty(w, http.StatusCreated, p)
}

// showProperty is GET /v2/metadefs/namespaces/{namespace}/properties/{property}.
func (d *Door) showProperty(w http.ResponseWriter, r *http.Request) error {
	resourceType, _ := lastParam(api.Query(r), "resource_type")
	p, err := d.Parts.Property(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("property"), resourceType)
	if err != nil {
		return err
	}
	return writeProperty(w, http.StatusOK, p)
}

// replaceProperty is PUT /v2/metadefs/namespaces/{namespace}/properties/{property}.
func (d *Door) replaceProperty(w http.ResponseWriter, r *http.Request) error {
	want, err := d.readProperty(r)
	if err != nil {
		return err
	}
	p, err := d.Parts.ReplaceProperty(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("property"), want)
	if err != nil {
		return err
	}
	return writeProperty(w, http.StatusOK, p)
}

// removeProperty is DELETE /v2/metadefs/namespaces/{namespace}/properties/{property}.
func (d *Door) removeProperty(w http.ResponseWriter, r *http.Request) error {
	if err := d.Parts.RemoveProperty(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("property")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// removeProperties is DELETE /v2/metadefs/namespaces/{namespace}/properties.
func (d *Door) removeProperties(w http.ResponseWriter, r *http.Request) error {
	if err := d.Parts.RemoveProperties(r.Context(), caller(r), r.PathValue("namespace")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

func writeProperty(w http.ResponseWriter, status int, p glance.MetadefProperty) error {
	return writeJSON(w, status, func(b []byte) []byte { return appendStoredDefinition(b, p.Schema, p.Name) })
}

// readProperty reads a property. Its name is stored in the definition too.
func (d *Door) readProperty(r *http.Request) (glance.MetadefProperty, error) {
	doc, err := api.JSONObject(r)
	if err != nil {
		return glance.MetadefProperty{}, err
	}
	if err := refuseReadOnly(doc, "created_at", "updated_at"); err != nil {
		return glance.MetadefProperty{}, err
	}
	if err := d.Schema.metadefs.property.check(doc); err != nil {
		return glance.MetadefProperty{}, err
	}
	return glance.MetadefProperty{Name: textOf(doc["name"]), Schema: spellDefinition(doc)}, nil
}
