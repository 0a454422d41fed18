package images_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"glance/internal/glance"
	"glance/internal/images"
)

// set is one change of a base attribute.
func set(op images.ChangeOp, name string, v images.Value) []images.Change {
	return []images.Change{{Op: op, Name: name, Value: v}}
}

func text(s string) images.Value { return images.Value{Text: &s} }

// setProperty is one change of an additional property.
func setProperty(op images.ChangeOp, name, value string) []images.Change {
	c := images.Change{Op: op, Name: name}
	if op != images.Remove {
		c.Value.Prop = glance.Property{Name: name, Value: value}
	}
	return []images.Change{c}
}

func fresh(changes []images.Change) []images.Change {
	for i := range changes {
		changes[i].Fresh = true
	}
	return changes
}

// patched is the image that the tests of Patch change.
func patched() *glance.Image {
	return queued(func(img *glance.Image) {
		img.Name, img.Tags = ptr("old"), []string{"t"}
		img.Properties = []glance.Property{{Name: "kept", Value: "k"}, {Name: "old", Value: "o"}}
	})
}

func TestPatch(t *testing.T) {
	set1 := func(name string, v images.Value) []images.Change { return set(images.Replace, name, v) }
	tests := []struct {
		name    string
		who     *glance.Caller
		changes []images.Change
		want    func(*glance.Image)
	}{
		{name: "name", changes: set1("name", text("new")), want: func(img *glance.Image) { img.Name = ptr("new") }},
		{name: "name null", changes: set1("name", images.Value{}), want: func(img *glance.Image) { img.Name = nil }},
		{name: "visibility", changes: set1("visibility", text("community")), want: func(img *glance.Image) { img.Visibility = "community" }},
		{name: "public", who: boss, changes: set1("visibility", text("public")), want: func(img *glance.Image) { img.Visibility = "public" }},
		{name: "protected", changes: set1("protected", images.Value{Flag: true}), want: func(img *glance.Image) { img.Protected = true }},
		{name: "hidden", changes: set1("os_hidden", images.Value{Flag: true}), want: func(img *glance.Image) { img.Hidden = true }},
		{name: "owner", who: boss, changes: set1("owner", text("p-beta")), want: func(img *glance.Image) { img.Owner = "p-beta" }},
		{name: "owner null", who: boss, changes: set1("owner", images.Value{}), want: func(img *glance.Image) { img.Owner = "" }},
		{name: "owner as it is", changes: set(images.Add, "owner", text("p-alpha")), want: func(*glance.Image) {}},
		{name: "min_disk", changes: set1("min_disk", images.Value{Int: 2147483647}), want: func(img *glance.Image) { img.MinDisk = 2147483647 }},
		{name: "min_ram", changes: set1("min_ram", images.Value{Int: 1}), want: func(img *glance.Image) { img.MinRAM = 1 }},
		{name: "disk_format", changes: set1("disk_format", text("qcow2")), want: func(img *glance.Image) { img.DiskFormat = "qcow2" }},
		{name: "container_format null", changes: set1("container_format", images.Value{}), want: func(img *glance.Image) { img.ContainerFormat = "" }},
		{name: "tags", changes: set1("tags", images.Value{Texts: []string{"b", "a", "b"}}), want: func(img *glance.Image) { img.Tags = []string{"b", "a"} }},
		{name: "no tags", changes: set1("tags", images.Value{}), want: func(img *glance.Image) { img.Tags = nil }},
		{name: "add over a base attribute", changes: set(images.Add, "name", text("new")), want: func(img *glance.Image) { img.Name = ptr("new") }},
		{name: "add a property", changes: setProperty(images.Add, "p", "v"), want: func(img *glance.Image) {
			img.Properties = append(img.Properties, glance.Property{Name: "p", Value: "v"})
		}},
		{name: "draft 4, new property", changes: fresh(setProperty(images.Add, "p", "v")), want: func(img *glance.Image) {
			img.Properties = append(img.Properties, glance.Property{Name: "p", Value: "v"})
		}},
		{name: "add over a property", changes: setProperty(images.Add, "old", "v"), want: func(img *glance.Image) { img.Properties[1].Value = "v" }},
		{name: "replace a property", changes: setProperty(images.Replace, "old", "v"), want: func(img *glance.Image) { img.Properties[1].Value = "v" }},
		{name: "remove a property", changes: setProperty(images.Remove, "kept", ""), want: func(img *glance.Image) { img.Properties = img.Properties[1:] }},
		{
			name:    "in order",
			changes: append(append(setProperty(images.Remove, "old", ""), setProperty(images.Add, "old", "1")...), setProperty(images.Replace, "old", "2")...),
			want:    func(img *glance.Image) { img.Properties[1].Value = "2" },
		},
		{
			name:    "quota at the end only",
			changes: append(append(setProperty(images.Add, "c", "1"), setProperty(images.Add, "d", "1")...), setProperty(images.Remove, "c", "")...),
			want: func(img *glance.Image) {
				img.Properties = append(img.Properties, glance.Property{Name: "d", Value: "1"})
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, patched())
			who := tt.who
			if who == nil {
				who = alice
			}
			got, err := r.editor().Patch(t.Context(), who, img1, tt.changes)
			if err != nil {
				t.Fatal(err)
			}
			want := patched()
			tt.want(want)
			opts := []cmp.Option{
				cmpopts.IgnoreFields(glance.Image{}, "CreatedAt", "UpdatedAt"), cmpopts.EquateEmpty(),
				cmpopts.SortSlices(func(a, b string) bool { return a < b }),
			}
			if diff := cmp.Diff(want, got, opts...); diff != "" {
				t.Errorf("answer -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(want, r.get(t, img1), opts...); diff != "" {
				t.Errorf("stored -want +got:\n%s", diff)
			}
			if !got.UpdatedAt.After(got.CreatedAt) {
				t.Errorf("updated_at %v, created_at %v", got.UpdatedAt, got.CreatedAt)
			}
		})
	}
}

