package v2

import (
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
)

// listResourceTypes is GET /v2/metadefs/resource_types.
func (d *Door) listResourceTypes(w http.ResponseWriter, r *http.Request) error {
	types, err := d.Parts.ResourceTypes(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = appendList(append(b, '{'), "resource_types", types, func(b []byte, t *glance.MetadefResourceType) []byte {
			return appendNamed(b, t.Name, t.CreatedAt, t.UpdatedAt)
		})
		return append(b, '}')
	})
}

// listAssociations is GET /v2/metadefs/namespaces/{namespace}/resource_types.
func (d *Door) listAssociations(w http.ResponseWriter, r *http.Request) error {
	list, err := d.Parts.Associations(r.Context(), caller(r), r.PathValue("namespace"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = appendList(append(b, '{'), "resource_type_associations", list, func(b []byte, a *glance.MetadefAssociation) []byte {
			return appendAssociation(b, a, false)
		})
		return append(b, '}')
	})
}

// addAssociation is POST /v2/metadefs/namespaces/{namespace}/resource_types.
func (d *Door) addAssociation(w http.ResponseWriter, r *http.Request) error {
	doc, err := api.JSONObject(r)
	if err != nil {
		return err
	}
	if err := refuseReadOnly(doc, "created_at", "updated_at"); err != nil {
		return err
	}
	if err := d.Schema.metadefs.association.check(doc); err != nil {
		return err
	}
	a := associationOf(doc)
	if err := d.Parts.AddAssociation(r.Context(), caller(r), r.PathValue("namespace"), &a); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, func(b []byte) []byte { return appendAssociation(b, &a, false) })
}

// removeAssociation is DELETE
// /v2/metadefs/namespaces/{namespace}/resource_types/{resource_type}.
func (d *Door) removeAssociation(w http.ResponseWriter, r *http.Request) error {
	err := d.Parts.RemoveAssociation(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("resource_type"))
	if err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// associationOf reads an association that fits the schema.
func associationOf(doc map[string]any) glance.MetadefAssociation {
	return glance.MetadefAssociation{
		ResourceType: textOf(doc["name"]), Prefix: optionalText(doc["prefix"]), PropertiesTarget: optionalText(doc["properties_target"]),
	}
}
