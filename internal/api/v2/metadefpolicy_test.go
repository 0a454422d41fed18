package v2_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v2 "glance/internal/api/v2"
	"glance/internal/glance"
	"glance/internal/policy"
)

// TestMetadefPolicy is §1, Policy rules, with rules that let curators do some
// of it.
func TestMetadefPolicy(t *testing.T) {
	all := `{"namespace": "x", "resource_type_associations": [{"name": "r"}], "objects": [{"name": "o"}], ` +
		`"properties": {"p": {"title": "T", "type": "string"}}, "tags": [{"name": "t"}]}`
	refused := func(rule string) string { return "You are not authorized to complete " + rule + " action." }
	for _, tt := range []struct {
		allowed string // rules that rita passes
		refused string // rules that nobody passes
		step    step
	}{
		{"add_metadef_namespace", "", step{method: "POST", body: all, status: 403, want: refused("add_metadef_resource_type_association")}},
		{
			"add_metadef_namespace add_metadef_resource_type_association", "",
			step{method: "POST", body: all, status: 403, want: refused("add_metadef_object")},
		},
		{
			"add_metadef_namespace add_metadef_resource_type_association add_metadef_object", "",
			step{method: "POST", body: all, status: 403, want: refused("add_metadef_property")},
		},
		{
			"add_metadef_namespace add_metadef_resource_type_association add_metadef_object add_metadef_property", "",
			step{method: "POST", body: all, status: 403, want: refused("add_metadef_tag")},
		},
		{
			"add_metadef_namespace add_metadef_resource_type_association add_metadef_object add_metadef_property add_metadef_tag", "",
			step{method: "POST", body: all, status: 201},
		},
		{"", "get_metadef_namespaces", step{method: "GET", status: 403, want: refused("get_metadef_namespaces")}},
		{"", "list_metadef_resource_types", step{method: "GET", status: 403, want: refused("list_metadef_resource_types")}},
		{"get_metadef_namespaces", "get_metadef_namespace", step{method: "GET", status: 200, want: `{"namespaces": [], …`}},
		{"", "get_metadef_namespace", step{method: "GET", path: "/n", status: 404}},
		{"", "list_metadef_resource_types", step{method: "GET", path: "/n", status: 403, want: refused("list_metadef_resource_types")}},
		{"", "get_metadef_objects", step{method: "GET", path: "/n", status: 403, want: refused("get_metadef_objects")}},
		{"", "get_metadef_properties", step{method: "GET", path: "/n", status: 403, want: refused("get_metadef_properties")}},
		{"", "get_metadef_tags", step{method: "GET", path: "/n", status: 403, want: refused("get_metadef_tags")}},
		{"", "get_metadef_objects", step{method: "GET", path: "/n/objects", status: 403, want: refused("get_metadef_objects")}},
		{"", "get_metadef_object", step{method: "GET", path: "/n/objects", status: 200, want: `{"objects": [], "schema": "v2/schemas/metadefs/objects"}`}},
		{"", "get_metadef_object", step{method: "GET", path: "/n/objects/o", status: 403, want: refused("get_metadef_object")}},
		{"", "get_metadef_object get_metadef_namespace", step{method: "GET", path: "/n/objects/o", status: 404}},
		{"", "get_metadef_properties", step{method: "GET", path: "/n/properties", status: 403, want: refused("get_metadef_properties")}},
		{"", "get_metadef_property", step{method: "GET", path: "/n/properties/p", status: 403, want: refused("get_metadef_property")}},
		{"", "get_metadef_resource_type", step{method: "GET", path: "/n/properties/p?resource_type=r", status: 403, want: refused("get_metadef_resource_type")}},
		{"", "get_metadef_resource_type", step{method: "GET", path: "/n/resource_types", status: 200, want: `{"resource_type_associations": []}`}},
		{"", "list_metadef_resource_types", step{method: "GET", path: "/n/resource_types", status: 403, want: refused("list_metadef_resource_types")}},
		{"", "get_metadef_tags", step{method: "GET", path: "/n/tags", status: 403, want: refused("get_metadef_tags")}},
		{"", "get_metadef_tag", step{method: "GET", path: "/n/tags/t", status: 403, want: refused("get_metadef_tag")}},
		{"delete_metadef_object", "", step{method: "DELETE", path: "/n/objects", status: 403, want: refused("delete_metadef_namespace")}},
		{"delete_metadef_namespace", "", step{method: "DELETE", path: "/n/objects", status: 204}},
		{"remove_metadef_property", "", step{method: "DELETE", path: "/n/properties", status: 403, want: refused("delete_metadef_namespace")}},
		{"delete_metadef_namespace", "", step{method: "DELETE", path: "/n/properties", status: 204}},
		{"delete_metadef_tags", "", step{method: "DELETE", path: "/n/tags", status: 403, want: refused("delete_metadef_namespace")}},
		{"delete_metadef_namespace", "", step{method: "DELETE", path: "/n/tags", status: 403, want: refused("delete_metadef_tags")}},
		{"delete_metadef_namespace delete_metadef_tags", "", step{method: "DELETE", path: "/n/tags", status: 204}},
		{"", "", step{method: "PUT", path: "/n/objects/o", body: `{"name": "o"}`, status: 403, want: refused("modify_metadef_object")}},
		{"", "", step{method: "DELETE", path: "/n/objects/o", status: 403, want: refused("delete_metadef_object")}},
		{"", "", step{method: "PUT", path: "/n/properties/p", body: `{"name": "p", "title": "T", "type": "string"}`, status: 403, want: refused("modify_metadef_property")}},
		{"", "", step{method: "DELETE", path: "/n/properties/p", status: 403, want: refused("remove_metadef_property")}},
		{"", "", step{method: "PUT", path: "/n/tags/t", body: `{"name": "t"}`, status: 403, want: refused("modify_metadef_tag")}},
		{"", "", step{method: "DELETE", path: "/n/tags/t", status: 403, want: refused("delete_metadef_tag")}},
		{"modify_metadef_object", "", step{method: "PUT", path: "/n/objects/o", body: `{"name": "o"}`, status: 200}},
	} {
		t.Run(tt.step.method+tt.step.path+" "+tt.allowed+" "+tt.refused, func(t *testing.T) {
			e := enforcer(t, tt.allowed, tt.refused)
			r := newRig(t, func(d *v2.Door) { d.Namespaces.Policy, d.Parts.Policy = e, e })
			r.fillSpace(t)
			tt.step.who = "rita"
			r.steps(t, tt.step)
		})
	}
}

