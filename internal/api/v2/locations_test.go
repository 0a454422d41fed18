package v2_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/multihash"
	"glance/internal/store"
	"glance/internal/store/mem"
)

// pages is a store of type http that has data everywhere.
type pages struct{ store.Driver }

func (pages) Size(context.Context, string) (int64, error) { return 4, nil }
func (pages) Owns(url string) bool                        { return strings.HasPrefix(url, "http") }
func (pages) Delete(context.Context, string) error        { return store.NoDelete() }
func (pages) Info() store.Info {
	return store.Info{Type: "http", Schemes: []string{"http"}, ReadOnly: true}
}

func (pages) Open(context.Context, string, int64) (store.Data, error) {
	return store.Data{ReadCloser: io.NopCloser(strings.NewReader("data")), Size: 4}, nil
}

// located is a rig whose door shows locations, stages, and reads the web. jobs
// waits for its tasks.
func located(t *testing.T) (r *rig, jobs *sync.WaitGroup) {
	t.Helper()
	r, jobs = newRig(t), new(sync.WaitGroup)
	work := images.NewJobs(context.Background(), 1, func() func() {
		jobs.Add(1)
		return jobs.Done
	})
	t.Cleanup(func() { _ = work.Close() })
	stores, err := store.NewSet(true, "fast",
		store.Named{ID: "fast", Driver: mem.New("fast"), Weight: 1}, store.Named{ID: "web", Driver: pages{}})
	if err != nil {
		t.Fatal(err)
	}
	log, buffers := slog.New(slog.DiscardHandler), &multihash.Pool{BufferSize: 512}
	d := r.door
	rules := d.Editor.Policy
	d.Config.ShowLocations = true
	d.Editor.Stores, d.Catalog.Stores, d.Catalog.Log, d.Uploader.Stores, d.Downloader.Stores = stores, stores, log, stores, stores
	d.Editor.Locations = images.LocationChanges{Shown: true, HashAlgo: "sha256", Journal: noJournal{}, Log: log}
	d.Locator = &images.Locator{
		Images: r.db, Tasks: r.db, Locks: r.db, Policy: rules, Stores: stores, Journal: noJournal{}, Buffers: buffers,
		Jobs: work, Log: log, Limits: d.Editor.Limits, SecureHash: true, HashAlgo: "sha256", TaskLife: time.Hour,
	}
	d.Stager = &images.Stager{
		Images: r.db, Policy: rules, Staging: &images.Staging{Driver: mem.New("staging"), Prefix: "mem://staging/"},
		Journal: noJournal{}, Buffers: buffers, Log: log, SizeCap: 1000,
	}
	d.CopyDeleter = &images.CopyDeleter{Images: r.db, Policy: rules, Stores: stores, Journal: noJournal{}, Log: log}
	return r, jobs
}

func (r *rig) patchLocations(t *testing.T, who, body string) answer {
	t.Helper()
	header := map[string]string{"Content-Type": "application/openstack-images-v2.1-json-patch"}
	return r.send(t, call{who: who, method: "PATCH", path: "/v2/images/" + img1, body: body, header: header})
}

// TestPatchLocationsSyntax has the rows of spec images-v2 §9.2 that are about
// locations: they come before the image is looked up.
func TestPatchLocationsSyntax(t *testing.T) {
	schema := fault{400, "Provided object does not match schema 'image': …", ""}
	tests := []struct {
		name, op string
		want     fault
	}{
		{"add too short", `{"op": "add", "path": "/locations", "value": {}}`, fault{400, "Invalid JSON pointer for this resource: '/locations'", ""}},
		{"add too long", `{"op": "add", "path": "/locations/1/2", "value": {}}`, fault{400, "Invalid JSON pointer for this resource: '/locations/1/2'", ""}},
		{"remove too short", `{"op": "remove", "path": "/locations"}`, fault{400, "Invalid JSON pointer for this resource: '/locations'", ""}},
		{"replace too long", `{"op": "replace", "path": "/locations/0", "value": []}`, fault{400, "Invalid JSON pointer for this resource: '/locations/0'", ""}},
		{"no value", `{"op": "add", "path": "/locations/-"}`, fault{400, `Operation "add" requires a member named "value".`, ""}},
		{"no URL", `{"op": "add", "path": "/locations/-", "value": {"metadata": {}}}`, schema},
		{"no metadata", `{"op": "add", "path": "/locations/-", "value": {"url": "http://a"}}`, schema},
		{"no list", `{"op": "replace", "path": "/locations", "value": {"url": "http://a", "metadata": {}}}`, schema},
		{"half a hash", `{"op": "add", "path": "/locations/-", "value": {"url": "http://a", "metadata": {}, "validation_data": {"os_hash_algo": "md5"}}}`, schema},
		{"well formed", `{"op": "add", "path": "/locations/x", "value": {"url": "", "metadata": {}}}`, fault{404, "No image found with ID " + img1, ""}},
	}
	r, _ := located(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { r.patchLocations(t, "", "["+tt.op+"]").want(t, tt.want) })
	}
}

