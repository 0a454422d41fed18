package metadata_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func TestAddFilter(t *testing.T) {
	noon := time.Date(2020, 1, 2, 12, 0, 0, 0, time.UTC)
	where := func(c ...metadata.Condition) metadata.Query { return metadata.Query{Where: c} }
	tests := []struct {
		name, value string
		want        metadata.Query
	}{
		{"name", "a", where(metadata.Condition{Column: "name", Texts: []string{"a"}})},
		{"name", "eq:a:b", where(metadata.Condition{Column: "name", Texts: []string{"a:b"}})},
		{"status", "in:active,queued", where(metadata.Condition{Column: "status", Op: metadata.In, Texts: []string{"active", "queued"}})},
		{"name", `in:"a,b",c`, where(metadata.Condition{Column: "name", Op: metadata.In, Texts: []string{"a,b", "c"}})},
		{"name", "in:", where(metadata.Condition{Column: "name", Op: metadata.In})},
		{"owner", "eq:a", where(metadata.Condition{Column: "owner", Texts: []string{"eq:a"}})},
		{"size", "5", where(metadata.Condition{Column: "size", Int: 5})},
		{"size", "gt:5", where(metadata.Nothing())},
		{"size_min", "5", where(metadata.Condition{Column: "size", Op: metadata.GreaterEq, Int: 5})},
		{"min_ram_max", "5", where(metadata.Condition{Column: "min_ram", Op: metadata.LessEq, Int: 5})},
		{"foo_min", "5", metadata.Query{Properties: []metadata.PropertyIs{{Name: "foo_min", Value: "5"}}}},
		{"os_distro", "in:a", metadata.Query{Properties: []metadata.PropertyIs{{Name: "os_distro", Value: "in:a"}}}},
		{"created_at", "2020-01-02T12:00:00Z", where(metadata.Condition{Column: "created_at", Time: noon})},
		{"created_at", "2020-01-02T14:00:00+02:00", where(metadata.Condition{Column: "created_at", Time: noon})},
		{"updated_at", "gte:2020-01-02T12:00:00", where(metadata.Condition{Column: "updated_at", Op: metadata.GreaterEq, Time: noon})},
		{"updated_at", "neq:2020-01-02", where(metadata.Condition{Column: "updated_at", Op: metadata.NotEq, Time: noon.Add(-12 * time.Hour)})},
	}
	for _, tt := range tests {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			var q metadata.Query
			if err := q.AddFilter(tt.name, tt.value); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, q); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAddFilterRefuses has the texts of spec images-v2 §8.2.
func TestAddFilterRefuses(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"name", "like:a", "Unable to filter by unknown operator 'like'."},
		{"name", `in:"a`, `Invalid filter value "a. The quote is not closed.`},
		{"name", `in:"a"b`, `Invalid filter value "a"b. There is no comma after closing quotation mark.`},
		{"name", `in:a"b"`, `Invalid filter value a"b". There is no comma before opening quotation mark.`},
		{"size_min", "x", "Unable to filter on a range with a non-numeric value."},
		{"created_at", "yesterday", `Bad "created_at" query filter format. Use ISO 8601 DateTime notation.`},
		{"updated_at", "around:2020-01-02", "Unable to filter on a unknown operator."},
	}
	for _, tt := range tests {
		var q metadata.Query
		err := q.AddFilter(tt.name, tt.value)
		if err == nil || err.Error() != tt.want || !errors.Is(err, glance.Invalid) {
			t.Errorf("%s=%s: %v, want %q", tt.name, tt.value, err, tt.want)
		}
	}
}

func FuzzAddFilter(f *testing.F) {
	for _, seed := range []string{"in:a,\"b,c\"", "eq:", "gt:2020-01-02", "", "in:\",\"", "\x00"} {
		f.Add("name", seed)
		f.Add("created_at", seed)
		f.Add("size_min", seed)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		var q metadata.Query
		err := q.AddFilter(name, value)
		if err == nil && len(q.Where)+len(q.Properties) != 1 {
			t.Errorf("%s=%s added %+v", name, value, q)
		}
		if err != nil && (!errors.Is(err, glance.Invalid) || strings.TrimSpace(err.Error()) == "") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	})
}
