package registry

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

func imageGetAll(ctx context.Context, c *call) (any, error) {
	q, err := c.query()
	if err != nil {
		return nil, err
	}
	sc := c.scope(false)
	if c.exact.Scope == nil {
		sc.Deleted = q.Deleted == nil || *q.Deleted
	}
	if q.After, err = c.marker(ctx, sc); err != nil {
		return nil, err
	}
	found, err := c.DB.Images(ctx, sc, q)
	if err != nil {
		return nil, err
	}
	out := make([]any, 0, len(found))
	for _, img := range found {
		row, err := c.shown(img)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// marker is the image that the page begins after.
func (c *call) marker(ctx context.Context, sc metadata.Scope) (*glance.Image, error) {
	if c.exact.After != nil {
		return c.exact.After.Image(), nil
	}
	id, given := c.args["marker"].(string)
	if !given {
		return nil, nil
	}
	img, err := c.DB.Image(ctx, sc, id)
	return img, as(err, glance.NotFound, wire.ClassImageNotFound)
}

// query reads the arguments of image_get_all (spec database §6).
func (c *call) query() (metadata.Query, error) {
	q := metadata.Query{Limit: -1}
	for _, read := range []func(*metadata.Query) error{c.readLimit, c.readSort, c.readMemberStatus, c.readPublic, c.readFilters, c.readExact} {
		if err := read(&q); err != nil {
			return metadata.Query{}, err
		}
	}
	return q, nil
}

func (c *call) readLimit(q *metadata.Query) error {
	if c.args["limit"] == nil {
		return nil
	}
	number, _ := c.args["limit"].(json.Number)
	n, err := number.Int64()
	if err != nil || n < 0 {
		return bad("limit param must be positive")
	}
	q.Limit = int(min(n, 1<<31-1))
	return nil
}

// texts reads an argument that is a list of texts, or one text as the first
// release sent it.
func (c *call) texts(name string) ([]string, error) {
	switch v := c.args[name].(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		list := make([]string, 0, len(v))
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, bad("Invalid value for %s.", name)
			}
			list = append(list, text)
		}
		return list, nil
	}
	return nil, bad("Invalid value for %s.", name)
}

// readSort makes the order total as the original does.
func (c *call) readSort(q *metadata.Query) error {
	keys, err := c.texts("sort_key")
	if err != nil {
		return err
	}
	dirs, err := c.texts("sort_dir")
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		keys = []string{string(metadata.ColumnCreatedAt)}
	}
	rest := "desc"
	if len(dirs) == 1 {
		rest = dirs[0]
	}
	for len(dirs) < len(keys) {
		dirs = append(dirs, rest)
	}
	for _, column := range []metadata.Column{metadata.ColumnCreatedAt, metadata.ColumnID} {
		if !slices.Contains(keys, string(column)) {
			keys, dirs = append(keys, string(column)), append(dirs[:len(keys):len(keys)], rest)
		}
	}
	for i, key := range keys {
		if dirs[i] != "asc" && dirs[i] != "desc" {
			return bad("Unknown sort direction, must be one of: asc, desc")
		}
		q.Sort = append(q.Sort, metadata.SortKey{Column: metadata.Column(key), Desc: dirs[i] == "desc"})
	}
	return q.Check()
}

func (c *call) readMemberStatus(q *metadata.Query) error {
	status, given := c.args["member_status"].(string)
	switch {
	case !given:
	case status == "all":
		q.AnyMemberStatus = true
	default:
		q.MemberStatus = glance.MemberStatus(status)
	}
	return nil
}

func (c *call) readPublic(q *metadata.Query) error {
	if public, given := c.args["is_public"].(bool); given {
		readIsPublic(q, public)
	}
	asUser, err := c.args.Flag("admin_as_user")
	if asUser {
		q.Public = new(true)
	}
	return err
}

func readIsPublic(q *metadata.Query, public bool) {
	if public {
		q.Visibility = glance.VisibilityPublic
		return
	}
	q.Public = new(false)
}

// readFilters reads the filters by name; what is no column is a property.
func (c *call) readFilters(q *metadata.Query) error {
	filters, _ := c.args["filters"].(map[string]any)
	values := wire.Values(filters)
	for _, name := range slices.Sorted(maps.Keys(filters)) {
		if err := readFilter(q, values, name); err != nil {
			return err
		}
	}
	return nil
}

func readFilter(q *metadata.Query, filters wire.Values, name string) error {
	switch name {
	case "properties":
		object, _ := filters[name].(map[string]any)
		for _, property := range slices.Sorted(maps.Keys(object)) {
			q.Properties = append(q.Properties, metadata.PropertyIs{Name: property, Value: wire.PropertyOf("", object[property]).Value})
		}
	case "tags":
		list, _ := filters[name].([]any)
		for _, tag := range list {
			q.Tags = append(q.Tags, wire.PropertyOf("", tag).Value)
		}
	case "visibility":
		return readVisibility(q, filters[name])
	case "deleted", "is_public", "protected", "os_hidden":
		flag, err := filters.Flag(name)
		if err != nil {
			return err
		}
		readFlag(q, name, flag)
	case "changes-since":
		t, err := filters.Time(name)
		if err != nil {
			return bad("Unrecognized changes-since value")
		}
		q.Where = append(q.Where, metadata.Condition{Column: metadata.ColumnUpdatedAt, Op: metadata.Greater, Time: t.Time})
	default:
		return q.AddFilter(name, wire.PropertyOf("", filters[name]).Value)
	}
	return nil
}

func readVisibility(q *metadata.Query, value any) error {
	text, _ := value.(string)
	switch v := glance.Visibility(text); {
	case value == nil:
	case text == "all":
		q.AllVisibilities = true
	case v.Known():
		q.Visibility = v
	default:
		return bad("Invalid visibility value: %s", text)
	}
	return nil
}

func readFlag(q *metadata.Query, name string, flag bool) {
	switch name {
	case "deleted":
		q.Deleted = &flag
	case "is_public":
		readIsPublic(q, flag)
	default:
		q.Where = append(q.Where, metadata.Condition{Column: metadata.Column(name), Bool: flag})
	}
}

// readExact adds the conditions that have no filter.
func (c *call) readExact(q *metadata.Query) error {
	for _, w := range c.exact.Where {
		op := metadata.Op(w.Op)
		if op < metadata.Eq || op > metadata.In {
			return bad("There is no comparison %d.", w.Op)
		}
		q.Where = append(q.Where, metadata.Condition{
			Column: metadata.Column(w.Column), Op: op, Texts: w.Texts, Int: w.Int, Bool: w.Bool, Time: w.Time.Time,
		})
	}
	for _, e := range c.exact.Equal {
		q.Properties = append(q.Properties, metadata.PropertyIs{Name: e.Name, Value: e.Value})
	}
	if err := q.Check(); err != nil {
		return err
	}
	if c.exact.After != nil && c.exact.After.ID == "" {
		return bad("after has no id.")
	}
	return nil
}
