package images_test

import (
	"slices"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/policy"
)

// columns are the callers of the matrix.
var columns = []struct {
	name   string
	who    *glance.Caller
	member glance.MemberStatus // of the caller's project; empty is none
}{
	{"owner", alice, ""},
	{"accepted member", bob, glance.MemberAccepted},
	{"pending member", bob, glance.MemberPending},
	{"rejected member", bob, glance.MemberRejected},
	{"stranger", carol, ""},
	{"admin", boss, ""},
	{"reader only", rita, ""},
	{"member only", mona, ""},
	{"nobody", nora, ""},
	{"anonymous", &glance.Caller{ReadOnly: true}, ""},
}

// matrix is spec images-v2 §13.2 by hand, with a letter per column: y passes,
// n is not listed, 3 is forbidden, 4 not found.
var matrix = []struct{ verbs, visibilities, want string }{
	{"show tasks", "private", "y 4444 y y44 4"},
	{"show tasks", "shared", "y yyy4 y y44 4"},
	{"show tasks", "community public", "y yyyy y y44 4"},
	{"list", "private", "y nnnn y y33 3"},
	{"list", "shared", "y ynnn y y33 3"},
	{"list", "community", "y nnnn n y33 3"},
	{"list", "public", "y yyyy y y33 3"},
	{"list-all", "private", "y nnnn y y33 3"},
	{"list-all", "shared", "y ynnn y y33 3"},
	{"list-all", "community public", "y yyyy y y33 3"},
	{"list-members-all", "private", "y nnnn y y33 3"},
	{"list-members-all", "shared", "y yyyn y y33 3"},
	{"download prefer", "private", "y 4444 y 3y4 4"},
	{"download prefer", "shared", "y yyy4 y 3y4 4"},
	{"download prefer", "community public", "y yyyy y 3y4 4"},
	{"patch tag untag delete deactivate reactivate upload stage", "private", "y 4444 y 3y4 4"},
	{"patch tag untag delete deactivate reactivate upload stage", "shared", "y 3334 y 3y4 4"},
	{"patch tag untag delete deactivate reactivate upload stage", "community public", "y 3333 y 3y4 4"},
	{"communitize", "private", "y 4444 y 3y3 4"},
	{"communitize", "shared", "y 3334 y 3y3 4"},
	{"communitize", "community public", "y 3333 y 3y3 3"},
	{"publicize", "private", "3 4444 y 333 4"},
	{"publicize", "shared", "3 3334 y 333 4"},
	{"publicize", "community public", "3 3333 y 333 3"},
	{"locations delete-copy", "private", "3 4444 y 344 4"},
	{"locations delete-copy", "shared", "3 3334 y 344 4"},
	{"locations delete-copy", "community public", "3 3333 y 344 4"},
	{"members", "private", "3 4444 3 333 4"},
	{"members", "shared", "y yyy4 y y44 4"},
	{"members", "community public", "3 3333 3 333 3"},
	{"add-member", "private", "3 4444 3 333 4"},
	{"add-member", "shared", "y 3334 y 344 4"},
	{"add-member", "community public", "3 3333 3 333 3"},
	{"set-status", "private", "3 4444 3 333 4"},
	{"set-status", "shared", "3 yyy4 y 344 4"},
	{"set-status", "community public", "3 3333 3 333 3"},
	{"remove-member", "private", "3 4444 3 333 4"},
	{"remove-member", "shared", "y 3334 y 344 4"},
	{"remove-member", "community public", "3 3333 3 333 3"},
}

// legacyMatrix is the same without the new defaults: roles mean nothing but for
// administrators, owners are checked.
var legacyMatrix = []struct{ verbs, visibilities, want string }{
	{"show tasks download", "private", "y 4444 y yyy 4"},
	{"show tasks download", "shared", "y yyy4 y yyy 4"},
	{"show tasks download", "community public", "y yyyy y yyy y"},
	{"list", "private", "y nnnn y yyy n"},
	{"list", "shared", "y ynnn y yyy n"},
	{"list", "community", "y nnnn n yyy n"},
	{"list", "public", "y yyyy y yyy y"},
	{"patch tag untag delete deactivate reactivate upload communitize", "private", "y 4444 y yyy 4"},
	{"patch tag untag delete deactivate reactivate upload communitize", "shared", "y 3334 y yyy 4"},
	{"patch tag untag delete deactivate reactivate upload communitize", "community public", "y 3333 y yyy 3"},
	{"publicize", "private", "3 4444 y 333 4"},
	{"publicize", "shared", "3 3334 y 333 4"},
	{"members", "shared", "y yyy4 y yyy 4"},
	{"add-member remove-member", "shared", "y 3334 y yyy 4"},
	{"set-status", "shared", "3 yyy4 y 333 4"},
}