// TestPatchRefused is spec images-v2 §9.3. Whatever fails, the image stays as
// it was, although a good change came before the bad one.
func TestPatchRefused(t *testing.T) {
	const smile = "\U0001F600"
	var names []images.Change
	for _, name := range []string{"a", "b"} {
		names = append(names, setProperty(images.Add, name, "v")...)
	}
	rep := func(name string, v images.Value) []images.Change { return set(images.Replace, name, v) }
	tests := []struct {
		name    string
		who     *glance.Caller
		old     bool
		image   func(*glance.Image)
		changes []images.Change
		want    fault
	}{
		{name: "not visible", who: carol, changes: rep("name", text("x")), want: fault{glance.NotFound, "No image found with ID " + img1, ""}},
		{name: "policy", who: rita, changes: rep("name", text("x")), want: fault{glance.Forbidden, "You are not authorized to complete modify_image action.", ""}},
		{name: "policy, may not even see", who: nora, changes: rep("name", text("x")), want: fault{kind: glance.NotFound}},
		{
			name: "foreign, old defaults", old: true, who: carol, image: func(img *glance.Image) { img.Visibility = "public" },
			changes: rep("name", text("x")), want: fault{glance.Forbidden, "You do not own this image", ""},
		},
		{name: "publicize", changes: rep("visibility", text("public")), want: fault{glance.Forbidden, "You are not authorized to complete publicize_image action.", ""}},
		{
			name: "public as it is", image: func(img *glance.Image) { img.Visibility = "public" },
			changes: rep("visibility", text("public")), want: fault{glance.Forbidden, "You are not authorized to complete publicize_image action.", ""},
		},
		{
			name: "communitize, before modify_image", who: rita, changes: rep("visibility", text("community")),
			want: fault{glance.Forbidden, "You are not authorized to complete communitize_image action.", ""},
		},
		{name: "replace a missing property", changes: setProperty(images.Replace, "p", "v"), want: fault{glance.Conflict, "", "Property p does not exist."}},
		{name: "replace stores", changes: setProperty(images.Replace, "stores", "v"), want: fault{glance.Conflict, "", "Property stores does not exist."}},
		{name: "remove a missing property", changes: setProperty(images.Remove, "p", ""), want: fault{glance.Conflict, "", "Property p does not exist."}},
		{
			name: "an internal property is missing", image: func(img *glance.Image) {
				img.Properties = append(img.Properties, glance.Property{Name: glance.StageHostProperty, Value: "h"})
			}, changes: setProperty(images.Remove, glance.StageHostProperty, ""),
			want: fault{glance.Conflict, "", "Property os_glance_stage_host does not exist."},
		},
		{name: "owner", changes: rep("owner", text("p-beta")), want: fault{glance.Forbidden, "", "Owner can't be updated by non admin."}},
		{name: "owner as it is", changes: rep("owner", text("p-alpha")), want: fault{glance.Forbidden, "", "Owner can't be updated by non admin."}},
		{name: "add owner", changes: set(images.Add, "owner", text("p-beta")), want: fault{glance.Forbidden, "", "Owner can't be updated by non admin."}},
		{
			name: "add owner, public", image: func(img *glance.Image) { img.Visibility = "public" },
			changes: set(images.Add, "owner", text("p-beta")), want: fault{glance.Forbidden, "", "Owner can't be updated by non admin."},
		},
		{name: "draft 4, base attribute", changes: fresh(set(images.Add, "name", text("x"))), want: fault{glance.Conflict, "", "Property name already present."}},
		{name: "draft 4, property", changes: fresh(setProperty(images.Add, "old", "v")), want: fault{glance.Conflict, "", "Property old already present."}},
		{name: "remove a base attribute", changes: set(images.Remove, "tags", images.Value{}), want: fault{glance.Forbidden, "", "Property tags may not be removed."}},
		{
			name: "disk_format of an active image", image: func(img *glance.Image) { img.Status = glance.StatusActive }, changes: rep("disk_format", text("raw")),
			want: fault{glance.Forbidden, "Attribute disk_format can be only replaced for a queued image.", ""},
		},
		{
			name: "container_format of a saving image", image: func(img *glance.Image) { img.Status = glance.StatusSaving }, changes: rep("container_format", text("ovf")),
			want: fault{glance.Forbidden, "Attribute container_format can be only replaced for a queued image.", ""},
		},
		{name: "min_disk", changes: rep("min_disk", images.Value{Int: -1}), want: fault{glance.Invalid, "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value", ""}},
		{name: "min_ram", changes: rep("min_ram", images.Value{Int: 2147483648}), want: fault{glance.Invalid, "'min_ram' value out of range, must not exceed 2147483647.", ""}},
		{name: "4 bytes", changes: setProperty(images.Add, "p", smile), want: fault{glance.Invalid, "P can't contain 4 byte unicode characters.", ""}},
		{name: "4 bytes in a tag", changes: rep("tags", images.Value{Texts: []string{smile}}), want: fault{glance.Invalid, "Param values can't contain 4 byte unicode.", ""}},
		{
			name: "tags", changes: rep("tags", images.Value{Texts: []string{"a", "a", "b", "c"}}),
			want: fault{glance.TooLarge, "The limit has been exceeded on the number of allowed image tags. Attempted: 4, Maximum: 3", ""},
		},
		{
			name: "properties", changes: names,
			want: fault{glance.TooLarge, "The limit has been exceeded on the number of allowed image properties. Attempted: 4, Maximum: 3", ""},
		},
		{
			name: "size", image: func(img *glance.Image) { img.Size = ptr(int64(1001)) }, changes: rep("name", text("x")),
			want: fault{glance.TooLarge, "The incoming image is too large: The provided image is too large.", ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.policy = enforcer(t, !tt.old)
			img := patched()
			if tt.image != nil {
				tt.image(img)
			}
			r.add(t, img)
			who := tt.who
			if who == nil {
				who = alice
			}
			before := r.get(t, img1)
			_, err := r.editor().Patch(t.Context(), who, img1, tt.changes)
			wantFault(t, err, tt.want)
			_, err = r.editor().Patch(t.Context(), who, img1, append(setProperty(images.Replace, "old", "changed"), tt.changes...))
			if err == nil {
				t.Error("passes behind a good change")
			}
			if diff := cmp.Diff(before, r.get(t, img1)); diff != "" {
				t.Errorf("-before +after:\n%s", diff)
			}
		})
	}
}

