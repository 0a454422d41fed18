package importflow_test

import (
	"context"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/importflow"
)

func locked(holder string) func(*rig, *testing.T) {
	return func(r *rig, t *testing.T) {
		if err := r.db.Store.Lock(t.Context(), img1, holder); err != nil {
			t.Fatal(err)
		}
		err := r.db.Store.CreateTask(t.Context(), &glance.Task{ID: holder, Type: "api_image_import", Status: glance.TaskProcessing, ImageID: img1})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRefused has the rows of spec import §3.3 and §3.4 in order; most cases
// break rows further down too.
func TestRefused(t *testing.T) {
	const direct, web, duplicate, download = importflow.Direct, importflow.Web, importflow.Copy, importflow.Download
	bare := func(img *glance.Image) { img.ContainerFormat, img.DiskFormat = "", "" }
	inA := func(img *glance.Image) {
		img.Locations = []glance.Location{{URL: "mem://a/" + img1, Metadata: map[string]any{"store": "a"}}}
	}
	text := func(s string) *string { return &s }
	with := func(r *importflow.Request, change func(*importflow.Request)) *importflow.Request {
		change(r)
		return r
	}
	tests := []struct {
		name    string
		who     *glance.Caller
		id      string
		img     *glance.Image
		want    *importflow.Request
		single  bool
		prepare func(*rig, *testing.T)
		fault   fault
	}{
		{"not enabled", guest, unknown, queued(), request("nope"), false, nil, fault{glance.Invalid, "Unknown import method name 'nope'."}},
		{"read only", guest, unknown, queued(), request(web), false, nil, fault{glance.Forbidden, "Read-only access"}},
		{"unknown", rita, unknown, queued(), request(web), false, nil, fault{glance.NotFound, "No image found with ID " + unknown}},
		{"not visible", bob, img1, queued(), request(web), false, nil, fault{glance.NotFound, "No image found with ID " + img1}},
		{"active", rita, img1, queued(status("active"), bare), request(web), false, nil, fault{glance.Conflict, "Image with status active cannot be target for import"}},
		{"not active", rita, img1, queued(bare), request(duplicate), false, nil, fault{glance.Conflict, "Only images with status active can be targeted for copying"}},
		{"not queued", rita, img1, queued(status("saving"), bare), request(web), false, nil, fault{glance.Conflict, "Image needs to be in 'queued' state to use 'web-download' method"}},
		{"not queued either", rita, img1, queued(status("uploading"), bare), request(download), false, nil, fault{glance.Conflict, "Image needs to be in 'queued' state to use 'glance-download' method"}},
		{"not staged", rita, img1, queued(bare), request(direct), false, nil, fault{glance.Conflict, "Image needs to be staged before 'glance-direct' method can be used"}},
		{"no container", rita, img1, queued(bare), request(web), false, nil, fault{glance.Conflict, "'container_format' needs to be set before import"}},
		{"no disk", rita, img1, queued(func(img *glance.Image) { img.DiskFormat = "" }), request(web), false, nil, fault{glance.Conflict, "'disk_format' needs to be set before import"}},
		{
			"no region", rita, img1, queued(), with(request(download), func(r *importflow.Request) { r.Region, r.ImageID = "", "" }), false, nil,
			fault{glance.Invalid, "'glance_region' needs to be set for glance-download import method"},
		},
		{
			"no remote image", rita, img1, queued(), with(request(download), func(r *importflow.Request) { r.ImageID = "" }), false, nil,
			fault{glance.Invalid, "'glance_image_id' needs to be set for glance-download import method"},
		},
		{
			"no UUID", rita, img1, queued(), with(request(download), func(r *importflow.Request) { r.ImageID = "x" }), false, nil,
			fault{glance.Invalid, "Remote image id does not look like a UUID: x"},
		},
		{"policy", rita, img1, queued(), request(web), false, locked("t1"), fault{glance.Forbidden, "You are not authorized to complete modify_image action."}},
		{"copying", alice, img1, queued(status("active")), request(duplicate), false, locked("t1"), fault{glance.Forbidden, "You are not authorized to complete copy_image action."}},
		{"locked", alice, img1, queued(), request(web, "nope"), false, locked("t1"), fault{glance.Conflict, "Image has active task"}},
		{
			"all and stores", alice, img1, queued(), with(request(web, "nope"), func(r *importflow.Request) { r.AllStores = true }), false, nil,
			fault{glance.Invalid, "All_stores parameter can't be used with x-image-meta-store header or stores parameter"},
		},
		{
			"all and header", alice, img1, queued(), with(request(web), func(r *importflow.Request) { r.AllStores, r.InStore = true, text("a") }), false, nil,
			fault{glance.Invalid, "All_stores parameter can't be used with x-image-meta-store header or stores parameter"},
		},
		{
			"stores and header", alice, img1, queued(), with(request(web, "a"), func(r *importflow.Request) { r.InStore = text("nope") }), false, nil,
			fault{glance.Invalid, "Stores parameter and x-image-meta-store header can't be both specified"},
		},
		{"no such store", alice, img1, queued(), request(web, "a", "nope"), false, nil, fault{glance.Conflict, "Store for identifier nope not found"}},
		{"reserved store", alice, img1, queued(), request(web, "os_glance_staging_store"), false, nil, fault{glance.Conflict, "Store for identifier os_glance_staging_store not found"}},
		{"empty store", alice, img1, queued(), with(request(web), func(r *importflow.Request) { r.InStore = text("") }), false, nil, fault{glance.Conflict, "Store for identifier  not found"}},
		{"there already", boss, img1, queued(status("active"), inA), request(duplicate, "b", "a"), false, nil, fault{glance.Invalid, "Image is already present at store 'a'"}},
		{"there by default", boss, img1, queued(status("active"), inA), request(duplicate), false, nil, fault{glance.Invalid, "Image is already present at store 'a'"}},
		{"copy in one store", boss, img1, queued(status("active")), request(duplicate), true, nil, fault{glance.Conflict, "The copy-image method needs several stores, and there is only one."}},
		{
			"tolerant with one store", alice, img1, queued(), with(request(web), func(r *importflow.Request) { r.Tolerant, r.URI = true, nil }), true, nil,
			fault{glance.Invalid, "All_stores_must_succeed can only be set with enabled_backends None"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, !tt.single)
			r.add(t, tt.img)
			if tt.prepare != nil {
				tt.prepare(r, t)
			}
			before := r.get(t)
			_, err := r.im.Import(t.Context(), tt.who, tt.id, tt.want)
			wantFault(t, err, tt.fault)
			if after := r.get(t); after.Status != before.Status || len(after.Properties) != len(before.Properties) || len(r.journal.left()) > 0 {
				t.Errorf("left %+v", after)
			}
		})
	}
}

// TestFilterComesLast: the URL is looked at when everything else is right.
func TestFilterComesLast(t *testing.T) {
	r := newRig(t, true)
	r.add(t, queued())
	r.im.Methods[importflow.Web] = refusing{}
	_, err := r.im.Import(t.Context(), alice, img1, request(importflow.Web, "nope"))
	wantFault(t, err, fault{glance.Conflict, "Store for identifier nope not found"})
	_, err = r.im.Import(t.Context(), alice, img1, request(importflow.Web))
	wantFault(t, err, fault{glance.Invalid, "filtered"})
}

type refusing struct{ importflow.Method }

func (refusing) Check(context.Context, *importflow.Request) error {
	return glance.Errorf(glance.Invalid, "filtered")
}

// TestCopyNothingLeft: there is no task when every store has the data.
func TestCopyNothingLeft(t *testing.T) {
	r := newRig(t, true)
	r.ready(t, importflow.Copy)
	if err := r.run(boss, request(importflow.Copy, "b", "c")); err != nil {
		t.Fatal(err)
	}
	all := request(importflow.Copy)
	all.AllStores = true
	if err := r.run(boss, all); err != nil {
		t.Fatal(err)
	}
	r.task(t)
	none := request(importflow.Copy)
	none.StoresGiven = true
	if err := r.run(boss, none); err != nil {
		t.Fatal(err)
	}
	if tasks, err := r.db.TasksOf(t.Context(), scopeAll, img1, time.Now()); err != nil || len(tasks) != 2 || tasks[1].Status != glance.TaskSuccess {
		t.Errorf("%d tasks, %v", len(tasks), err)
	}
}

// TestStolenLock: a lock whose task is gone is free.
func TestStolenLock(t *testing.T) {
	r := newRig(t, true)
	r.ready(t, importflow.Web)
	if err := r.db.Store.Lock(t.Context(), img1, "gone"); err != nil {
		t.Fatal(err)
	}
	if err := r.run(alice, request(importflow.Web)); err != nil {
		t.Fatal(err)
	}
	r.want(t, "active, a size; rows a; data a; importing [] failed []; success Copied 0 MiB")
}

// elsewhere is another node.
type elsewhere struct {
	images.Peers
	asked []string
	err   error
}

func (e *elsewhere) Import(_ context.Context, host, id string, who *glance.Caller, body []byte, _ *string) (string, error) {
	e.asked = append(e.asked, host+" "+id+" "+who.UserID+" "+string(body))
	return "req-there", e.err
}

// TestStagedElsewhere: the node that has the data imports it.
func TestStagedElsewhere(t *testing.T) {
	for host, asked := range map[string]bool{"http://other": true, "http://self": false, "": false} {
		r := newRig(t, true)
		r.ready(t, importflow.Direct)
		if _, err := r.db.Store.UpdateImage(t.Context(), scopeAll, img1, func(img *glance.Image) error {
			img.SetProperty(glance.Property{Name: glance.StageHostProperty, Value: host})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		there := &elsewhere{}
		r.im.Peers = there
		id, err := r.im.Import(t.Context(), alice, img1, request(importflow.Direct))
		r.running.Wait()
		if err != nil || (id == "req-there") != asked || (len(there.asked) == 1) != asked {
			t.Errorf("%s: %q, %v, %q", host, id, err, there.asked)
		}
		if !asked {
			continue
		}
		if there.asked[0] != `http://other `+img1+` u-alice {"method": {"name": "glance-direct"}}` {
			t.Errorf("asked %q", there.asked)
		}
		there.err = glance.Errorf(glance.GatewayTimeout, "Stage host is unavailable")
		_, err = r.im.Import(t.Context(), alice, img1, request(importflow.Direct))
		wantFault(t, err, fault{glance.GatewayTimeout, "Stage host is unavailable"})
		replayed := request(importflow.Direct)
		replayed.Replayed = true
		if err := r.run(alice, replayed); err != nil || r.get(t).Status != glance.StatusActive {
			t.Errorf("replayed: %v, %+v", err, r.get(t))
		}
	}
}
