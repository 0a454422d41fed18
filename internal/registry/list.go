package registry

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
)

// list finds the images that the parameters of a request ask for (spec
// registry §2, texts of images-v1 §3).
func (d *Door) list(r *http.Request) ([]*glance.Image, error) {
	caller := api.CallerFrom(r.Context())
	sc := metadata.ScopeOf(caller)
	params := make(map[string]string)
	for _, p := range api.Query(r) {
		params[p.Name] = p.Value
	}
	q, err := d.query(params, caller.Admin)
	if err != nil {
		return nil, err
	}
	sc.Deleted = q.Deleted == nil || *q.Deleted
	if marker, given := params["marker"]; given {
		if q.After, err = d.Images.Image(r.Context(), sc, marker); errors.Is(err, glance.NotFound) {
			return nil, bad("Invalid marker. Image could not be found.")
		} else if err != nil {
			return nil, err
		}
	}
	return d.Images.Images(r.Context(), sc, q)
}

func bad(format string, args ...any) error { return glance.Errorf(glance.Invalid, format, args...) }

func (d *Door) query(params map[string]string, admin bool) (metadata.Query, error) {
	q := metadata.Query{AnyMemberStatus: true}
	for _, read := range []func(*metadata.Query, map[string]string, bool) error{
		d.readLimit, readSort, readPublic, readDeleted, readFilters,
	} {
		if err := read(&q, params, admin); err != nil {
			return metadata.Query{}, err
		}
	}
	return q, nil
}

func (d *Door) readLimit(q *metadata.Query, params map[string]string, _ bool) error {
	q.Limit = min(d.LimitDefault, d.LimitMax)
	text, given := params["limit"]
	if !given {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return bad("limit param must be an integer")
	}
	if n < 0 {
		return bad("limit param must be positive")
	}
	q.Limit = min(n, d.LimitMax)
	return nil
}

var sortable = []string{"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}

func readSort(q *metadata.Query, params map[string]string, _ bool) error {
	key, dir := params["sort_key"], params["sort_dir"]
	if key == "" {
		key = "created_at"
	}
	if dir == "" {
		dir = "desc"
	}
	if !slices.Contains(sortable, key) {
		return bad("Unsupported sort_key. Acceptable values: %s", strings.Join(sortable, ", "))
	}
	if dir != "asc" && dir != "desc" {
		return bad("Unsupported sort_dir. Acceptable values: asc, desc")
	}
	for _, column := range []string{key, "created_at", "id"} {
		if !slices.ContainsFunc(q.Sort, func(k metadata.SortKey) bool { return string(k.Column) == column }) {
			q.Sort = append(q.Sort, metadata.SortKey{Column: metadata.Column(column), Desc: dir == "desc"})
		}
	}
	return nil
}

// readPublic: an administrator sees, unless he asks for more, what a plain user
// of his project would.
func readPublic(q *metadata.Query, params map[string]string, admin bool) error {
	if !admin {
		return nil
	}
	switch strings.ToLower(params["is_public"]) {
	case "", "true", "1":
		q.Public = new(bool)
		*q.Public = true
	case "false", "0":
		q.Public = new(bool)
	case "none":
		q.AllVisibilities = true
	default:
		return bad("is_public must be None, True, or False")
	}
	return nil
}

// readDeleted: deleted images are listed when an administrator asks for them,
// and together with live ones when only changes since some time are wanted.
func readDeleted(q *metadata.Query, params map[string]string, admin bool) error {
	q.Deleted = new(bool)
	if text, given := params["changes-since"]; given {
		since, err := time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "T", 1))
		if err != nil {
			if since, err = time.Parse("2006-01-02T15:04:05.999999999", text); err != nil {
				return bad("Unrecognized changes-since value")
			}
		}
		q.Where = append(q.Where, metadata.Condition{Column: metadata.ColumnUpdatedAt, Op: metadata.Greater, Time: since.UTC()})
		q.Deleted = nil
	}
	if text, given := params["deleted"]; given && admin {
		q.Deleted = new(bool)
		*q.Deleted = isTrue(text)
	}
	return nil
}

func isTrue(s string) bool {
	return slices.Contains([]string{"1", "t", "true", "on", "y", "yes"}, strings.ToLower(s))
}

// plainFilters are the filters besides properties.
var plainFilters = []string{
	"name", "status", "container_format", "disk_format", "min_ram", "min_disk", "size_min", "size_max",
}

func readFilters(q *metadata.Query, params map[string]string, _ bool) error {
	for _, name := range plainFilters {
		value, given := params[name]
		if !given {
			continue
		}
		if _, err := strconv.ParseUint(value, 10, 63); err != nil && isNumeric(name) {
			return bad("Bad value passed to filter %s got %s", name, value)
		}
		if err := q.AddFilter(name, value); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if property, ok := strings.CutPrefix(name, "property-"); ok {
			q.Properties = append(q.Properties, metadata.PropertyIs{Name: property, Value: params[name]})
		}
	}
	return readProtected(q, params)
}

func isNumeric(name string) bool {
	return strings.HasPrefix(name, "min_") || strings.HasPrefix(name, "size_")
}

func readProtected(q *metadata.Query, params map[string]string) error {
	text, given := params["protected"]
	if !given {
		return nil
	}
	switch strings.ToLower(text) {
	case "true", "1", "false", "0":
	default:
		return bad("protected must be True, or False")
	}
	q.Where = append(q.Where, metadata.Condition{Column: metadata.ColumnProtected, Bool: isTrue(text)})
	return nil
}
