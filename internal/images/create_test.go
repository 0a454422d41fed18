package images_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/policy"
)

func TestCreate(t *testing.T) {
	admins := func(c *images.Creation) { c.OwnerGiven, c.Owner = true, ptr("p-other") }
	tests := []struct {
		name string
		who  *glance.Caller
		ask  func(*images.Creation)
		want func(*glance.Image)
	}{
		{name: "nothing said", ask: func(*images.Creation) {}, want: func(*glance.Image) {}},
		{
			name: "everything said", ask: func(c *images.Creation) {
				c.Image = glance.Image{
					ID: strings.ToUpper(img1), Name: ptr(""), Visibility: "private", DiskFormat: "raw", ContainerFormat: "bare",
					MinDisk: 1, MinRAM: 2147483647, Protected: true, Hidden: true, Tags: []string{"b", "a", "b"},
					Properties: []glance.Property{{Name: "", Value: ""}, {Name: "x", Null: true}},
				}
			},
			want: func(img *glance.Image) {
				*img = glance.Image{
					ID: strings.ToUpper(img1), Name: ptr(""), Status: glance.StatusQueued, Visibility: "private", Owner: "p-alpha",
					DiskFormat: "raw", ContainerFormat: "bare",
					MinDisk: 1, MinRAM: 2147483647, Protected: true, Hidden: true, Tags: []string{"b", "a"},
					Properties: []glance.Property{{Name: "", Value: ""}, {Name: "x", Null: true}},
				}
			},
		},
		{name: "for another", who: boss, ask: admins, want: func(img *glance.Image) { img.Owner = "p-other" }},
		{name: "for nobody", who: boss, ask: func(c *images.Creation) { c.OwnerGiven = true }, want: func(img *glance.Image) { img.Owner = "" }},
		{name: "public", who: boss, ask: func(c *images.Creation) { c.Image.Visibility = "public" }, want: func(img *glance.Image) {
			img.Visibility, img.Owner = "public", "p-admin"
		}},
		{name: "own name given", ask: func(c *images.Creation) { c.OwnerGiven, c.Owner = true, ptr("p-alpha") }, want: func(*glance.Image) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			var ask images.Creation
			tt.ask(&ask)
			who := tt.who
			if who == nil {
				who = alice
			}
			got, err := r.editor().Create(t.Context(), who, ask)
			if err != nil {
				t.Fatal(err)
			}
			want := &glance.Image{ID: got.ID, Status: glance.StatusQueued, Visibility: glance.VisibilityShared, Owner: "p-alpha"}
			tt.want(want)
			times := cmpopts.IgnoreFields(glance.Image{}, "CreatedAt", "UpdatedAt")
			if diff := cmp.Diff(want, got, times, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("answer -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(want, r.get(t, got.ID), times, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("stored -want +got:\n%s", diff)
			}
			if len(got.ID) != 36 || got.CreatedAt.IsZero() || !got.CreatedAt.Equal(got.UpdatedAt) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestCreateRefused is the table of spec images-v2 §6 from row 6 on; the door
// checks what stands before.
func TestCreateRefused(t *testing.T) {
	const smile = "\U0001F600"
	img := func(change func(*glance.Image)) func(*images.Creation) {
		return func(c *images.Creation) { change(&c.Image) }
	}
	prop := func(names ...string) func(*images.Creation) {
		return img(func(img *glance.Image) {
			for _, name := range names {
				img.Properties = append(img.Properties, glance.Property{Name: name, Value: "v"})
			}
		})
	}
	foreign := func(c *images.Creation) { c.OwnerGiven, c.Owner = true, ptr("p-beta") }
	tests := []struct {
		name string
		who  *glance.Caller
		old  bool // without enforce_new_defaults
		ask  func(*images.Creation)
		want fault
	}{
		{name: "6", who: rita, ask: img(func(*glance.Image) {}), want: fault{glance.Forbidden, "You are not authorized to complete add_image action.", ""}},
		{name: "6 foreign", ask: foreign, want: fault{glance.Forbidden, "", "You are not permitted to create images owned by 'p-beta'"}},
		{name: "6 nobody's", ask: func(c *images.Creation) { c.OwnerGiven = true }, want: fault{glance.Forbidden, "", "You are not permitted to create images owned by 'None'"}},
		{
			name: "7 public", ask: img(func(img *glance.Image) { img.Visibility = "public" }),
			want: fault{glance.Forbidden, "You are not authorized to complete publicize_image action.", ""},
		},
		{name: "8", old: true, ask: foreign, want: fault{glance.Forbidden, "You are not permitted to create images owned by 'p-beta'.", ""}},
		{name: "10", ask: prop("x_owned"), want: fault{glance.Forbidden, "Attribute 'x_owned' is reserved.", ""}},
		{
			name: "11 repetitions count", ask: img(func(img *glance.Image) { img.Tags = []string{"a", "a", "a", "a"} }),
			want: fault{glance.TooLarge, "The limit has been exceeded on the number of allowed image tags. Attempted: 4, Maximum: 3", ""},
		},
		{name: "12", ask: func(c *images.Creation) { c.ReadOnly = "checksum" }, want: fault{glance.Forbidden, "Attribute 'checksum' is read-only.", ""}},
		{name: "13", ask: func(c *images.Creation) { c.HasLocations = true }, want: fault{glance.Forbidden, "Attribute 'locations' is reserved.", ""}},
		{
			name: "14 disk", ask: img(func(img *glance.Image) { img.MinDisk = -1 }),
			want: fault{glance.Invalid, "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value", ""},
		},
		{
			name: "14 ram", ask: img(func(img *glance.Image) { img.MinRAM = -5 }),
			want: fault{glance.Invalid, "Invalid value '-5' for parameter 'min_ram': Cannot be a negative value", ""},
		},
		{
			name: "15", ask: prop("a", "b", "c", "d"),
			want: fault{glance.TooLarge, "The limit has been exceeded on the number of allowed image properties. Attempted: 4, Maximum: 3", ""},
		},
		{name: "16 name", ask: img(func(img *glance.Image) { img.Name = ptr(smile) }), want: fault{glance.Invalid, "Name can't contain 4 byte unicode characters.", ""}},
		{
			name: "16 value", ask: img(func(img *glance.Image) { img.Properties = []glance.Property{{Name: "os_DISTRO-x2y", Value: smile}} }),
			want: fault{glance.Invalid, "Os_Distro-X2Y can't contain 4 byte unicode characters.", ""},
		},
		{name: "16 property name", ask: prop("x" + smile), want: fault{glance.Invalid, "Property names can't contain 4 byte unicode.", ""}},
		{
			name: "16 owner", who: boss, ask: func(c *images.Creation) { c.OwnerGiven, c.Owner = true, ptr("p"+smile) },
			want: fault{glance.Invalid, "Owner can't contain 4 byte unicode characters.", ""},
		},
		{name: "16 tag", ask: img(func(img *glance.Image) { img.Tags = []string{smile} }), want: fault{glance.Invalid, "Param values can't contain 4 byte unicode.", ""}},
		{
			name: "17 disk", ask: img(func(img *glance.Image) { img.MinDisk = 2147483648 }),
			want: fault{glance.Invalid, "'min_disk' value out of range, must not exceed 2147483647.", ""},
		},
		{
			name: "17 ram", ask: img(func(img *glance.Image) { img.MinRAM = 2147483648 }),
			want: fault{glance.Invalid, "'min_ram' value out of range, must not exceed 2147483647.", ""},
		},
		{name: "18", ask: img(func(img *glance.Image) { img.ID = img2 }), want: fault{glance.Conflict, "Image ID " + img2 + " already exists!", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.policy = enforcer(t, !tt.old)
			r.protect = protection(t, r.policy, "[^x_owned$]\ncreate = nobody\nread = @\nupdate = @\ndelete = @\n\n[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n")
			r.add(t, queued(func(img *glance.Image) { img.ID = img2 }))
			who := tt.who
			if who == nil {
				who = alice
			}
			ask := images.Creation{Image: glance.Image{ID: img1}}
			tt.ask(&ask)
			_, err := r.editor().Create(t.Context(), who, ask)
			wantFault(t, err, tt.want)
			if img := r.get(t, img1); img != nil {
				t.Errorf("created all the same: %+v", img)
			}
		})
	}
}

func TestCreateUnlimited(t *testing.T) {
	r := newRig(t)
	r.limits.MaxTags, r.limits.MaxProperties = -1, -1
	var ask images.Creation
	for _, s := range strings.Fields("a b c d e f g h") {
		ask.Image.Tags = append(ask.Image.Tags, s)
		ask.Image.Properties = append(ask.Image.Properties, glance.Property{Name: s})
	}
	if _, err := r.editor().Create(t.Context(), alice, ask); err != nil {
		t.Error(err)
	}
}

// protection makes property protections by roles of the text of their file.
func protection(t testing.TB, e *policy.Enforcer, text string) *policy.Protection {
	t.Helper()
	file := filepath.Join(t.TempDir(), "protection.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.OpenProtection(file, "roles", e)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