// TestMetadefOldDefaults: while the old defaults hold everybody reads, and still
// only administrators write.
func TestMetadefOldDefaults(t *testing.T) {
	e, err := policy.Open(policy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(d *v2.Door) { d.Namespaces.Policy, d.Parts.Policy = e, e })
	r.fillSpace(t)
	for _, who := range []string{"nora", "anon"} {
		r.steps(t,
			step{who: who, method: "GET", status: 200, want: `{"namespaces": [{"namespace": "n", …`},
			step{who: who, method: "GET", path: "/n", status: 200, want: `{"namespace": "n", …`},
			step{who: who, method: "GET", path: "/n/tags", status: 200, want: `{"tags": [{"name": "t"}]}`},
			step{who: who, method: "PUT", path: "/n", body: `{"namespace": "n"}`, status: 403, want: "You are not authorized to complete modify_metadef_namespace action."},
		)
	}
}

// fillSpace makes the namespace n with one part of each kind, past all rules.
func (r *rig) fillSpace(t *testing.T) {
	t.Helper()
	err := r.db.CreateNamespace(t.Context(), &glance.MetadefNamespace{
		Name: "n", Visibility: glance.VisibilityPublic, Owner: "p-admin",
		Associations: []glance.MetadefAssociation{{ResourceType: "r"}}, Tags: []glance.MetadefTag{{Name: "t"}},
		Objects:    []glance.MetadefObject{{Name: "o"}},
		Properties: []glance.MetadefProperty{{Name: "p", Schema: []byte(`{"title": "T", "type": "string"}`)}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// enforcer has the default rules but for some that everybody or nobody passes.
func enforcer(t *testing.T, allowed, refused string) *policy.Enforcer {
	t.Helper()
	var text strings.Builder
	for rule := range strings.FieldsSeq(allowed) {
		fmt.Fprintf(&text, "%s: \"@\"\n", rule)
	}
	for rule := range strings.FieldsSeq(refused) {
		fmt.Fprintf(&text, "%s: \"!\"\n", rule)
	}
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := policy.Open(policy.Config{File: file, EnforceNewDefaults: true, EnforceScope: true})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