// TestPatchLocationsEcho: what nobody stores is in the answer all the same, and
// only there.
func TestPatchLocationsEcho(t *testing.T) {
	r, _ := located(t)
	r.add(t, image())
	const said = `{"os_hash_algo": "sha256", "os_hash_value": "` + hash64 + `"}`
	a := r.patchLocations(t, "", `[{"op": "add", "path": "/locations/-", "value": {"url": "http://a", "metadata": {"n": 1.5},
		"more": [1, null], "validation_data": `+said+`}}]`)
	wantLocations(t, a, `[{"url": "http://a", "metadata": {"n": 1.5, "store": "web"}, "more": [1, null], "validation_data": `+said+`}]`)
	plain := `{"url": "http://a", "metadata": {"n": 1.5, "store": "web"}}`
	wantLocations(t, r.get(t, "/v2/images/"+img1), "["+plain+"]")
	// Draft 4 has its own spelling and may overwrite what it likes.
	header := map[string]string{"Content-Type": "application/openstack-images-v2.0-json-patch"}
	a = r.send(t, call{
		method: "PATCH", path: "/v2/images/" + img1, header: header,
		body: `[{"add": "/locations/0", "value": {"url": "http://b", "metadata": {}}}]`,
	})
	wantLocations(t, a, `[{"url": "http://b", "metadata": {"store": "web"}}, `+plain+`]`)
	a = r.patchLocations(t, "boss", `[{"op": "remove", "path": "/locations/1"}]`)
	wantLocations(t, a, "["+plain+"]")
	a = r.patchLocations(t, "boss", `[{"op": "remove", "path": "/locations/0"}]`)
	a.want(t, fault{403, "", "Cannot remove last location in the image."})
}

const hash64 = "abababababababababababababababababababababababababababababababab"

func wantLocations(t *testing.T, a answer, want string) {
	t.Helper()
	var list any
	if err := json.Unmarshal([]byte(want), &list); err != nil {
		t.Fatal(err)
	}
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if diff := cmp.Diff(list, a.decode(t)["locations"]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAddLocationBody: the body is checked before the image is looked up.
func TestAddLocationBody(t *testing.T) {
	schema := fault{400, "Provided object does not match schema 'location': …", ""}
	tests := []struct {
		body string
		want fault
	}{
		{"", fault{400, "Body expected in request.", ""}},
		{"{", fault{400, "Malformed JSON in request body.", ""}},
		{"5", fault{400, "Unexpected body type. Expected list/dict.", ""}},
		{"[]", schema},
		{"{}", schema},
		{`{"url": 5}`, schema},
		{`{"url": null}`, schema},
		{`{"url": "http://a", "validation_data": null}`, schema},
		{`{"url": "http://a", "validation_data": {}}`, schema},
		{`{"url": "http://a", "validation_data": {"os_hash_algo": "md5"}}`, schema},
		{`{"url": "http://a", "validation_data": {"os_hash_value": "ab"}}`, schema},
		{`{"url": "http://a", "validation_data": {"os_hash_algo": "md4", "os_hash_value": "ab"}}`, schema},
		{`{"url": "http://a", "validation_data": {"os_hash_algo": "md5", "os_hash_value": "ab", "checksum": "ab"}}`, schema},
		{`{"url": "http://a", "more": 1}`, fault{404, "No image found with ID " + unknown, ""}},
	}
	r, _ := located(t)
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			r.send(t, call{method: "POST", path: "/v2/images/" + unknown + "/locations", body: tt.body}).want(t, tt.want)
		})
	}
}

