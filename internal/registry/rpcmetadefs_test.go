package registry_test

import (
	"regexp"
	"strings"
	"testing"
)

var changing = regexp.MustCompile(`\{"_type":"datetime","_value":"[^"]*"\}|"_version":"[^"]*"`)

// wantRun compares a result but for its times and version, T and V.
func (r *rig) wantRun(t *testing.T, who, command, kwargs, want string) {
	t.Helper()
	got := changing.ReplaceAllStringFunc(r.run(t, who, command, kwargs), func(s string) string { return strings.ToUpper(s[2:3]) })
	if got != want {
		t.Errorf("%s %s:\n got %s\nwant %s", command, kwargs, got, want)
	}
}

// TestMetadefCommands leads definitions through their life with what the API of
// old sends: it knows rows by their ids, and says nothing beside.
func TestMetadefCommands(t *testing.T) {
	const (
		row    = `{"id":1,"namespace":"ns","display_name":"N","description":null,"visibility":"private","protected":true,"owner":"p-alpha","created_at":_,"updated_at":_,V}`
		object = `{"id":"o","name":"o","description":"d","required":"a,b","json_schema":{"b":{"z":1.0},"a":{}},"created_at":_,"updated_at":_,V}`
	)
	r := newRig(t)
	for _, s := range []struct{ command, kwargs, want string }{
		{"namespace_create", `{"values": {"namespace": "ns", "display_name": "N", "protected": true, "owner": "p-alpha", "id": 77, "created_at": null}}`, row},
		{"namespace_get", `{"namespace_name": "ns"}`, row},
		{"namespace_get_all", `{"marker": null, "limit": 5, "sort_key": "created_at", "sort_dir": "desc", "filters": {"visibility": "private"}}`, "[" + row + "]"},
		{"namespace_get_all", `{"filters": {"visibility": "public"}}`, "[]"},
		{"namespace_get_all", `{"filters": {"resource_types": ["OS::X"]}}`, "[]"},
		{"namespace_get_all", `{"limit": 0}`, "[]"},

		{"object_create", `{"namespace_name": "ns", "object_dict": {"name": "o", "description": "d", "required": "a,b", "json_schema": {"b": {"z": 1.0}, "a": {}}}}`, object},
		{"object_get", `{"namespace_name": "ns", "object_name": "o"}`, object},
		{"object_get_all", `{"namespace_name": "ns"}`, "[" + object + "]"},
		{"object_update", `{"namespace_name": "ns", "object_id": "o", "object_dict": {"name": "p", "required": null}}`, strings.NewReplacer(`"o"`, `"p"`, `"a,b"`, "null").Replace(object)},
		{"object_count", `{"namespace_name": "ns"}`, "1"},
		{"object_delete", `{"namespace_name": "ns", "object_name": "p"}`, strings.NewReplacer(`"o"`, `"p"`, `"a,b"`, "null").Replace(object)},
		{"object_count", `{"namespace_name": "ns"}`, "0"},

		{"property_create", `{"namespace_name": "ns", "property_dict": {"name": "x", "json_schema": {"type": "string"}}}`, `{"id":"x","name":"x","json_schema":{"type":"string"},"created_at":_,"updated_at":_,V}`},
		{"property_update", `{"namespace_name": "ns", "property_id": "x", "property_dict": {"json_schema": {}}}`, `{"id":"x","name":"x","json_schema":{},"created_at":_,"updated_at":_,V}`},
		{"property_delete_namespace_content", `{"namespace_name": "ns"}`, "1"},

		{"tag_create_tags", `{"namespace_name": "ns", "tag_list": [{"name": "b"}, {"name": "a"}]}`, `[{"id":"b","name":"b","created_at":_,"updated_at":_,V},{"id":"a","name":"a","created_at":_,"updated_at":_,V}]`},
		{"tag_get_all", `{"namespace_name": "ns", "sort_key": "name", "sort_dir": "asc", "limit": 1, "filters": null}`, `[{"id":"a","name":"a","created_at":_,"updated_at":_,V}]`},
		{"tag_get_all", `{"namespace_name": "ns", "sort_key": "name", "sort_dir": "asc", "marker": "a"}`, `[{"id":"b","name":"b","created_at":_,"updated_at":_,V}]`},
		{"tag_create_tags", `{"namespace_name": "ns", "tag_list": [{"name": "c"}], "can_append": true}`, `[{"id":"c","name":"c","created_at":_,"updated_at":_,V}]`},
		{"tag_count", `{"namespace_name": "ns"}`, "3"},
		{"tag_update", `{"namespace_name": "ns", "id": "c", "tag_dict": {"name": "d"}}`, `{"id":"d","name":"d","created_at":_,"updated_at":_,V}`},
		{"tag_delete", `{"namespace_name": "ns", "name": "d"}`, `{"id":"d","name":"d","created_at":_,"updated_at":_,V}`},

		{"resource_type_association_create", `{"namespace_name": "ns", "values": {"name": "OS::X", "prefix": "x_"}}`, `{"name":"OS::X","prefix":"x_","properties_target":null,"created_at":_,"updated_at":_}`},
		{"resource_type_association_get", `{"namespace_name": "ns", "resource_type_name": "OS::X"}`, `{"name":"OS::X","prefix":"x_","properties_target":null,"created_at":_,"updated_at":_}`},
		{"resource_type_association_get_all_by_namespace", `{"namespace_name": "ns"}`, `[{"name":"OS::X","prefix":"x_","properties_target":null,"created_at":_,"updated_at":_}]`},
		{"resource_type_association_delete", `{"namespace_name": "ns", "resource_type_name": "OS::X"}`, `{"name":"OS::X","prefix":"x_","properties_target":null,"created_at":_,"updated_at":_}`},
		{"resource_type_get_all", `{}`, `[{"name":"OS::X","protected":false,"created_at":_,"updated_at":_}]`},
		{"resource_type_get", `{"resource_type_name": "OS::X"}`, `{"name":"OS::X","protected":false,"created_at":_,"updated_at":_}`},
		{"resource_type_create", `{"values": {"name": "OS::Y", "protected": true}}`, `{"name":"OS::Y","protected":true,"created_at":_,"updated_at":_}`},
		{"resource_type_delete", `{"resource_type_name": "OS::Y"}`, `{"name":"OS::Y","protected":true,"created_at":_,"updated_at":_}`},

		{"namespace_update", `{"namespace_id": 1, "namespace_dict": {"namespace": "new", "display_name": null}}`, strings.NewReplacer(`"ns"`, `"new"`, `"N"`, "null").Replace(row)},
		{"namespace_delete", `{"namespace_name": "new"}`, strings.NewReplacer(`"ns"`, `"new"`, `"N"`, "null").Replace(row)},
		{"namespace_get_all", `{}`, "[]"},
	} {
		r.wantRun(t, "alice", "metadef_"+s.command, s.kwargs, s.want)
	}
}

