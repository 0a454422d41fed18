package images_test

import (
	"slices"
	"testing"

	"glance/internal/glance"
)

// TestTags is spec images-v2 §14.
func TestTags(t *testing.T) {
	tests := []struct {
		name   string
		who    *glance.Caller
		old    bool
		public bool
		tag    string
		add    fault
		remove fault
	}{
		{name: "new", tag: "new", remove: fault{kind: glance.NotFound}},
		{name: "there", tag: "a"},
		{name: "empty", tag: "", remove: fault{kind: glance.NotFound}},
		{name: "not visible", who: carol, tag: "a", add: fault{glance.NotFound, "Image " + img1 + " not found.", ""}, remove: fault{glance.NotFound, "Image " + img1 + " not found.", ""}},
		{
			name: "policy", who: rita, tag: "a", add: fault{glance.Forbidden, "You are not authorized to complete modify_image action.", ""},
			remove: fault{glance.Forbidden, "You are not authorized to complete modify_image action.", ""},
		},
		{name: "policy, may not even see", who: nora, tag: "a", add: fault{kind: glance.NotFound}, remove: fault{kind: glance.NotFound}},
		{
			name: "foreign, old defaults", who: carol, old: true, public: true, tag: "a",
			add:    fault{glance.Forbidden, "Not allowed to update tags for image " + img1 + ".", ""},
			remove: fault{glance.Forbidden, "Not allowed to delete tags for image " + img1 + ".", ""},
		},
		{
			name: "4 bytes", tag: "\U0001F600", add: fault{glance.Invalid, "Could not update image: Param values can't contain 4 byte unicode.", ""},
			remove: fault{kind: glance.NotFound},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who := tt.who
			if who == nil {
				who = alice
			}
			for deed, want := range map[string]fault{"add": tt.add, "remove": tt.remove} {
				r := newRig(t)
				r.policy = enforcer(t, !tt.old)
				r.add(t, queued(func(img *glance.Image) {
					img.Tags = []string{"a", "b"}
					if tt.public {
						img.Visibility = glance.VisibilityPublic
					}
				}))
				before := r.get(t, img1)
				change := r.editor().AddTag
				if deed == "remove" {
					change = r.editor().RemoveTag
				}
				err := change(t.Context(), who, img1, tt.tag)
				after := r.get(t, img1)
				if want != (fault{}) {
					wantFault(t, err, want)
					if !slices.Equal(after.Tags, before.Tags) {
						t.Errorf("%s: tags %v", deed, after.Tags)
					}
					continue
				}
				if err != nil || after.HasTag(tt.tag) != (deed == "add") {
					t.Errorf("%s: %v, tags %v", deed, err, after.Tags)
				}
			}
		})
	}
}

func TestTagQuota(t *testing.T) {
	r := newRig(t)
	r.add(t, queued(func(img *glance.Image) { img.Tags = []string{"a", "b", "c"} }))
	wantFault(t, r.editor().AddTag(t.Context(), alice, img1, "d"), fault{
		glance.TooLarge, "Image tag limit exceeded for image " + img1 + ": The limit has been exceeded on the number of allowed image tags. " +
			"Attempted: 4, Maximum: 3:", "",
	})
	before := r.get(t, img1)
	if err := r.editor().AddTag(t.Context(), alice, img1, "a"); err != nil || !r.get(t, img1).UpdatedAt.Equal(before.UpdatedAt) {
		t.Errorf("one that is there: %v", err)
	}
}

// TestActions is spec images-v2 §16 for every status there is.
func TestActions(t *testing.T) {
	for _, status := range glance.Statuses() {
		for _, deed := range []string{"deactivate", "reactivate"} {
			r := newRig(t)
			r.add(t, queued(func(img *glance.Image) { img.Status = status }))
			before := r.get(t, img1)
			do, to := r.editor().Deactivate, glance.StatusDeactivated
			if deed == "reactivate" {
				do, to = r.editor().Reactivate, glance.StatusActive
			}
			err := do(t.Context(), alice, img1)
			after := r.get(t, img1)
			switch status {
			case to:
				if err != nil || !after.UpdatedAt.Equal(before.UpdatedAt) {
					t.Errorf("%s %s: %v, updated %v", deed, status, err, after.UpdatedAt)
				}
			case glance.StatusActive, glance.StatusDeactivated:
				if err != nil || after.Status != to {
					t.Errorf("%s %s: %v, %s", deed, status, err, after.Status)
				}
			default:
				wantFault(t, err, fault{glance.Forbidden, "Not allowed to " + deed + " image in status '" + string(status) + "'", ""})
			}
		}
	}
	r := newRig(t)
	r.add(t, queued())
	wantFault(t, r.editor().Deactivate(t.Context(), carol, img1), fault{glance.NotFound, "No image found with ID " + img1, ""})
	wantFault(t, r.editor().Deactivate(t.Context(), rita, img1), fault{glance.Forbidden, "You are not authorized to complete deactivate action.", ""})
	wantFault(t, r.editor().Reactivate(t.Context(), rita, img1), fault{glance.Forbidden, "You are not authorized to complete reactivate action.", ""})
	wantFault(t, r.editor().Reactivate(t.Context(), nora, img1), fault{kind: glance.NotFound})
}
