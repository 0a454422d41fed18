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

// A project's page has both ways in its statement: the candidates by their
// indexes, sorted, and the walk. The last sort is that of the page.
func TestPlanOfProject(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	q := defaultList()
	for _, walk := range []string{walkAll, walkAfter} {
		plan := db.Explain(t, metadata.Scope{Project: "p"}, q)
		for _, step := range []string{
			"MULTI-INDEX OR", "SEARCH images USING INDEX visibility_image_idx (visibility=?)", "SEARCH images USING INDEX owner_image_idx (owner=?)",
			"SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)", "SCAN i USING COVERING INDEX ix_image_members_image_id_member",
			"SEARCH m USING INDEX ix_image_members_image_id_member (image_id=? AND member=?)", walk, sortTies,
		} {
			if !slices.Contains(plan, step) {
				t.Errorf("no %q in the plan %q", step, plan)
			}
		}
		sorts := 0
		for _, step := range plan {
			if step == sortAll {
				sorts++
			}
			if step == "SCAN images" {
				t.Errorf("the table is read whole: %q", plan)
			}
		}
		if sorts != 2 {
			t.Errorf("%d sorts in the plan %q", sorts, plan)
		}
		q.After = metadatatest.BenchImage(1)
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

// Children are found by image and come in row order without a sort.
func TestPlanOfChildren(t *testing.T) {
	db := openFile(t, t.TempDir()+"/glance.sqlite")
	defer closeDB(t, db)
	for _, table := range []string{"image_properties", "image_tags", "image_locations"} {
		plan := db.ExplainText(t, "SELECT value FROM "+table+" WHERE image_id IN (?, ?) AND +deleted = FALSE ORDER BY image_id, id", "a", "b")
		if len(plan) != 1 || !strings.HasPrefix(plan[0], "SEARCH "+table+" USING INDEX ix_"+table+"_image_id (image_id=?)") {
			t.Errorf("%s: plan %q", table, plan)
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

// A page is four statements whatever its size and whoever asks, an image too.
func TestFourStatements(t *testing.T) {
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
		for _, limit := range []int{1, 25, 150} {
			q := defaultList()
			q.Limit = limit
			page, err := db.Images(t.Context(), sc, q)
			if err != nil || len(page) == 0 {
				t.Fatalf("page of %d, %v", len(page), err)
			}
			if n := count.Swap(0); n != 4 {
				t.Errorf("scope %+v, page of %d: %d statements", sc, len(page), n)
			}
		}
	}
	if _, err := db.Image(t.Context(), metadata.Scope{Project: "large"}, metadatatest.BenchImage(2).ID); err != nil {
		t.Fatal(err)
	}
	if n := count.Swap(0); n != 4 {
		t.Errorf("one image: %d statements", n)
	}
}
