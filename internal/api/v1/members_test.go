package v1_test

import (
	"strings"
	"testing"

	"glance/internal/glance"
)

func (r *rig) member(t testing.TB, project string, canShare bool) {
	t.Helper()
	m := glance.Member{ImageID: img1, Member: project, CanShare: canShare}
	if _, err := r.db.AddMember(t.Context(), m, func(int) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// list is the text of the members of the image as the caller sees them.
func (r *rig) list(t testing.TB, who string) string {
	t.Helper()
	return r.send(t, call{who: who, method: "GET", path: "/images/" + img1 + "/members"}).body
}

func TestMembers(t *testing.T) {
	const one, path = `{"members":[{"member_id":"p-beta","can_share":false}]}`, "/images/" + img1 + "/members"
	r := newRig(t)
	r.add(t, image())
	steps := []struct {
		who, method, path, body string
		status                  int
		after                   string // the list of the owner
	}{
		{"alice", "PUT", "/p-beta", "", 204, one},
		{"alice", "PUT", "/p-beta", "", 204, one},
		{"alice", "PUT", "/p-beta", `{"member": {"can_share": true}}`, 204, strings.ReplaceAll(one, "false", "true")},
		{"alice", "PUT", "/p-beta", `{"member": {}}`, 204, strings.ReplaceAll(one, "false", "true")},
		{"bob", "PUT", "/p-gamma", `{"member": {"can_share": 0}}`, 204, `{"members":[{"member_id":"p-beta","can_share":true},{"member_id":"p-gamma","can_share":false}]}`},
		{"alice", "DELETE", "/p-gamma", "", 204, strings.ReplaceAll(one, "false", "true")},
		{
			"alice", "PUT", "", `{"memberships": [{"member_id": "p-gamma", "can_share": 1}, {"member_id": "p-beta"}]}`, 204,
			`{"members":[{"member_id":"p-beta","can_share":true},{"member_id":"p-gamma","can_share":true}]}`,
		},
		{"alice", "PUT", "", `{"memberships": []}`, 204, `{"members":[]}`},
		{"alice", "PUT", "/p-beta", "", 204, one},
	}
	for _, s := range steps {
		a := r.send(t, call{who: s.who, method: s.method, path: path + s.path, body: s.body})
		if a.status != s.status || a.body != "" {
			t.Errorf("%s %s %s: %d %q", s.method, s.path, s.body, a.status, a.body)
		}
		if got := r.list(t, "alice"); got != s.after {
			t.Errorf("after %s %s %s: %s, want %s", s.method, s.path, s.body, got, s.after)
		}
	}
	if m, err := r.db.Member(t.Context(), img1, "p-beta"); err != nil || m.Status != glance.MemberPending {
		t.Errorf("%+v, %v", m, err)
	}
	r.member(t, "p-gamma", false)
	if got := r.list(t, "bob"); got != one {
		t.Errorf("a member sees %s", got)
	}
}

// TestMembersRefused is the table of spec images-v1 §8.
func TestMembersRefused(t *testing.T) {
	const path = "/images/" + img1 + "/members"
	notFound := "Image with identifier " + img1 + " not found"
	for _, tt := range []struct {
		name   string
		call   call
		status int
		text   string
	}{
		{"list, not visible", call{who: "carol", method: "GET", path: path}, 404, notFound},
		{"list, by policy", call{who: "mute", method: "GET", path: path}, 404, notFound},
		{"grant, not visible", call{who: "carol", method: "PUT", path: path + "/x"}, 404, notFound},
		{"grant, may not share", call{who: "bob", method: "PUT", path: path + "/x"}, 404, "No permission to share that image"},
		{"replace, may not share", call{who: "bob", method: "PUT", path: path, body: `{"memberships": []}`}, 404, "No permission to share that image"},
		{"revoke, may not share", call{who: "bob", method: "DELETE", path: path + "/p-beta"}, 404, "No permission to share that image"},
		{"grant, by policy", call{who: "rita", method: "PUT", path: path + "/x"}, 403, "You are not authorized to complete add_member action."},
		{"revoke, by policy", call{who: "rita", method: "DELETE", path: path + "/p-beta"}, 403, "You are not authorized to complete delete_member action."},
		{"no project", call{who: "solo", method: "PUT", path: path + "/x"}, 401, "No authenticated user"},
		{"revoke nothing", call{who: "alice", method: "DELETE", path: path + "/x"}, 404, "Membership could not be found."},
		{"replace without body", call{who: "alice", method: "PUT", path: path}, 400, "Body expected in request."},
		{"replace, no list", call{who: "alice", method: "PUT", path: path, body: `{}`}, 400, "Invalid membership association: 'memberships'"},
		{"replace, no member", call{who: "alice", method: "PUT", path: path, body: `{"memberships": [{}]}`}, 400, "Invalid membership association: 'member_id'"},
		{"replace, no object", call{who: "alice", method: "PUT", path: path, body: `{"memberships": ["x"]}`}, 400, "Invalid membership association: 'member_id'"},
		{
			"replace, too many",
			call{who: "alice", method: "PUT", path: path, body: `{"memberships": [{"member_id": "1"}, {"member_id": "2"}, {"member_id": "3"}]}`},
			413, "The limit has been exceeded on the number of allowed image members for this image. Attempted: 3, Maximum: 2",
		},
		{"four bytes", call{who: "alice", method: "PUT", path: path + "/%F0%9F%98%80"}, 400, "Member can't contain 4 byte unicode characters."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, image())
			r.member(t, "p-beta", false)
			r.send(t, tt.call).wants(t, tt.status, tt.text)
		})
	}
	t.Run("grant, too many", func(t *testing.T) {
		r := newRig(t)
		r.add(t, image())
		r.member(t, "p-beta", false)
		r.member(t, "p-gamma", false)
		r.send(t, call{who: "alice", method: "PUT", path: path + "/x"}).wants(t, 413,
			"The limit has been exceeded on the number of allowed image members for this image. Attempted: 3, Maximum: 2")
		if a := r.send(t, call{who: "alice", method: "PUT", path: path + "/p-beta"}); a.status != 204 {
			t.Errorf("a member that is there: %d %s", a.status, a.body)
		}
	})
	t.Run("deleted", func(t *testing.T) {
		r := newRig(t)
		r.add(t, image())
		r.update(t, img1, func(img *glance.Image) { img.Deleted, img.Status = true, glance.StatusDeleted })
		r.send(t, call{who: "boss", method: "GET", path: path}).wants(t, 404, "Image with identifier "+img1+" has been deleted.")
	})
}

func TestSharedImages(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	r.add(t, image(named(img2, "other"), func(img *glance.Image) { img.Owner = "p-gamma" }))
	r.member(t, "p-beta", true)
	if _, err := r.db.AddMember(t.Context(), glance.Member{ImageID: img2, Member: "p-beta"}, func(int) error { return nil }); err != nil {
		t.Fatal(err)
	}
	first, second := `{"image_id":"`+img1+`","can_share":true}`, `{"image_id":"`+img2+`","can_share":false}`
	for who, want := range map[string]string{
		"bob": first + "," + second, "boss": first + "," + second, "alice": first, "carol": second, "solo": "", "anon": "",
	} {
		a := r.send(t, call{who: who, method: "GET", path: "/shared-images/p-beta"})
		if a.status != 200 || a.body != `{"shared_images":[`+want+`]}` {
			t.Errorf("%s sees %d %s", who, a.status, a.body)
		}
	}
}
