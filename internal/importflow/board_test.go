package importflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/importflow"
	"glance/internal/quota"
)

// board is the API of tasks on a rig; what is read of an image is its name only.
func (r *rig) board() *importflow.Board {
	unlimited := quota.Limits{MaxProperties: -1, MaxTags: -1, MaxMembers: -1, MaxLocations: -1}
	return &importflow.Board{
		Tasks: r.db, Policy: r.im.Policy, Log: r.im.Log,
		Legacy: &importflow.Legacy{
			Importer: r.im, Source: r.web, Filter: &importflow.Filter{Lookup: lookup},
			Editor: &images.Editor{Images: r.db, Policy: r.im.Policy, Stores: r.stores, Limits: unlimited, SizeCap: 1000},
			Read: func(properties map[string]any) (images.Creation, error) {
				name, ok := properties["name"].(string)
				if !ok {
					return images.Creation{}, errBoom
				}
				disk, _ := properties["disk_format"].(string)
				container, _ := properties["container_format"].(string)
				return images.Creation{Image: glance.Image{ID: img1, Name: &name, DiskFormat: disk, ContainerFormat: container}}, nil
			},
		},
	}
}

func TestBoardAccess(t *testing.T) {
	b := newRig(t, true).board()
	if err := b.MaySee(t.Context(), boss); err != nil {
		t.Error(err)
	}
	wantFault(t, b.MaySee(t.Context(), alice), fault{glance.Forbidden, "You are not authorized to complete tasks_api_access action."})
}

