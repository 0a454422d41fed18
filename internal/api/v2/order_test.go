package v2_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	v2 "glance/internal/api/v2"
	"glance/internal/glance"
	"glance/internal/store"
)

// attempt is a request that would succeed, and where it is sent.
type attempt struct {
	call
	doc    map[string]any // the body, when there is one
	broken string         // put behind the body
	door   []func(*v2.Door)
	image  *glance.Image
	data   string // of the image
	rig    []func(*rig)
}

func (a *attempt) send(t *testing.T) answer {
	r := newRig(t, a.door...)
	if a.image != nil {
		r.add(t, a.image)
		if a.data != "" {
			up := store.Upload{ImageID: a.image.ID, Attempt: "earlier", Size: store.SizeUnknown}
			put, err := r.fast.Put(t.Context(), up, strings.NewReader(a.data))
			if err != nil {
				t.Fatal(err)
			}
			r.update(t, a.image.ID, func(img *glance.Image) {
				size := put.Size
				img.Size, img.Locations = &size, []glance.Location{{URL: put.URL, Metadata: map[string]any{"store": "fast"}}}
			})
		}
	}
	for _, f := range a.rig {
		f(r)
	}
	if a.doc != nil {
		a.body = marshal(t, a.doc) + a.broken
	}
	return r.send(t, a.call)
}

// row is a line of a table of the spec: what is wrong and what is said.
type row struct {
	name  string
	uses  string // what of the attempt it changes; rows that share something do not go together
	spoil func(*attempt)
	want  fault
}

// checkOrder sends the good request, each fault alone, and all pairs of faults,
// of which the first row's is told.
func checkOrder(t *testing.T, good func() *attempt, status int, rows []row) {
	t.Helper()
	if a := good().send(t); a.status != status {
		t.Fatalf("the request without faults: %d %s", a.status, a.body)
	}
	for i, first := range rows {
		t.Run(first.name, func(t *testing.T) {
			a := good()
			first.spoil(a)
			a.send(t).want(t, first.want)
		})
		for _, second := range rows[i+1:] {
			if overlap(first.uses, second.uses) {
				continue
			}
			t.Run(first.name+" before "+second.name, func(t *testing.T) {
				a := good()
				first.spoil(a)
				second.spoil(a)
				a.send(t).want(t, first.want)
			})
		}
	}
}

func overlap(a, b string) bool {
	return slices.ContainsFunc(strings.Fields(a), func(s string) bool { return slices.Contains(strings.Fields(b), s) })
}

const smile = "\U0001F600"

// says spoils the document of a request.
func withDoc(doc map[string]any) func(*attempt) {
	return func(a *attempt) { a.doc = merge(a.doc, doc) }
}

func as(who string) func(*attempt) { return func(a *attempt) { a.who = who } }

func withHeader(name, value string) func(*attempt) {
	return func(a *attempt) { a.header[name] = value }
}

func withImage(change func(*glance.Image)) func(*attempt) {
	return func(a *attempt) { change(a.image) }
}

func withDoor(change func(*v2.Door)) func(*attempt) {
	return func(a *attempt) { a.door = append(a.door, change) }
}

func withRig(change func(*rig)) func(*attempt) {
	return func(a *attempt) { a.rig = append(a.rig, change) }
}