// verbs are the calls of the matrix. seen is whether a list has the image.
var verbs = map[string]func(t *testing.T, r *rig, who *glance.Caller) (seen bool, err error){
	"show": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		_, err := r.catalog().Show(t.Context(), who, img1)
		return true, err
	},
	"tasks": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		_, err := r.catalog().TasksOf(t.Context(), who, img1)
		return true, err
	},
	"list": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return lists(t, r, who, images.Listing{})
	},
	"list-all": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return lists(t, r, who, images.Listing{Visibility: "all", HasVisibility: true})
	},
	"list-members-all": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return lists(t, r, who, images.Listing{MemberStatus: ptr("all")})
	},
	"download": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		_, err := r.downloader().Download(t.Context(), who, img1, nil)
		return true, err
	},
	"prefer": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		_, err := r.downloader().Download(t.Context(), who, img1, []string{"cheap"})
		return true, err
	},
	"patch": patches("name", "x"), "communitize": patches("visibility", "community"), "publicize": patches("visibility", "public"),
	"tag": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return true, r.editor().AddTag(t.Context(), who, img1, "x")
	},
	"untag": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		r.update(t, img1, func(img *glance.Image) { img.Tags = []string{"x"} })
		return true, r.editor().RemoveTag(t.Context(), who, img1, "x")
	},
	"delete": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return true, r.deleter().Delete(t.Context(), who, img1)
	},
	"deactivate": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		r.update(t, img1, func(img *glance.Image) { img.Status = glance.StatusActive })
		return true, r.editor().Deactivate(t.Context(), who, img1)
	},
	"reactivate": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		r.update(t, img1, func(img *glance.Image) { img.Status = glance.StatusDeactivated })
		return true, r.editor().Reactivate(t.Context(), who, img1)
	},
	"stage": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return true, (&locationRig{rig: r, staging: r.cheap}).stager().Stage(t.Context(), who, img1, data("x"))
	},
	"locations": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		_, err := (&locationRig{rig: r}).locator().Locations(t.Context(), who, img1)
		return true, err
	},
	"delete-copy": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		r.update(t, img1, func(img *glance.Image) {
			img.Status = glance.StatusActive
			img.Locations = []glance.Location{r.put(t, "fast", img1, "x"), r.put(t, "cheap", img1, "x")}
		})
		d := images.CopyDeleter{Images: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal, Log: r.log}
		return true, d.Delete(t.Context(), who, "cheap", img1)
	},
	"upload": func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return true, r.uploader().Upload(t.Context(), who, img1, data("x"))
	},
	"members": asMember("list"), "add-member": asMember("add"), "set-status": asMember("set"), "remove-member": asMember("remove"),
}

func asMember(call string) func(*testing.T, *rig, *glance.Caller) (bool, error) {
	return func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		return true, memberCalls[call](t, r.sharer(), who)
	}
}

func patches(name, value string) func(*testing.T, *rig, *glance.Caller) (bool, error) {
	return func(t *testing.T, r *rig, who *glance.Caller) (bool, error) {
		_, err := r.editor().Patch(t.Context(), who, img1, set(images.Replace, name, text(value)))
		return true, err
	}
}

func lists(t *testing.T, r *rig, who *glance.Caller, want images.Listing) (bool, error) {
	want.FromStart, want.Limit = true, 10
	page, err := r.catalog().List(t.Context(), who, want)
	return slices.ContainsFunc(page.Images, func(img *glance.Image) bool { return img.ID == img1 }), err
}

func TestMatrix(t *testing.T)       { checkMatrix(t, matrix, true) }
func TestLegacyMatrix(t *testing.T) { checkMatrix(t, legacyMatrix, false) }

func checkMatrix(t *testing.T, rows []struct{ verbs, visibilities, want string }, newDefaults bool) {
	e := enforcer(t, newDefaults)
	for _, row := range rows {
		want := strings.ReplaceAll(row.want, " ", "")
		for _, verb := range strings.Fields(row.verbs) {
			for _, visibility := range strings.Fields(row.visibilities) {
				got := ""
				for _, c := range columns {
					got += outcome(t, e, verb, glance.Visibility(visibility), c.who, c.member)
				}
				if got != want {
					t.Errorf("%s, %s: %s, want %s", verb, visibility, got, want)
				}
			}
		}
	}
}

func outcome(t *testing.T, e *policy.Enforcer, verb string, v glance.Visibility, who *glance.Caller, member glance.MemberStatus) string {
	r := newRig(t)
	r.policy = e
	r.limits.MaxMembers = -1
	r.share(t, v, glance.MemberAccepted) // p-beta is the member that calls are about
	if who == bob {
		_, err := r.db.UpdateMember(t.Context(), img1, "p-beta", func(m *glance.Member) error {
			m.Status = member
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	seen, err := verbs[verb](t, r, who)
	switch kind := glance.KindOf(err); {
	case err == nil && seen:
		return "y"
	case err == nil:
		return "n"
	case kind == glance.Forbidden:
		return "3"
	case kind == glance.NotFound:
		return "4"
	}
	return "?"
}