func TestBoardList(t *testing.T) {
	r := newRig(t, true)
	b := r.board()
	ids := []string{"11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000", "33333333-0000-4000-8000-000000000000"}
	for i, id := range ids {
		task := &glance.Task{ID: id, Type: "import", Status: glance.TaskSuccess, Owner: "p-alpha", Input: json.RawMessage(`{}`), CreatedAt: time.Unix(int64(i), 0)}
		if i == 0 {
			task.ExpiresAt = time.Now().Add(-time.Hour)
		}
		if err := r.db.Store.CreateTask(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
	list, err := b.List(t.Context(), alice, importflow.TaskListing{SortKey: "created_at", Limit: 1})
	if err != nil || len(list) != 1 || list[0].ID != ids[2] || list[0].Input != nil {
		t.Fatalf("got %v, %v", list, err)
	}
	list, err = b.List(t.Context(), alice, importflow.TaskListing{SortKey: "created_at", Limit: 5, Marker: ids[2]})
	if err != nil || len(list) != 1 || list[0].ID != ids[1] {
		t.Fatalf("got %v, %v", list, err)
	}
	if list, err = b.List(t.Context(), bob, importflow.TaskListing{SortKey: "created_at", Limit: 5}); err != nil || len(list) != 0 {
		t.Errorf("bob sees %v, %v", list, err)
	}
	_, err = b.List(t.Context(), alice, importflow.TaskListing{SortKey: "created_at", Limit: 5, Marker: unknown})
	wantFault(t, err, fault{glance.Invalid, "No task found with ID " + unknown})
	_, err = b.List(t.Context(), alice, importflow.TaskListing{SortKey: "input", Limit: 5})
	if !errors.Is(err, glance.Invalid) {
		t.Errorf("got %v", err)
	}
	_, err = b.Show(t.Context(), boss, ids[0]) // expired, and removed by the look at the list
	wantFault(t, err, fault{glance.NotFound, "Could not find task " + ids[0]})
	_, err = b.Show(t.Context(), bob, ids[1])
	wantFault(t, err, fault{glance.NotFound, "Could not find task " + ids[1]})
	if task, err := b.Show(t.Context(), boss, ids[1]); err != nil || string(task.Input) != "{}" {
		t.Errorf("got %v, %v", task, err)
	}
}

// made runs a task to its end.
func (r *rig) made(t *testing.T, kind, input string) *glance.Task {
	t.Helper()
	made, err := r.board().Create(context.Background(), boss, kind, json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	r.running.Wait()
	if made.Status != glance.TaskPending || string(made.Input) != input || made.Owner != "p-admin" {
		t.Errorf("made %+v", made)
	}
	task, err := r.db.Store.Task(context.Background(), scopeAll, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if left := r.journal.left(); len(left) > 0 || task.ExpiresAt.IsZero() {
		t.Errorf("left %v, %+v", left, task)
	}
	return task
}

func TestLegacyRefused(t *testing.T) {
	b := newRig(t, true).board()
	for input, want := range map[string]string{
		`{}`:                                  "Invalid location: None",
		`null`:                                "Invalid location: None",
		`{"import_from": 5}`:                  "Invalid location: None",
		`{"import_from": "file:///x"}`:        "File based imports are not allowed. Please use a non-local source of image data.",
		`{"import_from": "filesystem:///x"}`:  "File based imports are not allowed. Please use a non-local source of image data.",
		`{"import_from": "https://a/x"}`:      "The given uri is not valid. Please specify a valid uri from the following list of supported uri ['http']",
		`{"import_from": "http://nowhere/x"}`: "URI for legacy import task does not pass filtering: http://nowhere/x",
	} {
		_, err := b.Create(t.Context(), boss, "import", json.RawMessage(input))
		wantFault(t, err, fault{glance.Invalid, want})
	}
}

func TestLegacyFails(t *testing.T) {
	const generic = "Task failed due to Internal Error"
	tests := []struct{ kind, input, want string }{
		{"api_image_import", `{}`, "Input to api_image_import task is empty."},
		{"location_import", `{}`, "Missing required 'image_id' field"},
		{"import", `{"import_from": "http://localhost/x"}`, "Input does not contain 'import_from_format' field"},
		{"import", `{"import_from": "http://localhost/x", "import_from_format": "raw"}`, "Input does not contain 'image_properties' field"},
		{"import", `{"import_from": "http://localhost/x", "import_from_format": "raw", "image_properties": 5}`, generic},
		{"import", `{"import_from": "http://localhost/x", "import_from_format": "raw", "image_properties": {}}`, generic},
	}
	for _, tt := range tests {
		r := newRig(t, true)
		if task := r.made(t, tt.kind, tt.input); task.Status != glance.TaskFailure || task.Message != tt.want {
			t.Errorf("%s %s: %+v", tt.kind, tt.input, task)
		}
	}
}

const legacyInput = `{"import_from": "http://localhost/x", "import_from_format": "raw", "image_properties": {"name": "n", "disk_format": "raw"}}`

func TestLegacy(t *testing.T) {
	r := newRig(t, true)
	task := r.made(t, "import", legacyInput)
	img := r.get(t)
	if task.Status != glance.TaskSuccess || string(task.Result) != `{"image_id":"`+img1+`"}` || img.Status != glance.StatusActive || *img.Name != "n" ||
		img.ContainerFormat != "bare" || r.held() != "a" {
		t.Errorf("task %+v, image %+v", task, img)
	}
	r = newRig(t, true)
	r.drivers["a"].put = errBoom
	task = r.made(t, "import", legacyInput)
	if img := r.get(t); task.Status != glance.TaskFailure || img.Status != glance.StatusQueued || r.held() != "" {
		t.Errorf("task %+v, image %+v, data %s", task, img, r.held())
	}
}

// TestLegacyCrash: whatever the process had done, the next start ends the task.
func TestLegacyCrash(t *testing.T) {
	for limit := 1; ; limit++ {
		r := newRig(t, true)
		r.fuse.limit = limit
		made, err := r.board().Create(context.Background(), boss, "import", json.RawMessage(legacyInput))
		r.running.Wait()
		over := r.fuse.steps > limit
		r.restart(t)
		tasks, listErr := r.db.ListTasks(t.Context(), scopeAll, taskQuery())
		if listErr != nil {
			t.Fatal(listErr)
		}
		for _, task := range tasks {
			if task.Status != glance.TaskFailure && task.Status != glance.TaskSuccess {
				t.Errorf("after %d steps: %+v", limit, task)
			}
		}
		img := r.get(t)
		if img != nil {
			_, lock := img.Property(glance.LockProperty)
			whole := img.Status == glance.StatusQueued && r.held() == "" || img.Status == glance.StatusActive && r.held() == "a"
			if lock || !whole {
				t.Errorf("after %d steps: %+v, data %s", limit, img, r.held())
			}
		}
		if t.Failed() || !over {
			if err != nil || made == nil || !strings.Contains(r.held(), "a") {
				t.Errorf("at last: %v, %s", err, r.held())
			}
			return
		}
	}
}
