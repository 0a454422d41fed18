//go:build services

package services_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestGlanceClientV1 leads images through their lives with the command that
// spoke version 1 of the API. It quotes what is not ASCII, which the server
// takes for what it is: clients of that version's time did not.
func TestGlanceClientV1(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs(), "enable_v1_api = true"), newShell(t)
	args := func(args ...string) []string {
		return append([]string{"--os-image-api-version", "1", "--os-image-url", n.Base, "--os-auth-token", "none", "--os-auth-url", "none"}, args...)
	}
	glance := func(a ...string) string { t.Helper(); return s.run("glance", args(a...)...) }
	// The client takes what is not a terminal for the data.
	atTerminal := func(a ...string) map[string]string {
		t.Helper()
		line := "glance"
		for _, word := range args(a...) {
			line += " '" + word + "'"
		}
		return table(strings.ReplaceAll(s.run("script", "-qec", line, "/dev/null"), "\r", ""))
	}
	listed := func(id string, filter ...string) bool {
		t.Helper()
		return strings.Contains(glance(append([]string{"image-list"}, filter...)...), id)
	}
	disk := rig.QCOW2(1, 2*mib, 5<<30)
	s.write("disk.qcow2", disk)

	shown := table(glance("image-create", "--file", "disk.qcow2", "--disk-format", "qcow2", "--container-format", "bare", "--name", "first",
		"--checksum", rig.MD5(disk), "--is-public", "True", "--min-ram", "3", "--store", "file", "--property", "Distro=Debian", "--property", "os_type=linux"))
	id := shown["id"]
	if shown["status"] != "active" || shown["checksum"] != rig.MD5(disk) || shown["is_public"] != "True" || shown["name"] != "first" ||
		shown["min_ram"] != "3" || shown["Property 'distro'"] != "Debian" || shown["Property 'os_type'"] != "linux" || shown["deleted"] != "False" {
		t.Fatalf("created: %v", shown)
	}
	n.CheckIs(id, disk)
	for filter, want := range map[string]bool{
		"--name=first": true, "--name=fir": false, "--status=active": true, "--status=queued": false, "--disk-format=qcow2": true,
		"--disk-format=raw": false, "--container-format=bare": true, "--size-min=2097152": true, "--size-min=2097153": false, "--size-max=2097152": true,
		"--size-max=1": false, "--property-filter=os_type=linux": true, "--property-filter=os_type=bsd": false, "--is-public=False": false,
		"--changes-since=2020-01-01T00:00:00": true, "--changes-since=2100-01-01": false, "--all-tenants": true,
	} {
		if listed(id, filter) != want {
			t.Errorf("image-list %s: %v", filter, !want)
		}
	}
	shown = atTerminal("image-update", "--name", "second", "--property", "more=1", "--is-public", "False", "first")
	if shown["name"] != "second" || shown["is_public"] != "False" || shown["Property 'os_type'"] != "linux" || shown["Property 'more'"] != "1" {
		t.Errorf("updated: %v", shown)
	}
	shown = atTerminal("image-update", "--purge-props", "--property", "only=this", "--is-protected", "True", id)
	if shown["Property 'only'"] != "this" || shown["Property 'os_type'"] != "" || shown["protected"] != "True" || shown["min_ram"] != "3" {
		t.Errorf("properties replaced: %v", shown)
	}
	shown = table(glance("image-show", id))
	if shown["Property 'only'"] != "this" || shown["virtual_size"] != "5368709120" || len(shown["created_at"]) != len("2018-01-10T12:34:56.000000") {
		t.Errorf("shown: %v", shown)
	}
	glance("image-download", "--file", "back.qcow2", id)
	if !bytes.Equal(s.read("back.qcow2"), disk) {
		t.Error("what is downloaded is not what was created")
	}
	if out := glance("image-delete", id); !strings.Contains(out, "Image is protected") {
		t.Errorf("a protected image: %s", out)
	}
	atTerminal("image-update", "--is-protected", "False", id)

	clientV1Members(t, s, args, id)
	clientV1Sources(t, n, s, glance, atTerminal)
	glance("image-delete", id)
	if listed(id, "--all-tenants") || !listed(id, "--all-tenants", "--changes-since=2020-01-01T00:00:00") {
		t.Error("a deleted image is what has changed, and nothing else")
	}
	if _, stderr, err := s.try("glance", args("image-delete", id)...); err == nil || !strings.Contains(stderr, "No image with an ID of") {
		t.Errorf("deleted again: %v, %s", err, stderr)
	}
}

func clientV1Members(t *testing.T, s *shell, args func(...string) []string, id string) {
	t.Helper()
	glance := func(a ...string) string { t.Helper(); return s.run("glance", args(a...)...) }
	glance("member-create", "--can-share", id, "one")
	glance("member-create", id, "two")
	out := glance("member-list", "--image-id", id)
	if strings.Count(out, id) != 2 || !strings.Contains(out, "one") || strings.Count(out, "True") != 1 {
		t.Errorf("members:\n%s", out)
	}
	if out := glance("member-list", "--tenant-id", "two"); !strings.Contains(out, id) {
		t.Errorf("shared with two:\n%s", out)
	}
	glance("member-delete", id, "one")
	if out := glance("member-list", "--image-id", id); strings.Contains(out, "one") || !strings.Contains(out, "two") {
		t.Errorf("members left:\n%s", out)
	}
}

