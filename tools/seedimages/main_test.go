package main

import (
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

func seed(t *testing.T, args ...string) (summary, error) {
	t.Helper()
	var out strings.Builder
	if err := run(t.Context(), append(args, "-quiet"), &out, io.Discard); err != nil {
		return summary{}, err
	}
	var s summary
	if err := json.Unmarshal([]byte(out.String()), &s); err != nil {
		t.Fatal(err)
	}
	return s, nil
}

func TestSeed(t *testing.T) {
	url := "sqlite:///" + filepath.Join(t.TempDir(), "a.sqlite")
	s, err := seed(t, "-connection", url, "-images", "2000")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seed(t, "-dry-run", "-images", "2000"); err != nil || again != s {
		t.Errorf("a dry run says %+v, %v; the run %+v", again, err, s)
	}
	if _, err := seed(t, "-connection", url, "-images", "1"); glance.KindOf(err) != glance.Conflict {
		t.Errorf("a database with images: %v", err)
	}
	if _, err := seed(t, "-connection", url, "-images", "2000", "-append"); glance.KindOf(err) != glance.Conflict {
		t.Errorf("the same seed again: %v", err)
	}
	if _, err := seed(t, "-connection", url, "-images", "500", "-append", "-seed", "2"); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{}, {"-connection", url, "-images", "0"}, {"-connection", url, "-public", "101"}, {"-connection", url, "x"}} {
		if _, err := seed(t, args...); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
	look(t, url, s)
}

// look reads what was written through the service's own eyes.
func look(t *testing.T, url string, s summary) {
	db, err := sqldb.Open(t.Context(), url, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	q := metadata.Query{Limit: -1, Sort: []metadata.SortKey{{Column: metadata.ColumnCreatedAt}, {Column: metadata.ColumnID}}, AllVisibilities: true}
	all, err := db.Images(t.Context(), metadata.Scope{Admin: true, Deleted: true}, q)
	if err != nil || len(all) != 2500 {
		t.Fatalf("%d images, %v", len(all), err)
	}
	deleted, properties, tags, located := 0, 0, 0, 0
	for _, img := range all {
		if img.Deleted {
			deleted++
			if len(img.Properties)+len(img.Tags)+len(img.Locations) > 0 {
				t.Errorf("a deleted image with children: %+v", img)
			}
		}
		properties, tags, located = properties+len(img.Properties), tags+len(img.Tags), located+len(img.Locations)
	}
	if deleted < 400 || deleted > 600 || properties < 7000 || tags < 2000 || located < 1800 {
		t.Errorf("%d deleted, %d properties, %d tags, %d locations", deleted, properties, tags, located)
	}
	q.Visibility, q.Deleted = glance.VisibilityShared, new(bool)
	shared, err := db.Images(t.Context(), metadata.Scope{Project: s.Member}, q)
	others := 0
	for _, img := range shared {
		if img.Owner != s.Member {
			others++
		}
	}
	if err != nil || others < s.MemberImages {
		t.Errorf("%d images are shared with the project, %v; want %d or more", others, err, s.MemberImages)
	}
}
