package registry

import (
	"encoding/json"
	"errors"
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
)

// listMembers is GET /images/{image_id}/members. Who does not own the image
// sees only himself.
func (d *Door) listMembers(w http.ResponseWriter, r *http.Request) error {
	sc := visible(r)
	img, err := d.DB.Image(r.Context(), sc, r.PathValue("image_id"))
	if err != nil {
		return unsaid(err)
	}
	members, err := d.DB.Members(r.Context(), img.ID)
	if err != nil {
		return err
	}
	type member struct {
		ID       string `json:"member_id"`
		CanShare bool   `json:"can_share"`
	}
	out := make([]member, 0, len(members))
	for _, m := range members {
		if seesMember(sc, img, m) {
			out = append(out, member{m.Member, m.CanShare})
		}
	}
	return writeJSON(w, map[string]any{"members": out})
}

func seesMember(sc metadata.Scope, img *glance.Image, m glance.Member) bool {
	return sc.Admin || sc.Project != "" && (sc.Project == img.Owner || sc.Project == m.Member)
}

// sharedImages is /shared-images/{member}.
func (d *Door) sharedImages(w http.ResponseWriter, r *http.Request) error {
	members, err := metadata.SharedWith(r.Context(), d.DB, d.DB, metadata.ScopeOf(api.CallerFrom(r.Context())), r.PathValue("member"))
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
	return writeJSON(w, map[string]any{"shared_images": out})
}

// shareable finds an image that the caller may share.
func (d *Door) shareable(r *http.Request) (*glance.Image, error) {
	caller := api.CallerFrom(r.Context())
	switch {
	case caller.ReadOnly && caller.ProjectID != "":
		return nil, glance.Detailf(glance.Forbidden, "Read-only access")
	case caller.ProjectID == "" && !caller.Admin:
		return nil, glance.Errorf(glance.Unauthenticated, "No authenticated user")
	}
	img, err := d.DB.Image(r.Context(), metadata.ScopeOf(caller), r.PathValue("image_id"))
	if err != nil {
		return nil, unsaid(err)
	}
	may, err := metadata.MayShare(r.Context(), d.DB, metadata.ScopeOf(caller), img)
	if err == nil && !may {
		err = glance.Errorf(glance.Forbidden, "No permission to share that image")
	}
	return img, err
}

// admitAll: quotas are the business of the API.
func admitAll(int) error { return nil }

// setMember is PUT /images/{image_id}/members/{member}, with or without
// {"member": {"can_share": …}}.
func (d *Door) setMember(w http.ResponseWriter, r *http.Request) error {
	img, err := d.shareable(r)
	if err != nil {
		return err
	}
	g := metadata.Grant{Member: r.PathValue("member")}
	if api.HasBody(r) {
		doc, err := api.JSONObject(r)
		if err != nil {
			return err
		}
		object, ok := doc["member"].(map[string]any)
		if !ok {
			return errGrant("member")
		}
		share, given := object["can_share"]
		if !given {
			return errGrant("can_share")
		}
		g.CanShare = new(truth(share))
	}
	if err := metadata.SetMember(r.Context(), d.DB, img.ID, g, admitAll); err != nil {
		return unsaid(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
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
	case json.Number:
		f, err := v.Float64()
		return err != nil || f != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return v != nil
}

// replaceMembers is PUT /images/{image_id}/members with
// {"memberships": [{"member_id": …, "can_share": …}, …]}.
func (d *Door) replaceMembers(w http.ResponseWriter, r *http.Request) error {
	img, err := d.shareable(r)
	if err != nil {
		return err
	}
	doc, err := api.JSONObject(r)
	if err != nil {
		return err
	}
	list, ok := doc["memberships"].([]any)
	if !ok {
		return errGrant("memberships")
	}
	grants := make([]metadata.Grant, 0, len(list))
	for _, item := range list {
		object, _ := item.(map[string]any)
		member, ok := object["member_id"].(string)
		if !ok || member == "" {
			return errGrant("member_id")
		}
		g := metadata.Grant{Member: member}
		if share, given := object["can_share"]; given {
			g.CanShare = new(truth(share))
		}
		grants = append(grants, g)
	}
	if err := metadata.ReplaceMembers(r.Context(), d.DB, img.ID, grants); err != nil {
		return unsaid(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// removeMember is DELETE /images/{image_id}/members/{member}.
func (d *Door) removeMember(w http.ResponseWriter, r *http.Request) error {
	img, err := d.shareable(r)
	if err != nil {
		return err
	}
	err = d.DB.RemoveMember(r.Context(), img.ID, r.PathValue("member"))
	if errors.Is(err, glance.NotFound) {
		return glance.Because(glance.NotFound, err, "Membership could not be found.")
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
