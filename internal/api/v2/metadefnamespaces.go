package v2

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadefs"
)

// listNamespaces is GET /v2/metadefs/namespaces.
func (d *Door) listNamespaces(w http.ResponseWriter, r *http.Request) error {
	params := api.Query(r)
	want, err := d.readNamespaceListing(params)
	if err != nil {
		return err
	}
	page, err := d.Namespaces.List(r.Context(), caller(r), want)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return appendNamespacePage(b, page, params) })
}

func appendNamespacePage(b []byte, page metadefs.Page, params []api.Param) []byte {
	const path = "/v2/metadefs/namespaces"
	b = appendList(append(b, '{'), "namespaces", page.Namespaces, func(b []byte, ns **glance.MetadefNamespace) []byte {
		return appendNamespace(b, metadefs.Shown{MetadefNamespace: *ns}, false)
	})
	if page.Last != "" {
		b = appendPageLink(b, "next", path, params, page.Last)
	}
	b = appendText(b, "schema", "/v2/schemas/metadefs/namespaces")
	return append(appendPageLink(b, "first", path, params, ""), '}')
}

func (d *Door) readNamespaceListing(params []api.Param) (metadefs.Listing, error) {
	want := metadefs.Listing{Limit: min(d.Config.LimitDefault, d.Config.LimitMax), Sort: "created_at"}
	for i, p := range params {
		switch p.Name {
		case "limit":
			limit, err := parseLimit(p.Value, 0)
			if err != nil {
				return want, err
			}
			want.Limit = min(limit, d.Config.LimitMax)
		case "marker":
			want.Marker = p.Value
		case "sort_key":
			want.Sort = p.Value
		case "sort_dir":
			var err error
			if want.Asc, err = parseDirection(p.Value); err != nil {
				return want, err
			}
		case "visibility":
			want.Visibility = &params[i].Value
		case "resource_types":
			want.ResourceTypes = strings.Split(p.Value, ",")
		}
	}
	return want, nil
}

func parseDirection(dir string) (asc bool, err error) {
	if dir != "asc" && dir != "desc" {
		return false, glance.Errorf(glance.Invalid, "Invalid sort direction: %s", dir)
	}
	return dir == "asc", nil
}

// lastParam gives the value of a parameter; the last one counts.
func lastParam(params []api.Param, name string) (value string, given bool) {
	for _, p := range params {
		if p.Name == name {
			value, given = p.Value, true
		}
	}
	return value, given
}

// createNamespace is POST /v2/metadefs/namespaces.
func (d *Door) createNamespace(w http.ResponseWriter, r *http.Request) error {
	ns, err := d.readNamespace(r)
	if err != nil {
		return err
	}
	if err := d.Namespaces.Create(r.Context(), caller(r), ns); err != nil {
		return err
	}
	path := url.URL{Path: "/v2/metadefs/namespaces/" + ns.Name}
	w.Header().Set("Location", api.Absolute(r, path.EscapedPath()))
	return writeJSON(w, http.StatusCreated, func(b []byte) []byte {
		return appendNamespace(b, metadefs.Shown{MetadefNamespace: ns}, true)
	})
}

// showNamespace is GET /v2/metadefs/namespaces/{namespace}.
func (d *Door) showNamespace(w http.ResponseWriter, r *http.Request) error {
	resourceType, _ := lastParam(api.Query(r), "resource_type")
	shown, err := d.Namespaces.Show(r.Context(), caller(r), r.PathValue("namespace"), resourceType)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return appendNamespace(b, shown, false) })
}

// replaceNamespace is PUT /v2/metadefs/namespaces/{namespace}.
func (d *Door) replaceNamespace(w http.ResponseWriter, r *http.Request) error {
	want, err := d.readNamespace(r)
	if err != nil {
		return err
	}
	ns, err := d.Namespaces.Replace(r.Context(), caller(r), r.PathValue("namespace"), *want)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		return appendNamespace(b, metadefs.Shown{MetadefNamespace: ns}, false)
	})
}

// deleteNamespace is DELETE /v2/metadefs/namespaces/{namespace}.
func (d *Door) deleteNamespace(w http.ResponseWriter, r *http.Request) error {
	if err := d.Namespaces.Delete(r.Context(), caller(r), r.PathValue("namespace")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// readNamespace reads a namespace with its parts.
func (d *Door) readNamespace(r *http.Request) (*glance.MetadefNamespace, error) {
	doc, err := api.JSONObject(r)
	if err != nil {
		return nil, err
	}
	if err := refuseReadOnly(doc, "self", "schema", "created_at", "updated_at"); err != nil {
		return nil, err
	}
	if err := d.Schema.metadefs.namespace.check(doc); err != nil {
		return nil, err
	}
	ns := &glance.MetadefNamespace{
		Name: textOf(doc["namespace"]), DisplayName: optionalText(doc["display_name"]), Description: optionalText(doc["description"]),
		Visibility: glance.Visibility(textOf(doc["visibility"])), Owner: textOf(doc["owner"]),
		Associations: partsOf(doc["resource_type_associations"], associationOf),
		Objects:      partsOf(doc["objects"], objectOf),
		Tags:         partsOf(doc["tags"], tagOf),
		Properties:   propertiesOf(doc["properties"]),
	}
	if protected, ok := doc["protected"].(bool); ok {
		ns.Protected = &protected
	}
	return ns, nil
}

// partsOf reads a list of objects; nil stands for none given.
func partsOf[T any](v any, one func(map[string]any) T) []T {
	list, given := v.([]any)
	if !given {
		return nil
	}
	parts := make([]T, 0, len(list))
	for _, item := range list {
		doc, _ := item.(map[string]any)
		parts = append(parts, one(doc))
	}
	return parts
}

// propertiesOf reads definitions by name, in the order of names.
func propertiesOf(v any) []glance.MetadefProperty {
	docs, given := v.(map[string]any)
	if !given {
		return nil
	}
	list := make([]glance.MetadefProperty, 0, len(docs))
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		list = append(list, glance.MetadefProperty{Name: name, Schema: spellDefinition(docs[name])})
	}
	return list
}

// optionalText is the text of a JSON value; nil stands for none given.
func optionalText(v any) *string {
	text, given := v.(string)
	if !given {
		return nil
	}
	return &text
}
