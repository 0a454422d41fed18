package v2_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/importflow"
	"glance/internal/metadata"
)

// seen is a method that remembers what it was asked for.
type seen struct{ last *importflow.Request }

func (s *seen) Check(_ context.Context, r *importflow.Request) error {
	s.last = r
	return nil
}

func (*seen) Open(context.Context, *importflow.Work) (*importflow.Source, error) {
	return &importflow.Source{ReadCloser: io.NopCloser(strings.NewReader("data")), Size: 4}, nil
}

// importing is a rig whose door imports; jobs waits for its tasks.
func importing(t *testing.T) (r *rig, method *seen, jobs *sync.WaitGroup) {
	t.Helper()
	r, jobs = located(t)
	method = &seen{}
	d := r.door
	d.Config.ImportMethods = []string{"glance-direct", "web-download", "glance-download", "odd"}
	d.Importer = &importflow.Importer{
		Images: r.db, Tasks: r.db, Locks: r.db, Policy: d.Editor.Policy, Stores: d.Uploader.Stores, Stager: d.Stager,
		Uploader: d.Uploader, Journal: noJournal{}, Jobs: d.Locator.Jobs, Log: slog.New(slog.DiscardHandler),
		Methods:  map[string]importflow.Method{"glance-direct": method, "web-download": method, "glance-download": method},
		TaskLife: time.Hour,
	}
	return r, method, jobs
}

func (r *rig) importing(t *testing.T, who, body string, header map[string]string) answer {
	t.Helper()
	return r.send(t, call{who: who, method: "POST", path: "/v2/images/" + img1 + "/import", body: body, header: header})
}

// TestImportBody has the rows of spec import §3.2, and that the body comes before
// the caller and the image.
func TestImportBody(t *testing.T) {
	invalid := func(text string) fault { return fault{400, text, ""} }
	tests := []struct {
		body string
		want fault
	}{
		{"", invalid("Body expected in request.")},
		{"{", invalid("Malformed JSON in request body.")},
		{"5", invalid("Unexpected body type. Expected list/dict.")},
		{"[]", invalid("Unexpected body type. Expected list/dict.")},
		{"{}", invalid("Import request requires a 'method' field.")},
		{`{"method": null}`, invalid("The 'method' field of an import request has to be an object.")},
		{`{"method": {}}`, invalid("Import request requires a 'name' field.")},
		{`{"method": {"name": "copy-image"}}`, invalid("Unknown import method name 'copy-image'.")},
		{`{"method": {"name": 5}}`, invalid("Unknown import method name '5'.")},
		{`{"method": {"name": "odd"}}`, invalid("Unknown import method name 'odd'.")},
		{`{"method": {"name": "web-download"}, "all_stores": 1, "all_stores_must_succeed": 1}`, invalid("'all_stores_must_succeed' must be boolean value only")},
		{`{"method": {"name": "web-download"}, "all_stores": null}`, invalid("'all_stores' must be boolean value only")},
		{`{"method": {"name": "web-download"}, "stores": "fast"}`, invalid("'stores' must be a list of store ids")},
		{`{"method": {"name": "web-download"}, "stores": [1]}`, invalid("'stores' must be a list of store ids")},
		{`{"method": {"name": "web-download"}}`, fault{403, "", "Read-only access"}},
	}
	r, _, _ := importing(t)
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) { r.importing(t, "anon", tt.body, nil).want(t, tt.want) })
	}
}

func TestImportCall(t *testing.T) {
	r, method, jobs := importing(t)
	r.add(t, image())
	body := `{"method": {"name": "web-download", "uri": "http://a/<b>", "n": 1.50}, "all_stores_must_succeed": false, "x": [1]}`
	a := r.importing(t, "", body, map[string]string{"X-Image-Meta-Store": "fast"})
	if a.status != 202 || a.body != "" || a.header.Get("Content-Type") != "text/html; charset=UTF-8" || a.header.Get("Content-Length") != "0" {
		t.Errorf("got %+v", a)
	}
	jobs.Wait()
	got := method.last
	if *got.URI != "http://a/<b>" || !got.Tolerant || got.AllStores || got.StoresGiven || *got.InStore != "fast" || got.Replayed {
		t.Errorf("asked for %+v", got)
	}
	if img := r.get(t, "/v2/images/"+img1).decode(t); img["status"] != "active" || img["stores"] != "fast" {
		t.Errorf("image is %v", img)
	}
	tasks, err := r.db.TasksOf(t.Context(), metadata.Everything(), img1, time.Now())
	if err != nil || len(tasks) != 1 || !strings.Contains(string(tasks[0].Input), `"n":1.50`) {
		t.Errorf("tasks are %v, %v", tasks, err)
	}
}

func TestImportGlanceDownload(t *testing.T) {
	r, method, jobs := importing(t)
	r.add(t, image())
	body := `{"method": {"name": "glance-download", "glance_region": "two", "glance_image_id": "` + img2 + `"}, "stores": ["fast"]}`
	if a := r.importing(t, "", body, map[string]string{"X-Glance-Replayed": "1"}); a.status != 202 {
		t.Fatalf("got %+v", a)
	}
	jobs.Wait()
	got := method.last
	if got.Region != "two" || got.ImageID != img2 || got.Interface != "public" || !got.Replayed || len(got.Stores) != 1 ||
		!strings.Contains(string(got.Body), `"glance_service_interface":"public"`) {
		t.Errorf("asked for %+v %s", got, got.Body)
	}
}

// there is the node that has staged the data.
type there struct{ images.Peers }

func (there) Import(context.Context, string, string, *glance.Caller, []byte, *string) (string, error) {
	return "req-there", nil
}

func TestImportElsewhere(t *testing.T) {
	r, _, _ := importing(t)
	r.door.Importer.Peers = there{}
	img := image()
	img.Status = glance.StatusUploading
	img.Properties = []glance.Property{{Name: glance.StageHostProperty, Value: "http://there"}}
	r.add(t, img)
	a := r.importing(t, "", `{"method": {"name": "glance-direct"}}`, nil)
	if a.status != 202 || a.header.Get("X-Openstack-Request-Id") != "req-there" {
		t.Errorf("got %+v", a)
	}
}
