package v2

import (
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
)

// listMembers is GET /v2/images/{image_id}/members.
func (d *Door) listMembers(w http.ResponseWriter, r *http.Request) error {
	members, err := d.Sharer.List(r.Context(), caller(r), r.PathValue("image_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = append(b, `{"members": [`...)
		for i, m := range members {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendMember(b, m)
		}
		return append(b, `], "schema": "/v2/schemas/members"}`...)
	})
}

// addMember is POST /v2/images/{image_id}/members.
func (d *Door) addMember(w http.ResponseWriter, r *http.Request) error {
	project, err := readMember(r)
	if err != nil {
		return err
	}
	m, err := d.Sharer.Add(r.Context(), caller(r), r.PathValue("image_id"), project)
	if err != nil {
		return err
	}
	return writeMember(w, m)
}

// showMember is GET /v2/images/{image_id}/members/{member}.
func (d *Door) showMember(w http.ResponseWriter, r *http.Request) error {
	m, err := d.Sharer.Show(r.Context(), caller(r), r.PathValue("image_id"), r.PathValue("member"))
	if err != nil {
		return err
	}
	return writeMember(w, m)
}

// setMemberStatus is PUT /v2/images/{image_id}/members/{member}.
func (d *Door) setMemberStatus(w http.ResponseWriter, r *http.Request) error {
	status, err := readMemberStatus(r)
	if err != nil {
		return err
	}
	m, err := d.Sharer.SetStatus(r.Context(), caller(r), r.PathValue("image_id"), r.PathValue("member"), status)
	if err != nil {
		return err
	}
	return writeMember(w, m)
}

// removeMember is DELETE /v2/images/{image_id}/members/{member}.
func (d *Door) removeMember(w http.ResponseWriter, r *http.Request) error {
	err := d.Sharer.Remove(r.Context(), caller(r), r.PathValue("image_id"), r.PathValue("member"))
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readMember reads the project of a body; its texts are those of spec
// images-v2 §15.
func readMember(r *http.Request) (string, error) {
	doc, err := api.JSON(r)
	if err != nil {
		return "", err
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return "", glance.Errorf(glance.Invalid, `Expected a member in the form: {"member": "image_id"}`)
	}
	member, given := object["member"]
	if !given {
		return "", glance.Errorf(glance.Invalid, "Member to be added not specified")
	}
	project, ok := member.(string)
	switch {
	case member == nil, ok && project == "":
		return "", glance.Errorf(glance.Invalid, "Member can't be empty")
	case !ok:
		return "", glance.Errorf(glance.Invalid, `Expected a member in the form: {"member": "image_id"}`)
	case len([]rune(project)) > 255:
		return "", glance.Errorf(glance.Invalid, "Member can't be longer than 255 characters")
	}
	return project, nil
}

func readMemberStatus(r *http.Request) (glance.MemberStatus, error) {
	doc, err := api.JSON(r)
	if err != nil {
		return "", err
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return "", glance.Errorf(glance.Invalid, `Expected a status in the form: {"status": "status"}`)
	}
	status, given := object["status"]
	if !given {
		return "", glance.Errorf(glance.Invalid, "Status not specified")
	}
	return glance.MemberStatus(textOf(status)), nil
}

func writeMember(w http.ResponseWriter, m glance.Member) error {
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return appendMember(b, m) })
}

func appendMember(b []byte, m glance.Member) []byte {
	b = appendText(append(b, '{'), "member_id", m.Member)
	b = appendText(b, "image_id", m.ImageID)
	b = appendText(b, "status", string(m.Status))
	b = appendTime(b, "created_at", m.CreatedAt)
	b = appendTime(b, "updated_at", m.UpdatedAt)
	return append(appendText(b, "schema", "/v2/schemas/member"), '}')
}
