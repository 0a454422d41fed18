package metadata_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func TestOldListQuery(t *testing.T) {
	const key, desc = metadata.ColumnCreatedAt, true
	plain := func(change func(*metadata.Query)) metadata.Query {
		q := metadata.Query{
			Limit: 25, AnyMemberStatus: true, Deleted: new(false),
			Sort: []metadata.SortKey{{Column: key, Desc: desc}, {Column: metadata.ColumnID, Desc: desc}},
		}
		change(&q)
		return q
	}
	since := time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		admin  bool
		params map[string]string
		want   metadata.Query
	}{
		{"nothing", false, nil, plain(func(*metadata.Query) {})},
		{"an administrator", true, nil, plain(func(q *metadata.Query) { q.Public = new(true) })},
		{"everything", true, map[string]string{"is_public": "NONE"}, plain(func(q *metadata.Query) { q.AllVisibilities = true })},
		{"not public", true, map[string]string{"is_public": "0"}, plain(func(q *metadata.Query) { q.Public = new(false) })},
		{"is_public of a user", false, map[string]string{"is_public": "maybe"}, plain(func(*metadata.Query) {})},
		{"deleted", true, map[string]string{"deleted": "yes", "is_public": "none"}, plain(func(q *metadata.Query) { q.AllVisibilities, q.Deleted = true, new(true) })},
		{"deleted of a user", false, map[string]string{"deleted": "yes"}, plain(func(*metadata.Query) {})},
		{"changes", false, map[string]string{"changes-since": "2020-01-02"}, plain(func(q *metadata.Query) {
			q.Deleted = nil
			q.Where = []metadata.Condition{{Column: metadata.ColumnUpdatedAt, Op: metadata.Greater, Time: since}}
		})},
		{"order and limit", false, map[string]string{"sort_key": "id", "sort_dir": "asc", "limit": "7"}, plain(func(q *metadata.Query) {
			q.Limit, q.Sort = 7, []metadata.SortKey{{Column: metadata.ColumnID}, {Column: metadata.ColumnCreatedAt}}
		})},
		{"filters", false, map[string]string{"property-a": "1", "size_min": "5", "protected": "True", "other": "x"}, plain(func(q *metadata.Query) {
			q.Where = []metadata.Condition{{Column: metadata.ColumnProtected, Bool: true}, {Column: metadata.ColumnSize, Op: metadata.GreaterEq, Int: 5}}
			q.Properties = []metadata.PropertyIs{{Name: "a", Value: "1"}}
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, marker, err := metadata.OldList{LimitDefault: 25, LimitMax: 30, Admin: tt.admin}.Query(tt.params)
			if diff := cmp.Diff(tt.want, got); diff != "" || marker != nil || err != nil {
				t.Errorf("marker %v, error %v, -want +got:\n%s", marker, err, diff)
			}
		})
	}
}

// TestOldListMistakes: of several mistakes the first one in the order of the
// original is told.
func TestOldListMistakes(t *testing.T) {
	params := map[string]string{
		"changes-since": "x", "protected": "x", "limit": "x", "sort_key": "x", "sort_dir": "x", "marker": "x", "is_public": "x", "size_min": "x",
	}
	for _, step := range []struct{ name, text string }{
		{"changes-since", "Unrecognized changes-since value"},
		{"protected", "protected must be True, or False"},
		{"limit", "limit param must be an integer"},
		{"sort_key", "Unsupported sort_key. Acceptable values: name, status, container_format, disk_format, size, id, created_at, updated_at"},
		{"sort_dir", "Unsupported sort_dir. Acceptable values: asc, desc"},
		{"marker", "Invalid marker format"},
		{"is_public", "is_public must be None, True, or False"},
		{"size_min", "Unable to filter on a range with a non-numeric value."},
	} {
		_, _, err := metadata.OldList{LimitDefault: 25, LimitMax: 30, Admin: true}.Query(params)
		if err == nil || err.Error() != step.text || glance.KindOf(err) != glance.Invalid {
			t.Errorf("%s: %v, want %s", step.name, err, step.text)
		}
		delete(params, step.name)
	}
}

func TestLikeUUID(t *testing.T) {
	for id, want := range map[string]bool{
		"11111111-1111-4111-8111-111111111111": true, "11111111111141118111111111111111": true, "{11111111-1111-4111-8111-11111111111A}": true,
		"urn:uuid:11111111-1111-4111-8111-111111111111": true, "": false, "x": false, "1111111-1111-4111-8111-111111111111": false,
		"g1111111-1111-4111-8111-111111111111": false, "11111111-1111-4111-8111-1111111111111": false,
	} {
		if got := metadata.LikeUUID(id); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}
