package policy_test

import (
	"context"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/policy"
)

// columns are the callers of the matrix; all but the first three outsiders and
// the administrator belong to the owner's project.
var columns = []struct {
	name   string
	who    *glance.Caller
	member bool // has a row in the list of members, pending or accepted alike
}{
	{"owner", alice, false},
	{"pending member", bob, true},
	{"accepted member", bob, true},
	{"stranger", bob, false},
	{"admin", boss, false},
	{"anonymous", anonymous, false},
	{"reader only", rita, false},
	{"member only", mona, false},
	{"nobody", nora, false},
}

// matrix is spec images-v2 §13.2 by hand, extended to callers with one role or
// none. A row has a letter per column: y passes, 3 forbidden, 4 not found.
var matrix = []struct {
	rules      string
	visibility string
	want       string
}{
	{"get_image", "private", "y 444 y 4 y 4 4"},
	{"get_image", "shared", "y yy4 y 4 y 4 4"},
	{"get_image", "community public", "y yyy y 4 y 4 4"},

	{"download_image download_from_store", "private", "y 444 y 4 3 y 4"},
	{"download_image download_from_store", "shared", "y yy4 y 4 3 y 4"},
	{"download_image download_from_store", "community public", "y yyy y 4 3 y 4"},

	{"modify_image delete_image upload_image deactivate reactivate set_image_location add_image_location", "private", "y 444 y 4 3 y 4"},
	{"modify_image delete_image upload_image deactivate reactivate set_image_location add_image_location", "shared", "y 334 y 4 3 y 4"},
	{"modify_image delete_image upload_image deactivate reactivate set_image_location add_image_location", "community public", "y 333 y 4 3 y 4"},

	{"copy_image delete_image_location fetch_image_location", "private", "3 444 y 4 3 4 4"},
	{"copy_image delete_image_location fetch_image_location", "shared", "3 334 y 4 3 4 4"},
	{"copy_image delete_image_location fetch_image_location", "community public", "3 333 y 4 3 4 4"},

	{"get_image_location", "private", "y 444 y 4 y 4 4"},
	{"get_image_location", "shared", "y 334 y 4 y 4 4"},
	{"get_image_location", "community public", "y 333 y 4 y 4 4"},

	{"add_member delete_member", "private", "y 444 y 4 3 4 4"},
	{"add_member delete_member", "shared", "y 334 y 4 3 4 4"},
	{"add_member delete_member", "community public", "y 333 y 4 3 4 4"},

	{"get_member get_members", "private", "y 444 y 4 y 4 4"},
	{"get_member get_members", "shared", "y yy4 y 4 y 4 4"},
	{"get_member get_members", "community public", "y 333 y 4 y 4 4"},

	{"modify_member", "private", "3 444 y 4 3 4 4"},
	{"modify_member", "shared", "3 yy4 y 4 3 4 4"},
	{"modify_member", "community public", "3 333 y 4 3 4 4"},

	{"communitize_image", "private", "y 444 y 4 3 y 3"},
	{"communitize_image", "shared", "y 334 y 4 3 y 3"},
	{"communitize_image", "community public", "y 333 y 3 3 y 3"},

	{"publicize_image", "private", "3 444 y 4 3 3 3"},
	{"publicize_image", "shared", "3 334 y 4 3 3 3"},
	{"publicize_image", "community public", "3 333 y 3 3 3 3"},
}

// legacyMatrix is the same without the new defaults: roles mean nothing but for
// administrators, owners are checked.
var legacyMatrix = []struct {
	rules      string
	visibility string
	want       string
}{
	{"get_image download_image get_image_location get_member get_members", "private", "y 444 y 4 y y y"},
	{"get_image download_image get_image_location get_member get_members", "shared", "y yy4 y 4 y y y"},
	{"get_image download_image get_image_location get_member get_members", "community public", "y yyy y y y y y"},

	{"modify_image delete_image upload_image deactivate reactivate set_image_location delete_image_location add_member delete_member", "private", "y 444 y 4 y y y"},
	{"modify_image delete_image upload_image deactivate reactivate set_image_location delete_image_location add_member delete_member", "shared", "y 334 y 4 y y y"},
	{"modify_image delete_image upload_image deactivate reactivate set_image_location delete_image_location add_member delete_member", "community public", "y 333 y 3 y y y"},

	{"modify_member", "shared", "3 yy4 y 4 3 3 3"},

	{"copy_image fetch_image_location", "private", "3 444 y 4 3 3 3"},
	{"copy_image fetch_image_location", "community public", "3 333 y 3 3 3 3"},
	{"publicize_image", "community public", "3 333 y 3 3 3 3"},
	{"communitize_image", "community public", "y yyy y y y y y"},
}

