package v2_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v2 "glance/internal/api/v2"
	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/quota"
)

// TestDiscovery is spec images-v2 §21.
func TestDiscovery(t *testing.T) {
	several := func(d *v2.Door) {
		d.Config.Stores = []v2.StoreInfo{
			{ID: "fast", Description: "fast disk", Type: "file", Default: true, Weight: 7, Properties: map[string]any{"data_dir": "/d", "chunk_size": 65536}},
			{ID: "web", Type: "http", ReadOnly: true},
		}
	}
	one := func(d *v2.Door) { d.Config.StoreIDs = nil }
	none := func(d *v2.Door) { d.Config.ImportMethods = nil }
	const plain = `{"stores": [{"id": "fast", "description": "fast disk", "default": "true"}, {"id": "web", "read-only": "true"}]}`
	tests := []struct {
		path, who string
		door      func(*v2.Door)
		want      string
		fault     fault
	}{
		{path: "import", who: "nora", door: several, want: `{"import-methods": {"description": "Import methods available.", "type": "array", "value": ["glance-direct", "web-download"]}}`},
		{path: "import", who: "nora", door: none, want: `{"import-methods": {"description": "Import methods available.", "type": "array", "value": []}}`},
		{path: "stores", who: "nora", door: several, want: plain},
		{path: "stores", who: "boss", door: one, fault: fault{404, "Multi backend is not supported at this site.", ""}},
		{
			path: "stores/detail", who: "boss", door: several,
			want: `{"stores": [{"id": "fast", "description": "fast disk", "default": "true", "type": "file", "weight": 7,
				"properties": {"chunk_size": 65536, "data_dir": "/d"}}, {"id": "web", "read-only": "true", "type": "http", "weight": 0, "properties": {}}]}`,
		},
		{path: "stores/detail", who: "alice", door: several, fault: fault{403, "You are not authorized to complete stores_info_detail action.", ""}},
		{path: "stores/detail", who: "alice", door: one, fault: fault{404, "Multi backend is not supported at this site.", ""}},
		{path: "usage", who: "nora", door: several, want: `{"usage": {}}`},
	}
	for _, tt := range tests {
		a := newRig(t, tt.door).send(t, call{who: tt.who, method: "GET", path: "/v2/info/" + tt.path})
		if tt.fault != (fault{}) {
			a.want(t, tt.fault)
			continue
		}
		var got, want any
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s", tt.path, a.status, err, a.body)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.path, diff)
		}
	}
}

// TestTasks is the second half of spec images-v2 §7.
func TestTasks(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	at := time.Date(2026, 11, 24, 22, 50, 4, 123456000, time.UTC)
	for _, task := range []*glance.Task{
		{ID: img1, ImageID: img1, Type: "api_image_import", Status: glance.TaskSuccess, Owner: "p-alpha", RequestID: "req-1", UserID: "u-alice", CreatedAt: at, UpdatedAt: at, Input: json.RawMessage(`{"a": [null]}`), Message: "done"},
		{ID: img2, Type: "import", Status: glance.TaskPending, Owner: "p-alpha"},
	} {
		if err := r.db.CreateTask(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
	a := r.get(t, "/v2/images/"+img1+"/tasks")
	stored, err := r.db.Task(t.Context(), metadata.Everything(), img1)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000") }
	want := `{"tasks": [{"id": "` + img1 + `", "type": "api_image_import", "status": "success", "owner": "p-alpha", "expires_at": null, ` +
		`"created_at": "` + raw(stored.CreatedAt) + `", "updated_at": "` + raw(stored.UpdatedAt) + `", "deleted_at": null, "deleted": false, ` +
		`"image_id": "` + img1 + `", "request_id": "req-1", "user_id": "u-alice", "input": {"a": [null]}, "result": null, "message": "done"}]}`
	var got, wanted any
	if json.Unmarshal([]byte(a.body), &got) != nil || json.Unmarshal([]byte(want), &wanted) != nil || !cmp.Equal(got, wanted) {
		t.Errorf("got  %s\nwant %s", a.body, want)
	}
	for _, path := range []string{img2, "x"} {
		r.get(t, "/v2/images/"+path+"/tasks").want(t, fault{404, "", ""})
	}
	r.send(t, call{who: "carol", method: "GET", path: "/v2/images/" + img1 + "/tasks"}).want(t, fault{404, "", ""})
	r.send(t, call{method: "POST", path: "/v2/images/" + img1 + "/tasks"}).want(t, fault{404, "", ""})
}

// limited are limits of every project.
type limited map[quota.Resource]int64

func (l limited) Limits(context.Context, string, ...quota.Resource) (map[quota.Resource]int64, error) {
	return l, nil
}

// TestUsage: spec images-v2 §21 and §23.
func TestUsage(t *testing.T) {
	if got := newRig(t).get(t, "/v2/info/usage"); got.status != 200 || got.body != `{"usage": {}}` {
		t.Error(got)
	}
	limits := limited{quota.ImageSizeTotal: 10, quota.ImageStageTotal: -1, quota.ImageCountUploading: 3, "server_count": 1}
	r := newRig(t, func(d *v2.Door) {
		d.Allowance = &images.Allowance{Images: d.Uploader.Images, Limits: limits}
		d.Editor.Allowance = d.Allowance
	})
	r.add(t, image(func(img *glance.Image) {
		size := int64(3 << 20)
		img.Status, img.Size, img.Locations = glance.StatusActive, &size, []glance.Location{{URL: "mem://fast/x"}}
	}))
	const want = `{"usage": {"image_size_total": {"usage": 3, "limit": 10}, "image_stage_total": {"usage": 0, "limit": -1}, ` +
		`"image_count_total": {"usage": 1, "limit": 0}, "image_count_uploading": {"usage": 0, "limit": 3}}}`
	if got := r.get(t, "/v2/info/usage"); got.status != 200 || got.body != want {
		t.Errorf("got %+v, want %s", got, want)
	}
	got := r.sendJSON(t, "POST", "/v2/images", map[string]any{"name": "x"})
	if got.status != 413 || !strings.Contains(got.body, "quota threshold was breached.  The response body: Project p-alpha is over a limit for "+
		"[Resource image_count_total is over limit of 0 due to current usage 1 and delta 1]") {
		t.Error(got)
	}
}
