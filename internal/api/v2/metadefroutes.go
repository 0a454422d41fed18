package v2

import (
	"maps"
	"net/http"
	"slices"

	"glance/internal/api"
)

// metadefRoutes is the part of the table about metadata definitions (spec
// metadefs-v2).
func (d *Door) metadefRoutes() []api.Route {
	const (
		all    = "/metadefs/namespaces"
		one    = all + "/{namespace}"
		object = one + "/objects/{object}"
		prop   = one + "/properties/{property}"
		tag    = one + "/tags/{tag}"
	)
	routes := []api.Route{
		{Method: http.MethodGet, Pattern: all, Handle: d.listNamespaces},
		// Compat: the only one that asks whether the caller may only read; all others leave that to policy.
		{Method: http.MethodPost, Pattern: all, Handle: d.createNamespace, Writes: true},
		{Method: http.MethodGet, Pattern: one, Handle: d.showNamespace, NoBody: true},
		{Method: http.MethodPut, Pattern: one, Handle: d.replaceNamespace},
		{Method: http.MethodDelete, Pattern: one, Handle: d.deleteNamespace, NoBody: true},

		{Method: http.MethodGet, Pattern: one + "/objects", Handle: d.listObjects},
		{Method: http.MethodPost, Pattern: one + "/objects", Handle: d.addObject},
		{Method: http.MethodDelete, Pattern: one + "/objects", Handle: d.removeObjects, NoBody: true},
		{Method: http.MethodGet, Pattern: object, Handle: d.showObject, NoBody: true},
		{Method: http.MethodPut, Pattern: object, Handle: d.replaceObject},
		{Method: http.MethodDelete, Pattern: object, Handle: d.removeObject, NoBody: true},

		{Method: http.MethodGet, Pattern: one + "/properties", Handle: d.listProperties, NoBody: true},
		{Method: http.MethodPost, Pattern: one + "/properties", Handle: d.addProperty},
		{Method: http.MethodDelete, Pattern: one + "/properties", Handle: d.removeProperties, NoBody: true},
		{Method: http.MethodGet, Pattern: prop, Handle: d.showProperty},
		{Method: http.MethodPut, Pattern: prop, Handle: d.replaceProperty},
		{Method: http.MethodDelete, Pattern: prop, Handle: d.removeProperty, NoBody: true},

		{Method: http.MethodGet, Pattern: one + "/tags", Handle: d.listTags},
		{Method: http.MethodPost, Pattern: one + "/tags", Handle: d.addTags},
		{Method: http.MethodDelete, Pattern: one + "/tags", Handle: d.removeTags, NoBody: true},
		{Method: http.MethodGet, Pattern: tag, Handle: d.showMetadefTag, NoBody: true},
		{Method: http.MethodPost, Pattern: tag, Handle: d.addMetadefTag, NoBody: true},
		{Method: http.MethodPut, Pattern: tag, Handle: d.renameMetadefTag},
		{Method: http.MethodDelete, Pattern: tag, Handle: d.removeMetadefTag, NoBody: true},

		{Method: http.MethodGet, Pattern: "/metadefs/resource_types", Handle: d.listResourceTypes, NoBody: true},
		{Method: http.MethodGet, Pattern: one + "/resource_types", Handle: d.listAssociations, NoBody: true},
		{Method: http.MethodPost, Pattern: one + "/resource_types", Handle: d.addAssociation},
		{Method: http.MethodDelete, Pattern: one + "/resource_types/{resource_type}", Handle: d.removeAssociation, NoBody: true},
	}
	for _, name := range slices.Sorted(maps.Keys(d.Schema.metadefs.documents)) {
		routes = append(routes, api.Route{
			Method: http.MethodGet, Pattern: "/schemas/metadefs/" + name, Handle: d.showMetadefSchema(name), NoBody: true,
		})
	}
	return routes
}
