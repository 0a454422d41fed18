//go:build services

package services_test

import (
	"fmt"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
	"glance/test/e2e/rig"
)

const rows = "SELECT (SELECT COUNT(*) FROM image_properties), (SELECT COUNT(*) FROM image_tags), (SELECT COUNT(*) FROM image_locations), " +
	"(SELECT COUNT(*) FROM image_members), (SELECT COUNT(*) FROM task_info), (SELECT COUNT(*) FROM tasks), (SELECT COUNT(*) FROM images)"

// graves adds three images and tasks that died in 2001 with all that belonged
// to them, and a live property that still says when it died.
func graves(e *engine, database string) {
	text := ""
	for _, id := range []string{"a", "b", "c"} {
		const dead = "'2001-01-01', TRUE, '2001-01-01'"
		text += strings.NewReplacer("$", "'"+id+"'", "DEAD", dead).Replace(
			"INSERT INTO images (id, status, min_disk, min_ram, created_at, deleted, deleted_at) VALUES ($, 'deleted', 0, 0, DEAD);" +
				"INSERT INTO image_properties (image_id, name, created_at, deleted, deleted_at) VALUES ($, 'p', DEAD);" +
				"INSERT INTO image_tags (image_id, value, created_at, deleted, deleted_at) VALUES ($, 't', DEAD);" +
				"INSERT INTO image_locations (image_id, value, created_at, deleted, deleted_at) VALUES ($, 'l', DEAD);" +
				"INSERT INTO image_members (image_id, member, can_share, created_at, deleted, deleted_at) VALUES ($, 'm', FALSE, DEAD);" +
				"INSERT INTO tasks (id, type, status, owner, created_at, deleted, deleted_at) VALUES ($, 'import', 'success', 'o', DEAD);" +
				"INSERT INTO task_info (task_id) VALUES ($);")
	}
	e.sql(database, text+"INSERT INTO image_properties (image_id, name, created_at, deleted, deleted_at) VALUES ('a', 'alive', '2001-01-01', FALSE, '2001-01-01')")
}

// TestDatabasePurge: rows that are dead for long go for good, live ones stay,
// even where the original would take them.
func TestDatabasePurge(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "purged")
			graves(e, "purged")
			want := func(numbers string) {
				t.Helper()
				if got := e.sql("purged", rows); got != strings.ReplaceAll(numbers, " ", "\t")+"\n" {
					t.Errorf("rows %q, want %s", got, numbers)
				}
			}
			run := func(words string) (stderr string, failed bool) {
				t.Helper()
				_, stderr, err := e.try(programs()+"/glance-manage", append([]string{"--config-file", e.config("purged")}, strings.Fields(words)...)...)
				return stderr, err != nil
			}
			if stderr, failed := run("db purge_images_table"); !failed || !strings.HasSuffix(stderr, "Purge command failed, check glance-manage logs for more details.\n") {
				t.Errorf("images before all else: %s", stderr)
			}
			want("4 3 3 3 3 3 3")
			if stderr, failed := run("db purge 30 2"); failed || !strings.Contains(stderr, "Deleted 2 row(s) from table image_tags") {
				t.Error(stderr)
			}
			want("2 1 1 1 1 1 3")
			if stderr, failed := run("db purge --max_rows -1"); failed {
				t.Error(stderr)
			}
			want("1 0 0 0 0 0 3")
			e.sql("purged", "DELETE FROM image_properties")
			if stderr, failed := run("db purge_images_table --age_in_days 180"); failed {
				t.Error(stderr)
			}
			want("0 0 0 0 0 0 0")
		})
	}
}

// TestDatabasePurgeOfTheOriginal: what we bring back to life outlives the
// original's purge.
func TestDatabasePurgeOfTheOriginal(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			e.create("theirs")
			e.original("theirs", "db", "sync")
			db, err := sqldb.Open(t.Context(), e.url("theirs"), sqldb.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			img := &glance.Image{ID: "00000000-0000-4000-8000-000000000001", Status: glance.StatusQueued, Owner: "o"}
			if err := db.CreateImage(t.Context(), img); err != nil {
				t.Fatal(err)
			}
			change := func(f func(*glance.Image)) *glance.Image {
				t.Helper()
				got, err := db.UpdateImage(t.Context(), metadata.Everything(), img.ID, func(img *glance.Image) error { f(img); return nil })
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			set := func(img *glance.Image) { img.SetProperty(glance.Property{Name: "p", Value: "v"}) }
			change(set)
			change(func(img *glance.Image) { img.Properties = nil })
			change(set)
			e.sql("theirs", "UPDATE image_properties SET created_at = '2001-01-01'")
			e.original("theirs", "db", "purge", "0", "-1")
			if got, err := db.Image(t.Context(), metadata.Everything(), img.ID); err != nil || len(got.Properties) != 1 {
				t.Errorf("after the original's purge: %+v, %v", got, err)
			}
		})
	}
}

