//go:build services

package services_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestGlanceClientMetadefs goes through all commands about metadata
// definitions, and looks at the effect of each from the side. The openstack
// command of this release has none.
func TestGlanceClientMetadefs(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs()), newShell(t)
	c := &metadefClient{t: t, n: n, s: s}

	c.run("md-namespace-create", "--display-name", "First", "--description", "said", "--visibility", "public", "--protected", "True", "ns")
	c.is("ns", "display_name", "First", "description", "said", "visibility", "public", "protected", true)
	c.run("md-namespace-update", "--namespace", "OS::Test", "--display-name", "Zweiter ö", "--visibility", "private", "--protected", "False", "ns")
	c.is("OS::Test", "display_name", "Zweiter ö", "description", "said", "visibility", "private", "protected", false)

	c.run("md-object-create", "--name", "cpu", "--schema",
		`{"description": "o", "required": ["cores"], "properties": {"cores": {"title": "Cores", "type": "integer", "minimum": 1, "default": 2}}}`, "OS::Test")
	c.run("md-object-update", "--schema", `{"properties": {"cores": {"title": "More", "type": "integer"}}}`, "OS::Test", "cpu")
	c.is("OS::Test/objects/cpu", "properties", map[string]any{"cores": map[string]any{"title": "More", "type": "integer"}})
	c.says("md-object-list", "OS::Test", "cpu")
	c.says("md-object-show", "OS::Test", "cpu", "cores")
	c.says("md-object-property-show", "OS::Test", "cpu", "cores", "More")

	c.run("md-property-create", "--name", "p", "--title", "P", "--schema", `{"type": "string", "enum": ["a", "b"]}`, "OS::Test")
	c.is("OS::Test/properties/p", "title", "P", "enum", []any{"a", "b"})
	c.run("md-property-update", "--name", "q", "--title", "Q", "--schema", `{"type": "integer", "maximum": 7}`, "OS::Test", "p")
	c.is("OS::Test/properties/q", "title", "Q", "maximum", 7.0)
	c.says("md-property-list", "OS::Test", "q")
	c.says("md-property-show", "OS::Test", "q", "integer")

	c.run("md-tag-create", "--name", "one", "OS::Test")
	c.run("md-tag-update", "--name", "uno", "OS::Test", "one")
	c.tags("OS::Test", "uno")
	// Its --append fails before anything is sent: the value of the header is no text.
	c.run("md-tag-create-multiple", "--names", "two;four", "--delim", ";", "OS::Test")
	c.tags("OS::Test", "four", "two")
	c.says("md-tag-list", "OS::Test", "four")
	c.says("md-tag-show", "OS::Test", "four", "four")

	c.run("md-resource-type-associate", "--name", "OS::Glance::Image", "--prefix", "hw_", "OS::Test")
	c.is("OS::Test?resource_type=OS::Glance::Image", "properties",
		map[string]any{"hw_q": map[string]any{"name": "q", "type": "integer", "title": "Q", "maximum": 7.0, "enum": []any{"a", "b"}}})
	c.says("md-resource-type-list", "OS::Glance::Image")
	c.says("md-namespace-resource-type-list", "OS::Test", "hw_")
	c.says("md-namespace-show", "--resource-type", "OS::Glance::Image", "OS::Test", "hw_q")
	c.says("md-namespace-list", "--resource-types", "OS::Glance::Image", "--visibility", "private", "--page-size", "1", "OS::Test")
	c.run("md-resource-type-deassociate", "OS::Test", "OS::Glance::Image")
	c.is("OS::Test", "resource_type_associations", nil)

	c.imported(c.shown("OS::Test"))
	for _, cmd := range []string{"md-object-delete OS::Test cpu", "md-property-delete OS::Test q", "md-tag-delete OS::Test four"} {
		c.run(strings.Fields(cmd)...)
	}
	c.is("OS::Test", "objects", nil, "properties", nil, "tags", []any{map[string]any{"name": "two"}})
	for _, what := range []string{"objects", "properties", "tags"} {
		c.run("md-namespace-"+what+"-delete", "copy")
	}
	c.is("copy", "objects", nil, "properties", nil, "tags", nil)
	c.run("md-namespace-delete", "OS::Test")
	if _, stderr, err := s.try("glance", c.args("md-namespace-show", "OS::Test")...); err == nil || !strings.Contains(stderr, "namespace=OS::Test was not found") {
		t.Errorf("a deleted namespace: %v, %s", err, stderr)
	}
}

// metadefClient is the glance command and a look at what it did.
type metadefClient struct {
	t *testing.T
	n *rig.Node
	s *shell
}

func (c *metadefClient) args(args ...string) []string {
	return append([]string{"--os-image-url", c.n.Base, "--os-auth-token", "none", "--os-auth-url", "none"}, args...)
}

func (c *metadefClient) run(args ...string) string {
	c.t.Helper()
	return c.s.run("glance", c.args(args...)...)
}

// says runs a command whose output must hold the last argument, which is
// passed on only when it names something.
func (c *metadefClient) says(args ...string) {
	c.t.Helper()
	want := args[len(args)-1]
	if out := c.run(args[:len(args)-1]...); !strings.Contains(out, want) {
		c.t.Errorf("%v says\n%s", args, out)
	}
}

// shown is a namespace, or what is below it.
func (c *metadefClient) shown(path string) map[string]any {
	c.t.Helper()
	var doc map[string]any
	answer, err := c.n.Get(c.t.Context(), "/v2/metadefs/namespaces/"+path)
	c.n.Must(err)
	c.n.Must(json.Unmarshal(answer.Body, &doc))
	return doc
}

// is compares keys of what is shown.
func (c *metadefClient) is(path string, pairs ...any) {
	c.t.Helper()
	doc := c.shown(path)
	for pair := range slices.Chunk(pairs, 2) {
		key, _ := pair[0].(string)
		want, _ := json.Marshal(pair[1])
		if got, _ := json.Marshal(doc[key]); string(got) != string(want) {
			c.t.Errorf("%s: %s is %s, want %s", path, key, got, want)
		}
	}
}

func (c *metadefClient) tags(namespace string, want ...string) {
	c.t.Helper()
	list := make([]any, len(want))
	for i, name := range want {
		list[i] = map[string]any{"name": name}
	}
	c.is(namespace+"/tags", "tags", list)
}

// imported makes a copy of a namespace out of what is shown of it.
func (c *metadefClient) imported(doc map[string]any) {
	c.t.Helper()
	want := c.shown("OS::Test")
	doc["namespace"] = "copy"
	for _, key := range []string{"created_at", "updated_at", "self", "schema"} {
		delete(doc, key)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		c.t.Fatal(err)
	}
	c.s.write("copy.json", text)
	c.run("md-namespace-import", "--file", "copy.json")
	c.is("copy", "properties", want["properties"], "display_name", want["display_name"])
	c.tags("copy", "two", "four") // what was first in the list is the oldest now
	objects, _ := c.shown("copy")["objects"].([]any)
	if len(objects) != 1 {
		c.t.Errorf("objects of the copy: %v", objects)
	}
}
