package v2

import (
	"net/http"
	"slices"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadefs"
)

// listTags is GET /v2/metadefs/namespaces/{namespace}/tags.
func (d *Door) listTags(w http.ResponseWriter, r *http.Request) error {
	want, err := readTagListing(api.Query(r))
	if err != nil {
		return err
	}
	tags, err := d.Parts.Tags(r.Context(), caller(r), r.PathValue("namespace"), want)
	if err != nil {
		return err
	}
	return writeTagNames(w, http.StatusOK, tags)
}

func writeTagNames(w http.ResponseWriter, status int, tags []glance.MetadefTag) error {
	return writeJSON(w, status, func(b []byte) []byte { return append(appendTagNames(append(b, '{'), tags), '}') })
}

func readTagListing(params []api.Param) (metadefs.TagListing, error) {
	want := metadefs.TagListing{Limit: -1, Sort: "created_at"}
	for _, p := range params {
		var err error
		switch p.Name {
		case "limit":
			if want.Limit = -1; p.Value != "" {
				want.Limit, err = parseLimit(p.Value, 0)
			}
		case "marker":
			want.Marker = p.Value
		case "sort_key":
			want.Sort = p.Value
		case "sort_dir":
			want.Asc, err = parseDirection(p.Value)
		}
		if err != nil {
			return want, err
		}
	}
	return want, checkVisibility(params)
}

// addTags is POST /v2/metadefs/namespaces/{namespace}/tags.
func (d *Door) addTags(w http.ResponseWriter, r *http.Request) error {
	doc, err := api.JSONObject(r)
	if err != nil {
		return err
	}
	if err := refuseReadOnly(doc, "created_at", "updated_at"); err != nil {
		return err
	}
	if err := d.Schema.metadefs.tags.check(doc); err != nil {
		return err
	}
	tags := partsOf(doc["tags"], tagOf)
	keep := isTrue(r.Header.Get("X-Openstack-Append"))
	if err := d.Parts.AddTags(r.Context(), caller(r), r.PathValue("namespace"), tags, keep); err != nil {
		return err
	}
	return writeTagNames(w, http.StatusCreated, tags)
}

// isTrue reads a header as the original reads truth values.
func isTrue(value string) bool {
	return slices.Contains([]string{"1", "t", "true", "on", "y", "yes"}, strings.ToLower(strings.TrimSpace(value)))
}

func tagOf(doc map[string]any) glance.MetadefTag { return glance.MetadefTag{Name: textOf(doc["name"])} }

// showMetadefTag is GET /v2/metadefs/namespaces/{namespace}/tags/{tag}.
func (d *Door) showMetadefTag(w http.ResponseWriter, r *http.Request) error {
	t, err := d.Parts.Tag(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("tag"))
	if err != nil {
		return err
	}
	return writeMetadefTag(w, http.StatusOK, t)
}

// addMetadefTag is POST /v2/metadefs/namespaces/{namespace}/tags/{tag}.
func (d *Door) addMetadefTag(w http.ResponseWriter, r *http.Request) error {
	t, err := d.Parts.AddTag(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("tag"))
	if err != nil {
		return err
	}
	return writeMetadefTag(w, http.StatusCreated, t)
}

// renameMetadefTag is PUT /v2/metadefs/namespaces/{namespace}/tags/{tag}.
func (d *Door) renameMetadefTag(w http.ResponseWriter, r *http.Request) error {
	doc, err := api.JSONObject(r)
	if err != nil {
		return err
	}
	if err := refuseReadOnly(doc, "created_at", "updated_at"); err != nil {
		return err
	}
	if err := d.Schema.metadefs.tag.check(doc); err != nil {
		return err
	}
	t, err := d.Parts.RenameTag(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("tag"), textOf(doc["name"]))
	if err != nil {
		return err
	}
	return writeMetadefTag(w, http.StatusOK, t)
}

// removeMetadefTag is DELETE /v2/metadefs/namespaces/{namespace}/tags/{tag}.
func (d *Door) removeMetadefTag(w http.ResponseWriter, r *http.Request) error {
	if err := d.Parts.RemoveTag(r.Context(), caller(r), r.PathValue("namespace"), r.PathValue("tag")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// removeTags is DELETE /v2/metadefs/namespaces/{namespace}/tags.
func (d *Door) removeTags(w http.ResponseWriter, r *http.Request) error {
	if err := d.Parts.RemoveTags(r.Context(), caller(r), r.PathValue("namespace")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

func writeMetadefTag(w http.ResponseWriter, status int, t glance.MetadefTag) error {
	return writeJSON(w, status, func(b []byte) []byte { return appendNamed(b, t.Name, t.CreatedAt, t.UpdatedAt) })
}