func TestMatrix(t *testing.T) {
	for mode, e := range map[string]*policy.Enforcer{"new": open(t, ""), "legacy": open(t, "", legacy)} {
		rows := matrix
		if mode == "legacy" {
			rows = legacyMatrix
		}
		for _, row := range rows {
			want := strings.ReplaceAll(row.want, " ", "")
			for _, visibility := range strings.Fields(row.visibility) {
				for _, rule := range strings.Fields(row.rules) {
					for i, c := range columns {
						got := outcome(ask(t.Context(), e, c.who, c.member, policy.Rule(rule), image(glance.Visibility(visibility))))
						if got != want[i:i+1] {
							t.Errorf("%s: %s on a %s image by %s: got %s, want %c", mode, rule, visibility, c.name, got, want[i])
						}
					}
				}
			}
		}
	}
}

// ask does what a verb does: look the image up as the database would, then ask
// the method that the rule belongs to.
func ask(ctx context.Context, e *policy.Enforcer, who *glance.Caller, member bool, rule policy.Rule, img *glance.Image) error {
	if !e.Admin(who) && !img.VisibleTo(who.ProjectID, member) {
		return glance.NotFound
	}
	switch {
	case strings.Contains(string(rule), "_member"):
		return e.Member(ctx, who, rule, img)
	case rule == policy.PublicizeImage:
		return e.Visibility(ctx, who, img, glance.VisibilityPublic)
	case rule == policy.CommunitizeImage:
		return e.Visibility(ctx, who, img, glance.VisibilityCommunity)
	}
	return e.Image(ctx, who, rule, img)
}

func TestServiceRole(t *testing.T) {
	e := open(t, "")
	img := image(glance.VisibilityCommunity)
	byToken := *bob
	byToken.ServiceRoles = []string{"service"}
	for who, want := range map[*glance.Caller]string{nova: "y", &byToken: "3", alice: "3"} {
		if got := outcome(e.Image(t.Context(), who, policy.FetchImageLocation, img)); got != want {
			t.Errorf("%s: %s, want %s", who.UserID, got, want)
		}
	}
	e = open(t, "fetch_image_location: service_roles:service")
	if err := e.Image(t.Context(), &byToken, policy.FetchImageLocation, img); err != nil {
		t.Error(err)
	}
}

func TestCallersWithoutProject(t *testing.T) {
	e := open(t, "")
	ownerless := image(glance.VisibilityPrivate)
	ownerless.Owner = ""
	if err := e.Image(t.Context(), homeless, policy.ModifyImage, ownerless); err != nil {
		t.Errorf("no project matches no owner: %v", err)
	}
	if got := outcome(e.Image(t.Context(), homeless, policy.ModifyImage, image(glance.VisibilityPublic))); got != "3" {
		t.Errorf("public image: %s", got)
	}
	old := open(t, "", legacy)
	if got := outcome(old.Image(t.Context(), homeless, policy.ModifyImage, ownerless)); got != "3" {
		t.Errorf("without the new defaults nobody owns an image without an owner: %s", got)
	}
}

func TestLegacyTexts(t *testing.T) {
	e := open(t, "", legacy)
	img := image(glance.VisibilityCommunity)
	ctx := t.Context()
	wantError(t, e.Image(ctx, bob, policy.DeleteImage, img), glance.Forbidden, "You do not own this image")
	wantError(t, e.Image(ctx, bob, policy.UploadImage, img), glance.Forbidden, "Not allowed to upload image data for image img")
	wantError(t, e.OwnImage(ctx, bob, policy.ModifyImage, img, "Not allowed to update tags for image img."), glance.Forbidden,
		"Not allowed to update tags for image img.")
	wantError(t, e.Image(ctx, bob, policy.CopyImage, img), glance.Forbidden, "You are not authorized to complete copy_image action.")
	wantError(t, e.Member(ctx, bob, policy.AddMember, img), glance.Forbidden, "Not allowed to create members for image img.")
	wantError(t, e.Member(ctx, bob, policy.DeleteMember, img), glance.Forbidden, "Not allowed to delete members for image img.")
	wantError(t, e.Member(ctx, alice, policy.ModifyMember, img), glance.Forbidden, "Not allowed to update members for image img.")
	strict := open(t, "modify_image: '@'")
	if err := strict.OwnImage(ctx, bob, policy.ModifyImage, img, "unused"); err != nil {
		t.Errorf("with the new defaults the file alone decides: %v", err)
	}
	wantError(t, strict.OwnImage(ctx, bob, policy.DeleteImage, img, "unused"), glance.Forbidden,
		"You are not authorized to complete delete_image action.")
}
