package glance_test

import (
	"errors"
	"testing"

	"glance/internal/glance"
)

// TestTransitions walks the whole square of spec image-states §2.
func TestTransitions(t *testing.T) {
	legal := map[string]string{
		"queued":         "saving uploading importing active deleted",
		"saving":         "active killed deleted queued",
		"uploading":      "importing queued deleted",
		"importing":      "active deleted queued",
		"active":         "pending_delete deleted deactivated",
		"killed":         "deleted",
		"pending_delete": "deleted active",
		"deleted":        "",
		"deactivated":    "active deleted pending_delete",
	}
	for _, from := range glance.Statuses() {
		want := make(map[glance.Status]bool)
		for _, to := range splitStatuses(legal[string(from)]) {
			want[to] = true
		}
		for _, to := range glance.Statuses() {
			img := glance.Image{Status: from, DiskFormat: "raw", ContainerFormat: "bare"}
			err := img.Move(to)
			if (err == nil) != want[to] {
				t.Errorf("%s to %s: %v, want legal %v", from, to, err, want[to])
			}
			if err != nil && !errors.Is(err, glance.Conflict) {
				t.Errorf("%s to %s: %v is not a conflict", from, to, err)
			}
			if err == nil && img.Status != to {
				t.Errorf("%s to %s left %s", from, to, img.Status)
			}
		}
	}
}

func splitStatuses(s string) []glance.Status {
	var out []glance.Status
	start := 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == ' ' {
			if i > start {
				out = append(out, glance.Status(s[start:i]))
			}
			start = i + 1
		}
	}
	return out
}

func TestMoveGuardsFormats(t *testing.T) {
	tests := []struct {
		name, disk, container string
		from, to              glance.Status
		want                  string
	}{
		{"both missing", "", "", glance.StatusQueued, glance.StatusSaving, "Properties disk_format, container_format must be set prior to saving data."},
		{"disk missing", "", "bare", glance.StatusQueued, glance.StatusActive, "Property disk_format must be set prior to saving data."},
		{"container missing", "raw", "", glance.StatusUploading, glance.StatusImporting, "Property container_format must be set prior to saving data."},
		{"staging needs none", "", "", glance.StatusQueued, glance.StatusUploading, ""},
		{"deleting needs none", "", "", glance.StatusQueued, glance.StatusDeleted, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			img := glance.Image{Status: tt.from, DiskFormat: tt.disk, ContainerFormat: tt.container}
			err := img.Move(tt.to)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || err.Error() != tt.want || !errors.Is(err, glance.Invalid) {
				t.Errorf("got %v, want Invalid %q", err, tt.want)
			}
			if img.Status != tt.from {
				t.Errorf("status became %s", img.Status)
			}
		})
	}
}

func TestQueuedForgetsSizes(t *testing.T) {
	n := int64(7)
	img := glance.Image{Status: glance.StatusSaving, Size: &n, VirtualSize: &n}
	if err := img.Move(glance.StatusQueued); err != nil {
		t.Fatal(err)
	}
	if img.Size != nil || img.VirtualSize != nil {
		t.Error("sizes are still set")
	}
}