// TestPatchOverQuota: the quota counts only when a name comes new.
func TestPatchOverQuota(t *testing.T) {
	r := newRig(t)
	img := patched()
	for i := range 5 {
		img.SetProperty(glance.Property{Name: fmt.Sprint("p", i)})
	}
	r.add(t, img)
	for _, changes := range [][]images.Change{
		setProperty(images.Replace, "old", "v"), setProperty(images.Remove, "p1", ""), set(images.Replace, "name", text("x")),
		append(setProperty(images.Remove, "p2", ""), setProperty(images.Add, "p2", "again")...),
	} {
		if _, err := r.editor().Patch(t.Context(), alice, img1, changes); err != nil {
			t.Errorf("%+v: %v", changes, err)
		}
	}
}

// TestPatchNothing: an empty PATCH asks no policy and touches nothing.
func TestPatchNothing(t *testing.T) {
	r := newRig(t)
	r.add(t, patched())
	before := r.get(t, img1)
	if _, err := r.editor().Patch(t.Context(), rita, img1, nil); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, r.get(t, img1)); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
	_, err := r.editor().Patch(t.Context(), carol, img1, nil)
	wantFault(t, err, fault{glance.NotFound, "No image found with ID " + img1, ""})
}

// TestPatchesAtOnce: no update gets lost.
func TestPatchesAtOnce(t *testing.T) {
	const n = 20
	r := newRig(t)
	r.limits.MaxProperties, r.limits.MaxTags = -1, -1
	r.add(t, queued())
	e := r.editor()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if _, err := e.Patch(t.Context(), alice, img1, setProperty(images.Add, fmt.Sprint("p", i), "v")); err != nil {
				t.Error(err)
			}
			if err := e.AddTag(t.Context(), alice, img1, fmt.Sprint("t", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if img := r.get(t, img1); len(img.Properties) != n || len(img.Tags) != n {
		t.Errorf("%d properties and %d tags of %d", len(img.Properties), len(img.Tags), n)
	}
}

// TestProtection is the table of spec auth-policy §5.
func TestProtection(t *testing.T) {
	const rules = "[^open]\ncreate = @\nread = @\nupdate = @\ndelete = @\n\n" +
		"[^fixed]\ncreate = reader\nread = reader\nupdate = boss\ndelete = boss\n\n" +
		"[^blind]\ncreate = @\nread = admin\nupdate = @\ndelete = @\n"
	none, reserved := fault{}, func(name string) fault { return fault{glance.Forbidden, "Attribute '" + name + "' is reserved.", ""} }
	missing := func(name string) fault { return fault{glance.Conflict, "", "Property " + name + " does not exist."} }
	tests := []struct {
		name    string
		changes []images.Change
		want    fault
	}{
		{"create", setProperty(images.Add, "open2", "v"), none},
		{"create refused", setProperty(images.Add, "other", "v"), reserved("other")},
		{"update by add", setProperty(images.Add, "open", "v"), none},
		{"update refused", setProperty(images.Replace, "fixed", "v"), reserved("fixed")},
		{"update by add refused", setProperty(images.Add, "fixed", "v"), reserved("fixed")},
		{"delete", setProperty(images.Remove, "open", ""), none},
		{"delete refused", setProperty(images.Remove, "fixed", ""), reserved("fixed")},
		{"replace the unreadable", setProperty(images.Replace, "blind", "v"), missing("blind")},
		{"remove the unreadable", setProperty(images.Remove, "blind", ""), missing("blind")},
		{"add the unreadable", setProperty(images.Add, "blind", "v"), none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.limits.MaxProperties = -1
			r.protect = protection(t, r.policy, rules)
			r.add(t, queued(func(img *glance.Image) {
				img.Properties = []glance.Property{{Name: "open", Value: "o"}, {Name: "fixed", Value: "f"}, {Name: "blind", Value: "b"}}
			}))
			img, err := r.editor().Patch(t.Context(), alice, img1, tt.changes)
			if tt.want != none {
				wantFault(t, err, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, shown := img.Property("blind"); shown {
				t.Error("shows what the caller may not read")
			}
			if _, kept := r.get(t, img1).Property("blind"); !kept {
				t.Error("loses what the caller may not read")
			}
		})
	}
	t.Run("created but unreadable", func(t *testing.T) {
		r := newRig(t)
		r.protect = protection(t, r.policy, rules)
		ask := images.Creation{Image: glance.Image{ID: img1, Properties: []glance.Property{{Name: "blind", Value: "b"}}}}
		img, err := r.editor().Create(t.Context(), alice, ask)
		if err != nil {
			t.Fatal(err)
		}
		if len(img.Properties) > 0 || len(r.get(t, img1).Properties) != 1 {
			t.Errorf("answer %+v, stored %+v", img.Properties, r.get(t, img1).Properties)
		}
		if err := r.editor().AddTag(t.Context(), alice, img1, strings.Repeat("t", 3)); err != nil {
			t.Fatal(err)
		}
		if len(r.get(t, img1).Properties) != 1 {
			t.Error("a tag removes what the caller may not read")
		}
	})
}