// TestDatabasePurgeBeside: both tools purge again and again while both servers
// serve. What is dead goes, what lives stays whole.
func TestDatabasePurgeBeside(t *testing.T) {
	t.Parallel()
	e, theirs, n := besides(t, many)
	n.Client.Transport = caller("", "demo").Transport
	l := startLoad(t, n, 3)
	live, err := n.Create(t.Context(), map[string]any{"name": "live", "disk_format": "raw", "container_format": "bare", "stays": "yes"})
	n.Must(err)
	n.Must(n.Put(t.Context(), live.ID, rig.Random(5, mib)))
	call(t, n.Client, "POST", "/v2/images/"+live.ID+"/members", "application/json", `{"member": "other"}`, 200)

	original := caller(theirs, "demo")
	for round := range 4 {
		img, err := original.Create(t.Context(), map[string]any{"p": "v", "tags": []string{"t"}, "disk_format": "raw", "container_format": "bare"})
		n.Must(err)
		n.Must(original.Put(t.Context(), img.ID, rig.Random(6, 1000)))
		n.Must(original.Delete(t.Context(), img.ID))
		// A property, a tag and a member that die and come back to life here.
		path := "/v2/images/" + live.ID
		for _, op := range []string{
			`{"op": "add", "path": "/back", "value": "v"}, {"op": "replace", "path": "/tags", "value": ["back"]}`,
			`{"op": "remove", "path": "/back"}, {"op": "replace", "path": "/tags", "value": []}`,
			`{"op": "add", "path": "/back", "value": "v"}, {"op": "replace", "path": "/tags", "value": ["back"]}`,
		} {
			call(t, n.Client, "PATCH", path, patchType, "["+op+"]", 200)
		}
		call(t, n.Client, "DELETE", path+"/members/other", "", "", 204)
		call(t, n.Client, "POST", path+"/members", "application/json", `{"member": "other"}`, 200)

		e.purge([]string{"/usr/bin/glance-manage", programs() + "/glance-manage"}[round%2])
		for _, c := range []*rig.Client{n.Client, original} {
			shown := asMap(t, call(t, c, "GET", path, "", "", 200))
			if shown["stays"] != "yes" || shown["back"] != "v" || fmt.Sprint(shown["tags"]) != "[back]" {
				t.Errorf("on %s, after purge %d: %v", c.Base, round, shown)
			}
			if members := call(t, c, "GET", path+"/members", "", "", 200); strings.Count(members, `"other"`) != 1 {
				t.Errorf("on %s, after purge %d: %s", c.Base, round, members)
			}
			if data, err := c.Download(t.Context(), live.ID); err != nil || len(data) != mib {
				t.Errorf("on %s, after purge %d: %d bytes, %v", c.Base, round, len(data), err)
			}
		}
		l.awaitRounds(1)
		call(t, n.Client, "PATCH", path, patchType, `[{"op": "remove", "path": "/back"}, {"op": "replace", "path": "/tags", "value": []}]`, 200)
	}
	l.end()
	for _, c := range l.clients {
		if got := c.refused.Load(); got != 0 {
			t.Errorf("client %d was refused %d times", c.n, got)
		}
	}
	l.settled()
	e.purge("/usr/bin/glance-manage")
	n.Must(rig.Until(t.Context(), "all that is dead to go", func() bool { // it has to be a second old
		e.purge(programs() + "/glance-manage")
		return e.sql("beside", "SELECT COUNT(*) FROM images WHERE deleted") == "0\n"
	}))
}

// purge removes all that is dead. Images that die between the two commands have
// children yet, which makes the second one fail.
func (e *engine) purge(program string) {
	e.t.Helper()
	for _, action := range []string{"purge", "purge_images_table"} {
		stdout, stderr, err := e.try(program, "--config-file", e.config("beside"), "db", action, "0", "-1")
		if err != nil && !(action == "purge_images_table" && strings.Contains(stderr, "Purge command failed, check glance-manage logs for more details.")) {
			e.t.Errorf("%s db %s: %v\n%s%s", program, action, err, stdout, stderr)
		}
	}
}
