package metadata

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"glance/internal/glance"
)

// OldList reads the parameters of a list as API v1 and the registry take them
// (spec images-v1 §3, registry §2). Both ask the same question of the database
// and refuse it in the same words.
type OldList struct {
	LimitDefault int  // limit_param_default
	LimitMax     int  // api_limit_max
	Admin        bool // may ask for deleted images and those of others
}

// Query gives the query and the id that its page begins after; nil begins at
// the start. Of a repeated parameter the last value counts. Errors are Invalid.
func (l OldList) Query(params map[string]string) (q Query, marker *string, err error) {
	q.AnyMemberStatus = true
	for _, read := range []func(*Query, map[string]string) error{
		l.readTimes, readProtected, l.readLimit, readOldSort, checkMarker, l.readPublic, readOldFilters,
	} {
		if err := read(&q, params); err != nil {
			return Query{}, nil, err
		}
	}
	if text, given := params["marker"]; given {
		marker = &text
	}
	return q, marker, nil
}

// NoMarker is the error of a marker that the caller does not see.
func NoMarker() error { return invalid("Invalid marker. Image could not be found.") }

func invalid(format string, args ...any) error { return glance.Errorf(glance.Invalid, format, args...) }

// readTimes: changes since some time are deleted images too. Otherwise those
// are listed when an administrator asks for them, instead of the living.
func (l OldList) readTimes(q *Query, params map[string]string) error {
	text, since := params["changes-since"]
	if since {
		t, ok := parseTime(text)
		if !ok {
			return invalid("Unrecognized changes-since value")
		}
		q.Where = append(q.Where, Condition{Column: ColumnUpdatedAt, Op: Greater, Time: t})
	}
	deleted, asked := params["deleted"]
	switch {
	case asked && l.Admin:
		q.Deleted = new(isTrue(deleted))
	case !since:
		q.Deleted = new(false)
	}
	return nil
}

func isTrue(s string) bool {
	return slices.Contains([]string{"1", "t", "true", "on", "y", "yes"}, strings.ToLower(s))
}

// parseFlag knows the words for true and false of these lists.
func parseFlag(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

func readProtected(q *Query, params map[string]string) error {
	text, given := params["protected"]
	if !given {
		return nil
	}
	value, ok := parseFlag(text)
	if !ok {
		return invalid("protected must be True, or False")
	}
	q.Where = append(q.Where, Condition{Column: ColumnProtected, Bool: value})
	return nil
}

func (l OldList) readLimit(q *Query, params map[string]string) error {
	q.Limit = min(l.LimitDefault, l.LimitMax)
	text, given := params["limit"]
	if !given {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return invalid("limit param must be an integer")
	}
	if n < 0 {
		return invalid("limit param must be positive")
	}
	q.Limit = min(n, l.LimitMax)
	return nil
}

var oldSortKeys = []string{"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}

func readOldSort(q *Query, params map[string]string) error {
	key, dir := "created_at", "desc"
	if text, given := params["sort_key"]; given {
		key = text
	}
	if text, given := params["sort_dir"]; given {
		dir = text
	}
	if !slices.Contains(oldSortKeys, key) {
		return invalid("Unsupported sort_key. Acceptable values: %s", strings.Join(oldSortKeys, ", "))
	}
	if dir != "asc" && dir != "desc" {
		return invalid("Unsupported sort_dir. Acceptable values: asc, desc")
	}
	for _, column := range []Column{Column(key), ColumnCreatedAt, ColumnID} {
		if !slices.ContainsFunc(q.Sort, func(k SortKey) bool { return k.Column == column }) {
			q.Sort = append(q.Sort, SortKey{Column: column, Desc: dir == "desc"})
		}
	}
	return nil
}

func checkMarker(_ *Query, params map[string]string) error {
	if marker := params["marker"]; marker != "" && !LikeUUID(marker) {
		return invalid("Invalid marker format")
	}
	return nil
}

// LikeUUID reports whether s is a UUID in any of the spellings that the
// original takes: 32 hexadecimal digits with hyphens, braces or a prefix.
func LikeUUID(s string) bool {
	s = strings.NewReplacer("urn:", "", "uuid:", "").Replace(s)
	s = strings.ReplaceAll(strings.Trim(s, "{}"), "-", "")
	return len(s) == 32 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// readPublic: an administrator sees, unless he asks for more, what a plain user
// of his project would.
func (l OldList) readPublic(q *Query, params map[string]string) error {
	if !l.Admin {
		return nil
	}
	text, given := params["is_public"]
	value, ok := parseFlag(text)
	switch {
	case !given:
		q.Public = new(true)
	case strings.EqualFold(text, "none"):
		q.AllVisibilities = true
	case !ok:
		return invalid("is_public must be None, True, or False")
	default:
		q.Public = &value
	}
	return nil
}

// oldFilters are the filters besides flags, times and properties.
var oldFilters = []string{
	"name", "status", "container_format", "disk_format", "min_ram", "min_disk", "size_min", "size_max",
}

func readOldFilters(q *Query, params map[string]string) error {
	for _, name := range oldFilters {
		if value, given := params[name]; given {
			if err := q.AddFilter(name, value); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if property, ok := strings.CutPrefix(name, "property-"); ok {
			q.Properties = append(q.Properties, PropertyIs{Name: property, Value: params[name]})
		}
	}
	return nil
}
