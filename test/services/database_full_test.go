//go:build services

package services_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

// TestDatabaseFullDisk: with a database whose disk is full, 503 is the answer to
// what it cannot write; reading goes on, nothing is kept by halves, and all is
// well when there is room again. MariaDB does not outlive that itself: it is
// started again.
func TestDatabaseFullDisk(t *testing.T) {
	t.Parallel()
	onDisk := func(name string, f func(t *testing.T) (disk, url string, again func())) {
		t.Run(name, func(t *testing.T) {
			disk, url, again := f(t)
			n := rig.NewNode(t, programs(), "[database] connection = "+url, "image_property_quota = -1")
			fullDisk(t, n, disk, again)
		})
	}
	onDisk("sqlite", func(t *testing.T) (string, string, func()) {
		disk := smallDisk(t, t.TempDir(), "2m")
		return disk, "sqlite:///" + disk + "/glance.sqlite", nil
	})
	onDisk("mariadb", func(t *testing.T) (string, string, func()) {
		e := startMariaDB(t, "--innodb-flush-log-at-trx-commit=2")
		synced(t, e, "tight")
		e.stop(e.gently)
		e.run("mv", "data/tight", "whole")
		disk := smallDisk(t, e.path("data/tight"), "10m")
		e.run("cp", "-a", "whole/.", "data/tight")
		e.start()
		return disk, e.url("tight"), func() {
			e.stop(syscall.SIGKILL)
			e.start()
		}
	})
	onDisk("postgresql", func(t *testing.T) (string, string, func()) {
		e := startPostgreSQL(t)
		synced(t, e, "tight")
		disk := smallDisk(t, filepath.Join(e.socket, "small"), "30m")
		e.run("chown", "postgres", disk)
		e.sql("", "CREATE TABLESPACE small LOCATION '"+disk+"'")
		e.sql("", "ALTER DATABASE tight SET TABLESPACE small")
		return disk, e.url("tight"), nil
	})
}

// smallDisk is a file system of its own.
func smallDisk(t *testing.T, at, size string) string {
	t.Helper()
	s := newShell(t)
	s.run("mkdir", "-p", at)
	s.run("mount", "-t", "tmpfs", "-o", "size="+size, "none", at)
	t.Cleanup(func() { _, _, _ = (&shell{t, s.dir}).try("umount", "-l", at) })
	return at
}

// fill uses up a disk, and gives what frees it again.
func fill(t *testing.T, disk string) (free func()) {
	t.Helper()
	name := filepath.Join(disk, "filler")
	f, err := os.Create(name)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_ = f.Close()
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

func fullDisk(t *testing.T, n *rig.Node, disk string, again func()) {
	id := n.NewImage("growing")
	path := "/v2/images/" + id
	kept, tried := 0, 0
	grow := func() *rig.Answer {
		tried++
		body := fmt.Sprintf(`[{"op": "add", "path": "/count", "value": "%d"}, {"op": "add", "path": "/big%d", "value": "%s"}, {"op": "add", "path": "/twice", "value": "%d"}]`,
			tried, tried, strings.Repeat("x", 60000), tried)
		a, err := n.Call(t.Context(), http.MethodPatch, path, http.Header{"Content-Type": {patchType}}, strings.NewReader(body), int64(len(body)))
		n.Must(err)
		if a.Status == http.StatusOK {
			kept = tried
		}
		return a
	}
	whole := func() {
		t.Helper()
		img := asMap(t, call(t, &rig.Client{Base: n.Base}, "GET", path, "", "", 200))
		if img["count"] != fmt.Sprint(kept) || img["twice"] != fmt.Sprint(kept) || img[fmt.Sprintf("big%d", kept)] == nil || img[fmt.Sprintf("big%d", kept+1)] != nil {
			t.Errorf("the image counts %v and %v, want %d", img["count"], img["twice"], kept)
		}
	}
	grow()
	free := fill(t, disk)
	a := grow()
	for range 200 {
		if a.Status != http.StatusOK {
			break
		}
		a = grow()
	}
	if a.Status != http.StatusServiceUnavailable {
		t.Fatalf("with a full disk, after %d changes: %d %s", tried, a.Status, a.Body)
	}
	if again == nil {
		whole()
		call(t, &rig.Client{Base: n.Base}, "GET", "/v2/images", "", "", 200)
	}
	free()
	if again != nil {
		again()
		whole()
	}
	n.Must(rig.Until(t.Context(), "a change with room again", func() bool { return grow().Status == http.StatusOK }))
	whole()
	n.Check()
}