// TestCreateOrder is the table of spec images-v2 §6.
func TestCreateOrder(t *testing.T) {
	good := func() *attempt {
		return &attempt{call: call{method: "POST", path: "/v2/images"}, doc: map[string]any{}, image: image(func(img *glance.Image) { img.ID = img2 })}
	}
	checkOrder(t, good, 201, []row{
		{"anonymous", "who", as("anon"), fault{403, "", "Read-only access"}},
		{"1", "", func(a *attempt) { a.broken = "}" }, fault{400, "Malformed JSON in request body.", ""}},
		{"2", "", withDoc(map[string]any{"self": nil}), fault{403, "Attribute 'self' is read-only.", ""}},
		{"3", "", withDoc(map[string]any{"name": 5}), fault{400, "Provided object does not match schema 'image': …", "…"}},
		{"4", "", withDoc(map[string]any{strings.Repeat("k", 256): "v"}), fault{400, "Custom property should not be greater than 255 characters.", ""}},
		{"5", "", withDoc(map[string]any{"os_glance_a": "x"}), fault{403, "", "Attribute 'os_glance_a' is reserved."}},
		{"6", "who", as("rita"), fault{403, "You are not authorized to complete add_image action.", ""}},
		{"6 foreign", "who", withDoc(map[string]any{"owner": "p-beta"}), fault{403, "", "You are not permitted to create images owned by 'p-beta'"}},
		{"7", "who", withDoc(map[string]any{"visibility": "public"}), fault{403, "You are not authorized to complete publicize_image action.", ""}},
		{"10", "", withDoc(map[string]any{"x_owned": "v"}), fault{403, "Attribute 'x_owned' is reserved.", ""}},
		{
			"11", "", withDoc(map[string]any{"tags": []string{"a", "a", "a", "a"}}),
			fault{413, "The limit has been exceeded on the number of allowed image tags. Attempted: 4, Maximum: 3", ""},
		},
		{"12", "", withDoc(map[string]any{"status": "active"}), fault{403, "Attribute 'status' is read-only.", ""}},
		{"13", "", withDoc(map[string]any{"locations": []any{}}), fault{403, "Attribute 'locations' is reserved.", ""}},
		{"14", "", withDoc(map[string]any{"min_disk": -1}), fault{400, "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value", ""}},
		{
			"15", "", withDoc(map[string]any{"a": "v", "b": "v", "c": "v", "d": "v"}),
			fault{413, "The limit has been exceeded on the number of allowed image properties. Attempted: …", ""},
		},
		{"16", "", withDoc(map[string]any{"os_distro": smile}), fault{400, "Os_Distro can't contain 4 byte unicode characters.", ""}},
		{"17", "", withDoc(map[string]any{"min_ram": 2147483648}), fault{400, "'min_ram' value out of range, must not exceed 2147483647.", ""}},
		{"18", "", withDoc(map[string]any{"id": img2}), fault{409, "Image ID " + img2 + " already exists!", ""}},
	})
}

// TestUploadOrder is the table of spec images-v2 §17. What only shows when the
// data has come has no order among itself.
func TestUploadOrder(t *testing.T) {
	good := func() *attempt {
		return &attempt{
			call:  call{method: "PUT", path: "/v2/images/" + img1 + "/file", body: "0123456789", header: octets()},
			image: image(),
		}
	}
	checkOrder(t, good, 204, []row{
		{"anonymous", "who", as("anon"), fault{403, "", "Read-only access"}},
		{"content type", "", withHeader("Content-Type", "text/html"), fault{415, "", "Invalid content type text/html"}},
		{"size", "size", withHeader("X-Openstack-Image-Size", "ten"), fault{400, "Invalid or missing image size in request headers.", ""}},
		{"store", "", withHeader("X-Image-Meta-Store", "nope"), fault{400, "Store for identifier nope not found", ""}},
		{"not visible", "who", as("carol"), fault{404, "No image found with ID " + img1, ""}},
		{"policy", "who", as("rita"), fault{403, "You are not authorized to complete upload_image action.", ""}},
		{
			"status", "", withImage(func(img *glance.Image) { img.Status = glance.StatusSaving }),
			fault{409, "Image status transition from saving to saving is not allowed", ""},
		},
		{
			"formats", "format", withImage(func(img *glance.Image) { img.DiskFormat = "" }),
			fault{400, "Property disk_format must be set prior to saving data.", ""},
		},
		{"quota", "", withDoor(func(d *v2.Door) { d.Uploader.Quota = 9 }), fault{413, "Image exceeds the storage quota: The size of the data …", ""}},
		{"cap", "", withDoor(func(d *v2.Door) { d.Uploader.SizeCap = 9 }), fault{413, "The incoming image is too large: The provided image is too large.", ""}},
		{"mismatch", "size data", withHeader("X-Openstack-Image-Size", "20"), fault{400, "Size mismatch: expected 20 bytes, got 10 bytes", ""}},
		{
			"other format", "format data", withImage(func(img *glance.Image) { img.DiskFormat = "qcow2" }),
			fault{415, "", "Image disk_format qcow2 does not match stream data raw"},
		},
		{"store full", "data", withRig(func(r *rig) { r.fast.put = store.Full(nil) }), fault{413, "Image storage media is full: …", ""}},
	})
}