func TestLocationsCalls(t *testing.T) {
	r, jobs := located(t)
	r.add(t, image())
	path := "/v2/images/" + img1 + "/locations"
	body := `{"url": "http://a", "validation_data": {"os_hash_algo": "md5", "os_hash_value": "8D777F385D3DFEC8815D20F7496026DC"}}`
	r.send(t, call{who: "anon", method: "POST", path: path, body: body}).want(t, fault{404, "No image found with ID " + img1, ""})
	if a := r.send(t, call{who: "boss", method: "GET", path: path}); a.status != 200 || a.body != "[]" {
		t.Errorf("queued: %+v", a)
	}
	if a := r.send(t, call{method: "POST", path: path, body: body}); a.status != 202 || a.body != "" {
		t.Fatalf("added: %+v", a)
	}
	jobs.Wait()
	if a := r.send(t, call{who: "boss", method: "GET", path: path}); a.body != `[{"url": "http://a", "metadata": {"store":"web"}}]` {
		t.Errorf("read: %+v", a)
	}
	img := r.get(t, "/v2/images/"+img1).decode(t)
	if img["status"] != "active" || img["os_hash_algo"] != "md5" || img["size"] != 4.0 {
		t.Errorf("image is %v", img)
	}
	r.send(t, call{who: "boss", method: "GET", path: path, body: "{}"}).want(t, fault{400, "A body is not expected with this request.", ""})
	// Compat: GET is not in the header (spec images-v2 §1.2).
	if a := r.send(t, call{method: "PUT", path: path}); a.status != 405 || a.header.Get("Allow") != "POST" {
		t.Errorf("PUT: %+v", a)
	}
}

func TestStageCalls(t *testing.T) {
	r, _ := located(t)
	r.add(t, image())
	path := "/v2/images/" + img1 + "/stage"
	r.send(t, call{method: "PUT", path: path, body: "data"}).want(t, fault{415, "", "Invalid content type None"})
	bad := octets()
	bad["X-Openstack-Image-Size"] = "x"
	r.send(t, call{method: "PUT", path: path, body: "data", header: bad}).want(t,
		fault{400, "Invalid or missing image size in request headers.", ""})
	r.send(t, call{who: "anon", method: "PUT", path: path, body: "data", header: octets()}).want(t, fault{403, "", "Read-only access"})
	if a := r.send(t, call{method: "PUT", path: path, body: "data", header: octets()}); a.status != 204 || a.body != "" {
		t.Fatalf("staged: %+v", a)
	}
	if img := r.get(t, "/v2/images/"+img1).decode(t); img["status"] != "uploading" || img["size"] != 4.0 {
		t.Errorf("image is %v", img)
	}
	if a := r.get(t, "/v2/images/"+img1+"/file"); a.status != 204 {
		t.Errorf("data: %+v", a)
	}
	r.door.Config.ImportMethods = []string{"web-download"}
	r.send(t, call{method: "PUT", path: path, body: "data"}).want(t,
		fault{404, "'glance-direct' method is not available at this site.", ""})
}

func TestDeleteCopyCalls(t *testing.T) {
	r, _ := located(t)
	r.fill(t, "data")
	path := "/v2/stores/fast/" + img1
	r.send(t, call{who: "boss", method: "DELETE", path: path, body: "{}"}).want(t, fault{400, "A body is not expected with this request.", ""})
	r.send(t, call{method: "DELETE", path: "/v2/stores/nope/" + img1}).want(t,
		fault{409, "The selected store nope is not available on this node.", ""})
	r.send(t, call{who: "boss", method: "DELETE", path: path}).want(t,
		fault{403, "Cannot delete image data from the only store containing it. Consider deleting the image instead.", ""})
	if a := r.patchLocations(t, "", `[{"op": "add", "path": "/locations/-", "value": {"url": "http://a", "metadata": {}}}]`); a.status != 200 {
		t.Fatal(a)
	}
	if a := r.send(t, call{who: "boss", method: "DELETE", path: path}); a.status != 204 {
		t.Errorf("deleted: %+v", a)
	}
	img, err := r.db.Image(t.Context(), metadata.Everything(), img1)
	if err != nil || len(img.Locations) != 1 || img.Status != glance.StatusActive {
		t.Errorf("left %+v, %v", img, err)
	}
	for _, p := range []string{"/v2/stores", "/v2/stores/fast"} {
		if a := r.send(t, call{who: "boss", method: "DELETE", path: p}); a.status != 404 {
			t.Errorf("%s: %d", p, a.status)
		}
	}
}