func TestMetadefFailures(t *testing.T) {
	r := newRig(t)
	r.run(t, "alice", "metadef_namespace_create", `{"values": {"namespace": "ns", "owner": "p-alpha"}}`)
	r.run(t, "alice", "metadef_namespace_create", `{"values": {"namespace": "open", "owner": "p-alpha", "visibility": "public"}}`)
	r.run(t, "alice", "metadef_tag_create", `{"namespace_name": "ns", "tag_dict": {"name": "a"}}`)
	r.run(t, "alice", "metadef_resource_type_association_create", `{"namespace_name": "ns", "values": {"name": "R"}}`)
	for _, s := range []struct{ who, command, kwargs, class, text string }{
		{"bob", "namespace_get", `{"namespace_name": "ns"}`, "MetadefForbidden", "Forbidding request, metadata definition namespace=ns is not visible."},
		{"bob", "tag_get_all", `{"namespace_name": "ns"}`, "MetadefForbidden", "Forbidding request, metadata definition namespace=ns is not visible."},
		{"bob", "namespace_update", `{"namespace_id": 1, "namespace_dict": {}}`, "MetadefNamespaceNotFound", "Metadata definition namespace not found for id=1"},
		{"alice", "namespace_get", `{"namespace_name": "x"}`, "MetadefNamespaceNotFound", "Metadata definition namespace=x was not found."},
		{"alice", "namespace_delete", `{"namespace_name": "x"}`, "MetadefNamespaceNotFound", "Metadata definition namespace=x was not found."},
		{"alice", "namespace_get", `{}`, "Invalid", "namespace_name is missing."},
		{"alice", "namespace_create", `{"values": {"namespace": "ns"}}`, "MetadefDuplicateNamespace", "The metadata definition namespace=ns already exists."},
		{"alice", "namespace_create", `{"values": {"namespace": "y", "visibility": "shared"}}`, "Invalid", "Invalid value for values."},
		{"alice", "namespace_create", `{"values": 7}`, "Invalid", "Invalid value for values."},
		{"alice", "namespace_get_all", `{"sort_key": "1; DROP"}`, "Invalid", `There is no column "1; DROP" to sort by.`},
		{"alice", "namespace_get_all", `{"limit": -1}`, "Invalid", "Invalid value for limit."},
		{"alice", "namespace_update", `{"namespace_id": 2, "namespace_dict": {"namespace": "ns"}}`, "MetadefDuplicateNamespace", "Invalid update. It would result in a duplicate metadata definition namespace with the same name of ns"},
		{"alice", "tag_get", `{"namespace_name": "ns", "name": "x"}`, "MetadefTagNotFound", "Could not find metadata tag x"},
		{"alice", "tag_update", `{"namespace_name": "ns", "id": 5, "tag_dict": {}}`, "Invalid", "id is missing."},
		{"alice", "tag_create", `{"namespace_name": "ns", "tag_dict": {"name": "a"}}`, "MetadefDuplicateTag", "A metadata tag with name=a already exists in namespace=ns. (Please note that metadata tag names are case insensitive)."},
		{"alice", "object_get", `{"namespace_name": "ns", "object_name": "x"}`, "MetadefObjectNotFound", "Could not find metadata object x"},
		{"alice", "property_delete", `{"namespace_name": "ns", "property_name": "x"}`, "MetadefPropertyNotFound", "Could not find property x"},
		{"alice", "resource_type_get", `{"resource_type_name": "x"}`, "MetadefResourceTypeNotFound", "The metadata definition resource-type with name=x, was not found."},
		{"alice", "resource_type_create", `{"values": {"name": "R"}}`, "MetadefDuplicateResourceType", "The metadata definition resource-type with name=R already exists."},
		{"alice", "resource_type_delete", `{"resource_type_name": "R"}`, "MetadefIntegrityError", "The metadata definition resource-type with name=R not deleted. Other records still refer to it."},
		{"anon", "resource_type_create", `{"values": {"name": "z"}}`, "Forbidden", "Read-only access"},
		{"anon", "resource_type_delete", `{"resource_type_name": "R"}`, "Forbidden", "Read-only access"},
		{"alice", "resource_type_association_create", `{"namespace_name": "ns", "values": {"name": "R"}}`, "MetadefDuplicateResourceTypeAssociation", "The metadata definition resource-type association of resource-type=R to namespace=ns already exists."},
		{"anon", "tag_create", `{"namespace_name": "open", "tag_dict": {"name": "a"}}`, "Forbidden", "Read-only access"},
		{"anon", "namespace_update", `{"namespace_id": 2, "namespace_dict": {}}`, "Forbidden", "Read-only access"},
		{"anon", "namespace_create", `{"values": {"namespace": "z"}}`, "Forbidden", "Read-only access"},
	} {
		r.fails(t, s.who, "metadef_"+s.command, s.kwargs, s.class, s.text)
	}
}