// TestDeleteOrder is the table of spec images-v2 §12.1.
func TestDeleteOrder(t *testing.T) {
	good := func() *attempt {
		return &attempt{
			call: call{method: "DELETE", path: "/v2/images/" + img1}, data: "data",
			image: image(func(img *glance.Image) { img.Status = glance.StatusActive }),
		}
	}
	checkOrder(t, good, 204, []row{
		{"body", "", func(a *attempt) { a.body = "{}" }, fault{400, "A body is not expected with this request.", ""}},
		{"anonymous", "who", as("anon"), fault{403, "", "Read-only access"}},
		{"not visible", "who", as("carol"), fault{404, "Failed to find image " + img1 + " to delete", ""}},
		{"policy", "who", as("rita"), fault{403, "You are not authorized to complete delete_image action.", ""}},
		{"hidden by policy", "who", as("nora"), fault{404, "", ""}},
		{
			"protected", "", withImage(func(img *glance.Image) { img.Protected = true }),
			fault{403, "Image " + img1 + " is protected and cannot be deleted.", ""},
		},
		{
			"in use", "", withRig(func(r *rig) { r.fast.delete = glance.Errorf(glance.Conflict, "It has a snapshot") }),
			fault{409, "Image " + img1 + " could not be deleted because it is in use: It has a snapshot", ""},
		},
	})
}

// TestDownloadOrder is the table of spec images-v2 §19.
func TestDownloadOrder(t *testing.T) {
	good := func() *attempt {
		return &attempt{
			call:  call{method: "GET", path: "/v2/images/" + img1 + "/file", header: map[string]string{}},
			image: image(func(img *glance.Image) { img.Status = glance.StatusActive }), data: "0123456789",
		}
	}
	checkOrder(t, good, 200, []row{
		{"body", "", func(a *attempt) { a.body = "{}" }, fault{400, "A body is not expected with this request.", ""}},
		{"not visible", "who", as("carol"), fault{404, "No image found with ID " + img1, ""}},
		{
			"deactivated", "", withImage(func(img *glance.Image) { img.Status = glance.StatusDeactivated }),
			fault{403, "The requested image has been deactivated. Image data download is forbidden.", ""},
		},
		{"policy", "who", as("rita"), fault{403, "You are not authorized to complete download_image action.", ""}},
		{"prefer", "", func(a *attempt) { a.path += "?prefer=fast,nope" }, fault{400, "Store 'nope' is not configured.", ""}},
		{"range", "", withHeader("Range", "bytes=10-"), fault{
			416, "", "Invalid start position in Range header. Start position MUST be in the inclusive range [0, 9].",
		}},
	})
}

