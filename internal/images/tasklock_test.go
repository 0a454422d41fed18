package images_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
)

// TestTaskLock has spec image-states §5: when a lock is stale, and what breaking
// it does.
func TestTaskLock(t *testing.T) {
	tests := []struct {
		name   string
		status glance.TaskStatus // empty: there is no task
		age    time.Duration
		stale  bool
		left   glance.TaskStatus
	}{
		{"no task", "", 0, true, ""},
		{"young", glance.TaskProcessing, 59 * time.Minute, false, glance.TaskProcessing},
		{"old", glance.TaskProcessing, 60 * time.Minute, true, glance.TaskFailure},
		{"waiting", glance.TaskPending, 119 * time.Minute, false, glance.TaskPending},
		{"waiting too long", glance.TaskPending, 120 * time.Minute, true, glance.TaskFailure},
		{"done", glance.TaskSuccess, 59 * time.Minute, false, glance.TaskSuccess},
		{"done long ago", glance.TaskSuccess, 60 * time.Minute, true, glance.TaskSuccess},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := memdb.New()
				img := queued(func(img *glance.Image) {
					img.Properties = []glance.Property{
						{Name: "os_glance_importing_to_stores", Value: "fast,cheap"}, {Name: "os_glance_failed_import", Value: "web,fast"},
					}
				})
				if err := db.CreateImage(t.Context(), img); err != nil {
					t.Fatal(err)
				}
				if err := db.Lock(t.Context(), img1, "old"); err != nil {
					t.Fatal(err)
				}
				if tt.status != "" {
					task := &glance.Task{ID: "old", Status: tt.status, Input: json.RawMessage(`{"backend": ["fast", "web"]}`)}
					if err := db.CreateTask(t.Context(), task); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(tt.age)
				held, err := db.Image(t.Context(), metadata.Everything(), img1)
				if err != nil {
					t.Fatal(err)
				}
				err = images.TaskLock{Images: db, Tasks: db, Locks: db}.Take(t.Context(), held, "new")
				wantHolder := "old"
				if tt.stale {
					wantHolder = "new"
					if err != nil {
						t.Error(err)
					}
				} else {
					wantFault(t, err, fault{glance.Conflict, "Image has active task", ""})
				}
				after, err := db.Image(t.Context(), metadata.Everything(), img1)
				if err != nil {
					t.Fatal(err)
				}
				if p, _ := after.Property(glance.LockProperty); p.Value != wantHolder {
					t.Errorf("held by %q", p.Value)
				}
				importing, _ := after.Property("os_glance_importing_to_stores")
				failed, _ := after.Property("os_glance_failed_import")
				cleaned := tt.stale && tt.status != ""
				if want := map[bool]string{true: "cheap", false: "fast,cheap"}[cleaned]; importing.Value != want {
					t.Errorf("importing to %q", importing.Value)
				}
				if want := map[bool]string{true: "", false: "web,fast"}[cleaned]; failed.Value != want {
					t.Errorf("failed in %q", failed.Value)
				}
				if tt.status == "" {
					return
				}
				task, err := db.Task(t.Context(), metadata.Everything(), "old")
				if err != nil || task.Status != tt.left || (task.Status == glance.TaskFailure) != (task.Message == "Expired lock preempted") {
					t.Errorf("the old task is %+v, %v", task, err)
				}
			})
		})
	}
}
