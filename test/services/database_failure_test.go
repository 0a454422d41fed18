//go:build services

package services_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

// TestDatabaseConnections: connections that the server ends are replaced, and
// one that it never makes is told.
func TestDatabaseConnections(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "cut")
			db, err := sqldb.Open(t.Context(), e.url("cut"), sqldb.Options{
				Pool: sqldb.Pool{Most: 2, Wait: 50 * time.Millisecond}, Reconnect: sqldb.Retry{Most: 3, Interval: time.Millisecond},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			img := &glance.Image{ID: "00000000-0000-4000-8000-000000000001", Status: glance.StatusQueued}
			if err := db.CreateImage(t.Context(), img); err != nil {
				t.Fatal(err)
			}
			cut := func() {
				if e.name == "postgresql" {
					e.sql("", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cut'")
					return
				}
				for _, id := range strings.Fields(e.sql("", "SELECT id FROM information_schema.processlist WHERE db = 'cut'")) {
					e.sql("", "KILL "+id)
				}
			}
			tries := 0
			_, err = db.UpdateImage(t.Context(), metadata.Everything(), img.ID, func(img *glance.Image) error {
				if tries++; tries == 1 {
					cut()
				}
				img.MinDisk++
				return nil
			})
			if err != nil || tries != 2 {
				t.Errorf("cut in a transaction: %v after %d tries", err, tries)
			}
			cut() // while idle
			if got, err := db.Image(t.Context(), metadata.Everything(), img.ID); err != nil || got.MinDisk != 1 {
				t.Errorf("after both: %+v, %v", got, err)
			}
			poolIsFull(t, db, img.ID)
		})
	}
}

// poolIsFull holds both connections, and wants a third.
func poolIsFull(t *testing.T, db *sqldb.DB, id string) {
	hold, held := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	for n := range 2 {
		go func() {
			m := glance.Member{ImageID: id, Member: fmt.Sprint(n)}
			if n == 1 { // another image, so that neither waits for the other's lock
				m.ImageID = "00000000-0000-4000-8000-000000000002"
				if err := db.CreateImage(t.Context(), &glance.Image{ID: m.ImageID, Status: glance.StatusQueued}); err != nil {
					t.Error(err)
				}
			}
			_, err := db.AddMember(t.Context(), m, func(int) error {
				held <- struct{}{}
				<-hold
				return nil
			})
			done <- err
		}()
	}
	<-held
	<-held
	_, err := db.Image(t.Context(), metadata.Everything(), id)
	var known *glance.Error
	if !errors.As(err, &known) || known.Kind != glance.Unavailable || known.Message != "No connection to the database became free in time." {
		t.Errorf("without a free connection: %v", err)
	}
	close(hold)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestDatabaseAccess: what is wrong with a connection is said, the password is not.
func TestDatabaseAccess(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		wrong := strings.Replace(e.url("nowhere"), "//"+e.user+"@", "//nobody:se%2Fcret@", 1)
		for _, url := range []string{wrong, e.url("nowhere")} {
			began := time.Now()
			_, err := sqldb.Open(t.Context(), url, sqldb.Options{Start: sqldb.Retry{Most: 5, Interval: time.Hour}})
			if !errors.Is(err, glance.Unavailable) || strings.Contains(err.Error(), "se/cret") || strings.Contains(err.Error(), "se%2Fcret") ||
				!strings.Contains(err.Error(), "127.0.0.1:"+e.port+"/nowhere") {
				t.Errorf("%s: %v", e.name, err)
			}
			if time.Since(began) > time.Minute {
				t.Errorf("%s: a refusal is tried again", e.name)
			}
		}
	}
}

// TestDatabaseWalk: with more images than are worth gathering, a project's
// page goes along the index, and says the same.
func TestDatabaseWalk(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "walk")
			var values []string
			for n := range 2500 {
				values = append(values, fmt.Sprintf("('id%d', 'active', 'public', 0, 0, FALSE, '2020-01-01')", n))
			}
			for chunk := range slices.Chunk(values, 1000) {
				e.sql("walk", "INSERT INTO images (id, status, visibility, min_disk, min_ram, deleted, created_at) VALUES "+strings.Join(chunk, ","))
			}
			db, err := sqldb.Open(t.Context(), e.url("walk"), sqldb.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			live := false
			q := metadata.Query{
				Limit: 1000, Deleted: &live, Where: []metadata.Condition{{Column: metadata.ColumnHidden}},
				Sort: []metadata.SortKey{{Column: metadata.ColumnCreatedAt, Desc: true}, {Column: metadata.ColumnID, Desc: true}},
			}
			seen, last := 0, "~"
			for {
				page, err := db.Images(t.Context(), metadata.Scope{Project: "p"}, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, img := range page {
					if img.ID >= last {
						t.Fatalf("%s comes after %s", img.ID, last)
					}
					last = img.ID
				}
				if seen += len(page); len(page) < q.Limit {
					break
				}
				q.After = page[len(page)-1]
			}
			if seen != 2500 {
				t.Errorf("%d images on the pages", seen)
			}
		})
	}
}
