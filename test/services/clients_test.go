//go:build services

package services_test

import (
	"bytes"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestOpenstackClient leads an image through its life with the unmodified
// openstack command, and looks at the effects from the side.
func TestOpenstackClient(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs()), newShell(t)
	openstack := func(args ...string) []string {
		return append([]string{"--os-auth-type", "none", "--os-endpoint", n.Base, "image"}, args...)
	}
	disk := rig.Random(1, 3*mib+5)
	s.write("disk.raw", disk)

	var made struct {
		ID, Name, Status, Checksum, Visibility string
		Size                                   int64
		Properties                             map[string]any
		Tags                                   []string
	}
	s.json(&made, "openstack", openstack("create", "-f", "json", "--file", "disk.raw", "--disk-format", "raw",
		"--container-format", "bare", "--property", "hw_disk_bus=virtio", "--tag", "try", "--private", "first")...)
	s.json(&made, "openstack", openstack("show", "-f", "json", "first")...)
	if made.Name != "first" || made.Status != "active" || made.Checksum != rig.MD5(disk) || made.Size != int64(len(disk)) ||
		made.Visibility != "private" || made.Properties["hw_disk_bus"] != "virtio" || len(made.Tags) != 1 ||
		made.Properties["os_hash_value"] != rig.SHA512(disk) {
		t.Errorf("created and shown: %+v", made)
	}
	n.CheckIs(made.ID, disk)

	s.run("openstack", openstack("set", "--name", "second", "--property", "os_type=linux", "--tag", "more", "--min-disk", "3", "first")...)
	s.run("openstack", openstack("unset", "--property", "hw_disk_bus", "--tag", "try", "second")...)
	var rows []map[string]any
	s.json(&rows, "openstack", openstack("list", "-f", "json", "--long", "--name", "second")...)
	if len(rows) != 1 || rows[0]["ID"] != made.ID || rows[0]["Checksum"] != rig.MD5(disk) {
		t.Errorf("listed: %v", rows)
	}
	made.Properties, made.Tags = nil, nil
	s.json(&made, "openstack", openstack("show", "-f", "json", made.ID)...)
	if made.Name != "second" || made.Properties["os_type"] != "linux" || made.Properties["hw_disk_bus"] != nil || strings.Join(made.Tags, " ") != "more" {
		t.Errorf("after set and unset: %+v", made)
	}

	s.run("openstack", openstack("save", "--file", "back.raw", "second")...)
	if !bytes.Equal(s.read("back.raw"), disk) {
		t.Error("what is saved is not what was created")
	}
	s.run("openstack", openstack("set", "--deactivate", "second")...)
	n.Await(made.ID, "deactivated")
	s.run("openstack", openstack("set", "--activate", "second")...)
	n.Await(made.ID, "active")

	s.run("openstack", openstack("set", "--protected", "second")...)
	if _, stderr, err := s.try("openstack", openstack("delete", "second")...); err == nil || !strings.Contains(stderr, "protected and cannot be deleted") {
		t.Errorf("a protected image: %v, %s", err, stderr)
	}
	s.run("openstack", openstack("set", "--unprotected", "second")...)
	s.run("openstack", openstack("delete", "second")...)
	if images := n.Check(); len(images) != 0 {
		t.Errorf("after delete: %+v", images)
	}
	if _, stderr, err := s.try("openstack", openstack("show", made.ID)...); err == nil || !strings.Contains(stderr, "No Image found") {
		t.Errorf("a deleted image: %v, %s", err, stderr)
	}
}

// TestGlanceClient is the same with the older command.
func TestGlanceClient(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs()), newShell(t)
	glance := func(args ...string) []string {
		// Nobody is asked for a token at that URL. Without one the client keeps the schema of images at a place where
		// its next start stumbles over it ("conflicting option string: --stores"), with the original as with us.
		return append([]string{"--os-image-url", n.Base, "--os-auth-token", "none", "--os-auth-url", "none"}, args...)
	}
	disk := rig.QCOW2(1, 2*mib, 5<<30)
	s.write("disk.qcow2", disk)

	out := s.run("glance", glance("image-create", "--file", "disk.qcow2", "--disk-format", "qcow2", "--container-format", "bare",
		"--name", "first", "--property", "hw_disk_bus=virtio")...)
	shown := table(out)
	id := shown["id"]
	if shown["status"] != "active" || shown["checksum"] != rig.MD5(disk) || shown["os_hash_value"] != rig.SHA512(disk) ||
		shown["virtual_size"] != "5368709120" || shown["hw_disk_bus"] != "virtio" {
		t.Fatalf("created:\n%s", out)
	}
	n.CheckIs(id, disk)
	if out := s.run("glance", glance("image-list")...); !strings.Contains(out, id) {
		t.Errorf("listed:\n%s", out)
	}
	s.run("glance", glance("image-update", "--name", "second", "--property", "os_type=linux", "--remove-property", "hw_disk_bus", "--visibility", "shared", id)...)
	s.run("glance", glance("image-tag-update", id, "try")...)
	s.run("glance", glance("member-create", id, "someproject")...)
	if out := s.run("glance", glance("member-list", "--image-id", id)...); !strings.Contains(out, "someproject") {
		t.Errorf("members:\n%s", out)
	}
	shown = table(s.run("glance", glance("image-show", id)...))
	if shown["name"] != "second" || shown["os_type"] != "linux" || shown["hw_disk_bus"] != "" || shown["tags"] != `["try"]` {
		t.Errorf("changed: %v", shown)
	}
	s.run("glance", glance("image-download", "--file", "back.qcow2", id)...)
	if !bytes.Equal(s.read("back.qcow2"), disk) {
		t.Error("what is downloaded is not what was created")
	}

	// The client takes what is not a terminal for the data, unless it is closed.
	queued := table(s.run("sh", append([]string{"-c", `exec glance "$@" <&-`, "sh"}, glance("image-create", "--disk-format", "raw", "--container-format", "bare", "--name", "later")...)...))
	if queued["status"] != "queued" {
		t.Errorf("without data: %v", queued)
	}
	s.write("later.raw", rig.Random(2, mib))
	s.run("glance", glance("image-upload", "--file", "later.raw", queued["id"])...)
	n.CheckIs(queued["id"], rig.Random(2, mib))

	s.run("glance", glance("image-delete", id, queued["id"])...)
	if images := n.Check(); len(images) != 0 {
		t.Errorf("after delete: %+v", images)
	}
	if _, stderr, err := s.try("glance", glance("image-show", id)...); err == nil || !strings.Contains(stderr, "No image found with ID "+id) {
		t.Errorf("a deleted image: %v, %s", err, stderr)
	}
}

// table reads the two columns that the clients print; a long value goes on in
// the lines below.
func table(out string) map[string]string {
	rows := map[string]string{}
	name := ""
	for line := range strings.Lines(out) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			if cell := strings.TrimSpace(cells[1]); cell != "" {
				name = cell
			}
			rows[name] += strings.TrimSpace(cells[2])
		}
	}
	return rows
}