// TestAddMemberOrder and the ones below are the tables of spec images-v2 §15.
func TestAddMemberOrder(t *testing.T) {
	good := func() *attempt {
		return &attempt{call: call{method: "POST", path: "/v2/images/" + img1 + "/members"}, doc: map[string]any{"member": "p-new"}, image: image()}
	}
	member := func(name string) func(*attempt) {
		return withRig(func(r *rig) { r.addMember(name) })
	}
	checkOrder(t, good, 200, []row{
		{"anonymous", "who", as("anon"), fault{403, "", "Read-only access"}},
		{"no JSON", "", func(a *attempt) { a.broken = "}" }, fault{400, "Malformed JSON in request body.", ""}},
		{"body", "member", func(a *attempt) { delete(a.doc, "member") }, fault{400, "Member to be added not specified", ""}},
		{"not visible", "who", as("carol"), fault{404, "Image " + img1 + " not found.", ""}},
		{
			"not shared", "", withImage(func(img *glance.Image) { img.Visibility = glance.VisibilityPrivate }),
			fault{403, "Not allowed to create members for image " + img1 + ".", ""},
		},
		{"policy", "who", as("rita"), fault{403, "You are not authorized to complete add_member action.", ""}},
		{"hidden by policy", "who", as("nora"), fault{404, "", ""}},
		{"4 bytes", "member", withDoc(map[string]any{"member": smile}), fault{400, "Member can't contain 4 byte unicode characters.", ""}},
		{"duplicate", "member", member("p-new"), fault{409, "Member p-new is duplicated for image " + img1, ""}},
		{"quota", "", member("p-other"), fault{413, "Image member limit exceeded for image " + img1 + ": …", ""}},
	})
}

func (r *rig) addMember(name string) {
	_, _ = r.db.AddMember(context.Background(), glance.Member{ImageID: img1, Member: name}, func(int) error { return nil })
}

func TestSetMemberOrder(t *testing.T) {
	good := func() *attempt {
		return &attempt{
			call: call{who: "bob", method: "PUT", path: "/v2/images/" + img1 + "/members/p-beta"}, doc: map[string]any{"status": "accepted"},
			image: image(), rig: []func(*rig){func(r *rig) { r.addMember("p-beta") }},
		}
	}
	checkOrder(t, good, 200, []row{
		{"anonymous", "who", as("anon"), fault{403, "", "Read-only access"}},
		{"body", "status", func(a *attempt) { delete(a.doc, "status") }, fault{400, "Status not specified", ""}},
		{"not visible", "who", as("carol"), fault{404, "Image " + img1 + " not found.", ""}},
		{
			"not shared", "who", withImage(func(img *glance.Image) { img.Visibility = glance.VisibilityPublic }),
			fault{403, "Not allowed to update members for image " + img1 + ".", ""},
		},
		{"hidden by policy", "who", as("nora"), fault{404, "", ""}},
		{"no member", "", func(a *attempt) { a.path += "x" }, fault{404, "p-betax not found in the member list of the image " + img1 + ".", ""}},
		{"policy", "who", as("alice"), fault{403, "You are not authorized to complete modify_member action.", ""}},
		{
			"status", "status", withDoc(map[string]any{"status": "maybe"}),
			fault{400, `Incorrect request: Status must be "pending", "accepted" or "rejected".`, ""},
		},
	})
}

func TestRemoveMemberOrder(t *testing.T) {
	good := func() *attempt {
		return &attempt{
			call:  call{method: "DELETE", path: "/v2/images/" + img1 + "/members/p-beta"},
			image: image(), rig: []func(*rig){func(r *rig) { r.addMember("p-beta") }},
		}
	}
	checkOrder(t, good, 204, []row{
		{"body", "", func(a *attempt) { a.body = "{}" }, fault{400, "A body is not expected with this request.", ""}},
		{"anonymous", "who", as("anon"), fault{403, "", "Read-only access"}},
		{"not visible", "who", as("carol"), fault{404, "Image " + img1 + " not found.", ""}},
		{
			"not shared", "", withImage(func(img *glance.Image) { img.Visibility = glance.VisibilityPrivate }),
			fault{403, "Not allowed to delete members for image " + img1 + ".", ""},
		},
		{"hidden by policy", "who", as("nora"), fault{404, "", ""}},
		{"no member", "", func(a *attempt) { a.path += "x" }, fault{404, "p-betax not found in the member list of the image " + img1 + ".", ""}},
		{"policy", "who", as("rita"), fault{403, "You are not authorized to complete delete_member action.", ""}},
	})
}
