//go:build services

package services_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestDisks uploads what qemu-img makes, under its own name and under others.
func TestDisks(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs()), newShell(t)
	const virtual = 48 * mib
	s.write("data.raw", append(rig.Random(1, 5*mib), make([]byte, virtual-5*mib)...))
	tests := []struct{ name, format, qemu, options string }{
		{"qcow2", "qcow2", "qcow2", ""},
		{"qcow2 v2", "qcow2", "qcow2", "compat=0.10"},
		{"qcow2 clusters", "qcow2", "qcow2", "cluster_size=512"},
		{"vmdk sparse", "vmdk", "vmdk", "subformat=monolithicSparse"},
		{"vmdk stream", "vmdk", "vmdk", "subformat=streamOptimized"},
		{"vdi", "vdi", "vdi", ""},
		{"vhdx", "vhdx", "vhdx", ""},
		{"vhd", "vhd", "vpc", "force_size=on"},
		{"raw", "raw", "raw", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"convert", "-f", "raw", "-O", tt.qemu}
			if tt.options != "" {
				args = append(args, "-o", tt.options)
			}
			s.run("qemu-img", append(args, "data.raw", "disk")...)
			disk := s.read("disk")
			img := n.NewImageOf(tt.name, tt.format)
			n.Must(n.Put(t.Context(), img.ID, disk))
			n.CheckIs(img.ID, disk)
			if got, err := n.Show(t.Context(), img.ID); err != nil || got.VirtualSize == nil || *got.VirtualSize != virtual {
				t.Errorf("virtual size: %+v, %v, want %d", got, err, virtual)
			}
			if tt.format != "raw" { // raw is whatever somebody calls raw
				refused(t, n, tt.format, disk)
			}
		})
	}
}

// refused declares a disk as something else than it is.
func refused(t *testing.T, n *rig.Node, format string, disk []byte) {
	t.Helper()
	wrong := "qcow2"
	if format == wrong {
		wrong = "vmdk"
	}
	img := n.NewImageOf("wrong", wrong)
	a, err := n.Upload(t.Context(), img.ID, bytes.NewReader(disk), int64(len(disk)))
	n.Must(err)
	want := "Image disk_format " + wrong + " does not match stream data " + format
	if a.Status != http.StatusUnsupportedMediaType || !strings.Contains(string(a.Body), want) {
		t.Errorf("got %d %s, want 415 %s", a.Status, a.Body, want)
	}
	n.Await(img.ID, "queued")
	n.Check()
}

// TestUnsafeDisks: disks that would make their reader open other files.
func TestUnsafeDisks(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs()), newShell(t)
	s.write("base.raw", make([]byte, mib))
	s.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "backed.qcow2")
	s.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=outside.raw,data_file_raw=on", "outside.qcow2", "1M")
	s.run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", "flat.vmdk", "1M")
	for name, format := range map[string]string{"backed.qcow2": "qcow2", "outside.qcow2": "qcow2", "flat.vmdk": "vmdk"} {
		img := n.NewImageOf(name, format)
		disk := s.read(name)
		a, err := n.Upload(t.Context(), img.ID, bytes.NewReader(disk), int64(len(disk)))
		n.Must(err)
		if a.Status != http.StatusUnsupportedMediaType {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		n.Await(img.ID, "queued")
		n.Check()
	}
}