// clientV1Sources: data that comes later, that is elsewhere, that is fetched.
func clientV1Sources(t *testing.T, n *rig.Node, s *shell, glance func(...string) string, atTerminal func(...string) map[string]string) {
	t.Helper()
	data := rig.Random(2, mib)
	s.write("later.raw", data)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, s.path("later.raw"))
	}))
	t.Cleanup(web.Close)
	raw := []string{"--disk-format", "raw", "--container-format", "bare"}

	later := atTerminal(append([]string{"image-create", "--name", "later"}, raw...)...)
	if later["status"] != "queued" {
		t.Errorf("without data: %v", later)
	}
	shown := table(glance("image-update", "--file", "later.raw", later["id"]))
	if shown["status"] != "active" {
		t.Errorf("data that came later: %v", shown)
	}
	n.CheckIs(later["id"], data)

	fetched := atTerminal(append([]string{"image-create", "--name", "fetched", "--copy-from", web.URL + "/later.raw"}, raw...)...)
	n.Await(fetched["id"], "active")
	n.CheckIs(fetched["id"], data)

	away := atTerminal(append([]string{"image-create", "--name", "away", "--location", web.URL + "/later.raw", "--size", "1048576"}, raw...)...)
	if away["status"] != "active" || away["size"] != "1048576" {
		t.Errorf("data elsewhere: %v", away)
	}
	glance("image-download", "--file", "away.raw", away["id"])
	if !bytes.Equal(s.read("away.raw"), data) {
		t.Error("what lies elsewhere is not what is downloaded")
	}
	glance("image-delete", later["id"], fetched["id"], away["id"])
}

// TestLibraryV1 does with the library what the command has no words for.
func TestLibraryV1(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs(), "enable_v1_api = true"), newShell(t)
	out := s.run("/usr/bin/python3", "-c", `
import io, sys
from glanceclient import exc
from glanceclient.v1 import client
g = client.Client(sys.argv[1], token='none')
ids = []
made = [g.images.create(name='n%d' % i, disk_format='raw', container_format='bare', data=io.BytesIO(b'x' * i), return_req_id=ids) for i in range(1, 8)]
assert len(ids) == 7 and all(i.startswith('req-') for i in ids), ids
assert [i.size for i in g.images.list(is_public=None, page_size=2, sort_key='size', sort_dir='asc')] == [1, 2, 3, 4, 5, 6, 7]
assert [i.name for i in g.images.list(is_public=None, page_size=3, limit=4, sort_key='name', sort_dir='desc')] == ['n7', 'n6', 'n5', 'n4']
assert [i.name for i in g.images.list(is_public=None, marker=made[5].id, sort_key='name', sort_dir='asc')] == ['n7']
assert b''.join(made[3].data()) == b'xxxx'
image = g.images.get(made[0].id)
assert image.size == 1 and image.is_public is False and image.deleted is False, image
g.image_members.replace(image, [{'member_id': 'one'}, {'member_id': 'two', 'can_share': True}])
assert sorted((m.member_id, m.can_share) for m in g.image_members.list(image=image)) == [('one', False), ('two', True)]
g.image_members.replace(image, [])
assert g.image_members.list(image=image) == []
image.update(properties={'a': 1, 'b': None}, purge_props=True)
assert g.images.get(image.id).properties == {'a': '1', 'b': 'None'}, g.images.get(image.id).properties
for want, call in [
    (exc.HTTPConflict, lambda: g.images.create(id=image.id, name='again')),
    (exc.HTTPConflict, lambda: g.images.update(image, data=io.BytesIO(b'y'))),
    (exc.HTTPForbidden, lambda: g.images.delete(g.images.update(image, protected=True))),
    (exc.HTTPBadRequest, lambda: g.images.create(name='x' * 256)),
    (exc.HTTPBadRequest, lambda: g.images.create(name='sum', disk_format='raw', container_format='bare', checksum='0' * 32, data=io.BytesIO(b'z'))),
    (exc.HTTPNotFound, lambda: g.images.get('5a1b9c1e-0000-4000-8000-000000000000')),
]:
    try:
        call()
    except want:
        continue
    raise AssertionError(want)
assert [i.name for i in g.images.list(is_public=None, filters={'status': 'killed'})] == []
g.images.update(image, protected=False)
for i in g.images.list(is_public=None):
    g.images.delete(i)
print('done')
`, n.Base)
	if out != "done\n" {
		t.Error(out)
	}
	if images := n.Check(); len(images) != 0 {
		t.Errorf("left: %+v", images)
	}
}
