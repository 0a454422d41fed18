package v1

import (
	"net/http"

	"glance/internal/api"
	"glance/internal/images"
)

// listMembers is GET /v1/images/{image_id}/members.
func (d *Door) listMembers(w http.ResponseWriter, r *http.Request) error {
	members, err := d.Sharer.ListOld(r.Context(), caller(r), r.PathValue("image_id"))
	if err != nil {
		return err
	}
	type member struct {
		ID       string `json:"member_id"`
		CanShare bool   `json:"can_share"`
	}
	out := make([]member, 0, len(members))
	for _, m := range members {
		out = append(out, member{m.Member, m.CanShare})
	}
	return writeJSON(w, http.StatusOK, map[string]any{"members": out})
}

// sharedImages is /v1/shared-images/{member}.
func (d *Door) sharedImages(w http.ResponseWriter, r *http.Request) error {
	members, err := d.Sharer.SharedWith(r.Context(), caller(r), r.PathValue("member"))
	if err != nil {
		return err
	}
	type shared struct {
		ID       string `json:"image_id"`
		CanShare bool   `json:"can_share"`
	}
	out := make([]shared, 0, len(members))
	for _, m := range members {
		out = append(out, shared{m.ImageID, m.CanShare})
	}
	return writeJSON(w, http.StatusOK, map[string]any{"shared_images": out})
}

// replaceMembers is PUT /v1/images/{image_id}/members.
func (d *Door) replaceMembers(w http.ResponseWriter, r *http.Request) error {
	grants, err := readGrants(r)
	if err != nil {
		return err
	}
	if err := d.Sharer.ReplaceMembers(r.Context(), caller(r), r.PathValue("image_id"), grants); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// readGrants reads {"memberships": [{"member_id": …, "can_share": …}, …]}.
func readGrants(r *http.Request) ([]images.Grant, error) {
	doc, err := api.JSONObject(r)
	if err != nil {
		return nil, err
	}
	list, ok := doc["memberships"].([]any)
	if !ok {
		return nil, errGrant("memberships")
	}
	grants := make([]images.Grant, 0, len(list))
	for _, item := range list {
		object, _ := item.(map[string]any)
		member, ok := object["member_id"].(string)
		if !ok || member == "" || len([]rune(member)) > 255 {
			return nil, errGrant("member_id")
		}
		g := images.Grant{Member: member}
		if share, given := object["can_share"]; given {
			g.CanShare = new(truth(share))
		}
		grants = append(grants, g)
	}
	return grants, nil
}

// errGrant names the key that is missing, as the original does.
func errGrant(key string) error { return bad("Invalid membership association: '%s'", key) }

// truth is what Python makes of a JSON value.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	case interface{ Float64() (float64, error) }:
		f, err := v.Float64()
		return err != nil || f != 0
	}
	return v != nil
}

// grant is PUT /v1/images/{image_id}/members/{member}.
func (d *Door) grant(w http.ResponseWriter, r *http.Request) error {
	g := images.Grant{Member: r.PathValue("member")}
	if api.HasBody(r) {
		doc, err := api.JSONObject(r)
		if err != nil {
			return err
		}
		if object, ok := doc["member"].(map[string]any); ok {
			if share, given := object["can_share"]; given {
				g.CanShare = new(truth(share))
			}
		}
	}
	if len([]rune(g.Member)) > 255 {
		return bad("Member can't be longer than 255 characters")
	}
	if err := d.Sharer.Grant(r.Context(), caller(r), r.PathValue("image_id"), g); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// revoke is DELETE /v1/images/{image_id}/members/{member}.
func (d *Door) revoke(w http.ResponseWriter, r *http.Request) error {
	if err := d.Sharer.Revoke(r.Context(), caller(r), r.PathValue("image_id"), r.PathValue("member")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}
