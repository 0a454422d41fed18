package sqldb_test

import (
	"slices"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/metadatatest"
)

// defaultList is what GET /v2/images asks for.
func defaultList() metadata.Query {
	live := false
	return metadata.Query{
		Limit: 25, Deleted: &live, Where: []metadata.Condition{{Column: metadata.ColumnHidden}},
		Sort: []metadata.SortKey{{Column: metadata.ColumnCreatedAt, Desc: true}, {Column: metadata.ColumnID, Desc: true}},
	}
}

const (
	sortTies  = "USE TEMP B-TREE FOR LAST TERM OF ORDER BY" // images of one instant
	sortAll   = "USE TEMP B-TREE FOR ORDER BY"
	walkAll   = "SCAN images USING INDEX created_at_image_idx"
	walkAfter = "SEARCH images USING INDEX created_at_image_idx (created_at<?)"
)

// An admin's page goes along the index and sorts nothing but ties.
func TestPlanOfAdmin(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	q := defaultList()
	if plan := db.Explain(t, metadata.Everything(), q); !slices.Equal(plan, []string{walkAll, sortTies}) {
		t.Errorf("plan of the first page: %q", plan)
	}
	q.After = metadatatest.BenchImage(1)
	if plan := db.Explain(t, metadata.Everything(), q); !slices.Equal(plan, []string{walkAfter, sortTies}) {
		t.Errorf("plan of a later page: %q", plan)
	}
}

// A project with few candidates has them gathered by their indexes and sorted;
// for one with many the page goes along the index of the order.
func TestPlanOfProject(t *testing.T) {
	gathered := []string{
		"MULTI-INDEX OR", "SEARCH images USING INDEX visibility_image_idx (visibility=?)", "SEARCH images USING INDEX owner_image_idx (owner=?)",
		"SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)", "SCAN i USING COVERING INDEX ix_image_members_image_id_member",
		"SEARCH m USING INDEX ix_image_members_image_id_member (image_id=? AND member=?)", sortAll,
	}
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	q := defaultList()
	wantSteps(t, "few, first page", db.Explain(t, metadata.Scope{Project: "p"}, q), gathered)
	q.After = metadatatest.BenchImage(1)
	wantSteps(t, "few, later page", db.Explain(t, metadata.Scope{Project: "p"}, q), gathered)
	db.AlwaysWalk()
	probe := "SEARCH m USING INDEX ix_image_members_image_id_member (image_id=? AND member=?)"
	wantSteps(t, "many, later page", db.Explain(t, metadata.Scope{Project: "p"}, q), []string{walkAfter, probe, sortTies})
	q.After = nil
	wantSteps(t, "many, first page", db.Explain(t, metadata.Scope{Project: "p"}, q), []string{walkAll, probe, sortTies})
}

// wantSteps wants steps in a plan, and that it reads no table whole.
func wantSteps(t *testing.T, what string, plan, steps []string) {
	t.Helper()
	for _, step := range steps {
		if !slices.Contains(plan, step) {
			t.Errorf("%s: no %q in the plan %q", what, step, plan)
		}
	}
	for _, step := range plan {
		if table, whole := strings.CutPrefix(step, "SCAN "); whole && slices.Contains([]string{"images", "image_members", "image_properties", "image_tags"}, table) {
			t.Errorf("%s: a table is read whole: %q", what, plan)
		}
	}
}

// With the extra indexes a page in the order of creation is merged from pages
// of what lies in that order, a rare name, property or tag leads to its images,
// and the order of names is there.
func TestPlanOfExtraIndexes(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	db.AddIndexes(t)
	with := func(change func(*metadata.Query)) metadata.Query {
		q := defaultList()
		change(&q)
		return q
	}
	later := func(q *metadata.Query) { q.After = metadatatest.BenchImage(1) }
	project, admin := metadata.Scope{Project: "p"}, metadata.Everything()
	for _, tt := range []struct {
		name  string
		sc    metadata.Scope
		q     metadata.Query
		steps []string
	}{
		{"first page", project, defaultList(), []string{
			"SEARCH images USING INDEX glance_go_images_visibility (visibility=?)", "SEARCH images USING INDEX glance_go_images_owner (owner=?)",
			"SEARCH m USING INDEX glance_go_image_members_member (member=?)", sortTies,
		}},
		{"later page", project, with(later), []string{
			"SEARCH images USING INDEX glance_go_images_visibility (visibility=? AND created_at<?)",
			"SEARCH images USING INDEX glance_go_images_owner (owner=? AND created_at<?)", "SEARCH m USING INDEX glance_go_image_members_member (member=?)",
		}},
		{"an admin's public images", admin, with(func(q *metadata.Query) { q.Visibility = glance.VisibilityPublic; later(q) }), []string{
			"SEARCH images USING INDEX glance_go_images_visibility (visibility=? AND created_at<?)", sortTies,
		}},
		{"name", admin, with(func(q *metadata.Query) {
			q.Where = append(q.Where, metadata.Condition{Column: metadata.ColumnName, Texts: []string{"x"}})
			later(q)
		}), []string{"SEARCH images USING INDEX glance_go_images_name (name=? AND created_at<?)", sortTies}},
		{"property", admin, with(func(q *metadata.Query) { q.Properties = []metadata.PropertyIs{{Name: "a", Value: "b"}} }), []string{
			"SEARCH image_properties USING INDEX glance_go_image_properties_value (name=? AND value=?)",
			"SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)",
		}},
		{"tag", project, with(func(q *metadata.Query) { q.Tags = []string{"a"} }), []string{
			"SEARCH image_tags USING COVERING INDEX glance_go_image_tags_value (value=?)", "SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)",
		}},
		{"sorted by name", admin, with(func(q *metadata.Query) {
			q.Sort = []metadata.SortKey{{Column: metadata.ColumnName}, {Column: metadata.ColumnCreatedAt}, {Column: metadata.ColumnID}}
		}), []string{"SEARCH images USING INDEX glance_go_images_name (name>?)", sortTies}},
	} {
		wantSteps(t, tt.name, db.Explain(t, tt.sc, tt.q), tt.steps)
	}
}

