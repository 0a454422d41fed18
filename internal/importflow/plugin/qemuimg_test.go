//go:build services

package plugin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"glance/internal/glance"
	"glance/internal/importflow/plugin"
)

// TestConvertForReal brings disks of every kind into every format that there may
// be.
func TestConvertForReal(t *testing.T) {
	for _, from := range []string{"raw", "qcow2", "vmdk", "vdi", "vhdx"} {
		for _, to := range []string{"raw", "qcow2", "vmdk"} {
			t.Run(from+" to "+to, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "staged")
				out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-q", "-f", from, path, "1M").CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				w := work(t, "")
				w.Path, w.SizeCap = path, 1<<30
				w.Image.DiskFormat = from
				err = convert(t, w, plugin.Conversion{To: to, VMDKTypes: []string{"streamOptimized", "monolithicSparse"}})
				if err != nil {
					t.Fatal(err)
				}
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				img := w.Image
				if img.DiskFormat != to || *img.VirtualSize != 1<<20 || from != to && *img.Size != info.Size() {
					t.Errorf("image is %+v", img)
				}
				if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
					t.Errorf("%v, %v", list, err)
				}
			})
		}
	}
	w := work(t, "")
	w.Image = &glance.Image{DiskFormat: "vmdk", ContainerFormat: "bare"}
	out, err := exec.CommandContext(t.Context(), "qemu-img", "create", "-q", "-f", "vmdk", w.Path, "1M").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := convert(t, w, plugin.Conversion{To: "raw"}); err == nil || err.Error() != "Image is a VMDK, but no VMDK createType is specified" {
		t.Errorf("got %v", err)
	}
}