// Conditions that few images meet go by their index.
func TestPlanOfConditions(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	for _, tt := range []struct {
		column metadata.Column
		op     metadata.Op
		want   string
	}{
		{metadata.ColumnChecksum, metadata.Eq, "SEARCH images USING INDEX checksum_image_idx (checksum=?)"},
		{metadata.ColumnHashValue, metadata.Eq, "SEARCH images USING INDEX os_hash_value_image_idx (os_hash_value=?)"},
		{metadata.ColumnID, metadata.In, "SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)"},
		{metadata.ColumnOwner, metadata.Eq, "SEARCH images USING INDEX owner_image_idx (owner=?)"},
		{metadata.ColumnName, metadata.Eq, walkAll},
	} {
		q := defaultList()
		q.Where = append(q.Where, metadata.Condition{Column: tt.column, Op: tt.op, Texts: []string{"x"}})
		if plan := db.Explain(t, metadata.Everything(), q); !slices.Contains(plan, tt.want) {
			t.Errorf("%s: plan %q, want %q", tt.column, plan, tt.want)
		}
	}
	q := defaultList()
	q.Visibility = glance.VisibilityPublic
	if plan := db.Explain(t, metadata.Everything(), q); !slices.Contains(plan, "SEARCH images USING INDEX visibility_image_idx (visibility=?)") {
		t.Errorf("visibility: plan %q", plan)
	}
}

// Children are found by image.
func TestPlanOfChildren(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	for _, plan := range [][]string{db.ExplainChildren(t, "IN (?, ?)", "a", "b"), db.ExplainChildren(t, "= ?", "a")} {
		for _, table := range []string{"image_properties", "image_tags", "image_locations"} {
			if !slices.ContainsFunc(plan, func(step string) bool {
				return strings.HasPrefix(step, "SEARCH "+table+" USING INDEX ") && strings.Contains(step, "(image_id=?)")
			}) {
				t.Errorf("%s: plan %q", table, plan)
			}
		}
	}
}

// What an owner uses is counted along the index of owners.
func TestPlanOfTotals(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	for _, of := range []metadata.Total{metadata.StagedBytes, metadata.ImageCount, metadata.UploadingImages} {
		plan := db.ExplainTally(t, "p", of)
		if plan[0] != "SEARCH i USING INDEX owner_image_idx (owner=?)" {
			t.Errorf("total %d: plan %q", of, plan)
		}
		for _, step := range plan[1:] {
			if strings.HasPrefix(step, "SCAN") || strings.HasPrefix(step, "SEARCH p") && !strings.Contains(step, "image_id=?") {
				t.Errorf("total %d: plan %q", of, plan)
			}
		}
	}
}

// A page is two statements whatever its size and whoever asks, an image one.
func TestTwoStatements(t *testing.T) {
	path := t.TempDir() + "/glance.sqlite"
	db := openFile(t, path)
	defer closeDB(t, db)
	for n := range 150 {
		if err := db.CreateImage(t.Context(), metadatatest.BenchImage(n)); err != nil {
			t.Fatal(err)
		}
	}
	count := db.CountReads(t, path)
	for _, sc := range []metadata.Scope{metadata.Everything(), {Project: "large"}, {Project: "small"}} {
		if _, err := db.Images(t.Context(), sc, defaultList()); err != nil { // looks for indexes and counts, once in a while
			t.Fatal(err)
		}
		count.Store(0)
		for _, limit := range []int{1, 25, 150} {
			q := defaultList()
			q.Limit = limit
			page, err := db.Images(t.Context(), sc, q)
			if err != nil || len(page) == 0 {
				t.Fatalf("page of %d, %v", len(page), err)
			}
			if n := count.Swap(0); n != 2 {
				t.Errorf("scope %+v, page of %d: %d statements", sc, len(page), n)
			}
		}
	}
	if _, err := db.Image(t.Context(), metadata.Scope{Project: "large"}, metadatatest.BenchImage(2).ID); err != nil {
		t.Fatal(err)
	}
	if n := count.Swap(0); n != 1 {
		t.Errorf("one image: %d statements", n)
	}
}
