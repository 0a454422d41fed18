package registryrpc

import (
	"context"
	"slices"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// Images gives a page of images; see metadata.Images.
func (db *DB) Images(ctx context.Context, sc metadata.Scope, q metadata.Query) ([]*glance.Image, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	kwargs, beside := arguments(q)
	var rows []wire.Image2
	exact, err := db.call(ctx, sc, "image_get_all", kwargs, beside, &rows)
	if len(beside.Where) > 0 || len(beside.Equal) > 0 {
		err = needExact(exact, err, "this comparison")
	}
	if err != nil {
		return nil, err
	}
	page := make([]*glance.Image, 0, len(rows))
	for i := range rows {
		page = append(page, rows[i].Image())
	}
	return page, nil
}

// arguments says a query in the words of the protocol, and what it has no words
// for beside them.
func arguments(q metadata.Query) (args, wire.Exact) {
	var keys, dirs []string
	for _, k := range q.Sort {
		dir := "asc"
		if k.Desc {
			dir = "desc"
		}
		keys, dirs = append(keys, string(k.Column)), append(dirs, dir)
	}
	kwargs := args{"sort_key": keys, "sort_dir": dirs, "return_tag": true}
	if q.Limit >= 0 {
		kwargs["limit"] = q.Limit
	}
	switch {
	case q.AnyMemberStatus:
		kwargs["member_status"] = "all"
	case q.MemberStatus != "":
		kwargs["member_status"] = string(q.MemberStatus)
	}
	if q.Public != nil {
		if *q.Public {
			kwargs["admin_as_user"] = true
		} else {
			kwargs["is_public"] = false
		}
	}
	var beside wire.Exact
	if q.After != nil {
		kwargs["marker"] = q.After.ID
		after := wire.Row(q.After)
		after.Properties, after.Locations, after.Tags = nil, nil, nil
		beside.After = &after
	}
	kwargs["filters"] = filters(q, &beside)
	return kwargs, beside
}

func filters(q metadata.Query, beside *wire.Exact) args {
	f := args{}
	switch {
	case q.Visibility != "":
		f["visibility"] = string(q.Visibility)
	case q.AllVisibilities:
		f["visibility"] = "all"
	}
	if q.Deleted != nil {
		f["deleted"] = *q.Deleted
	}
	if len(q.Tags) > 0 {
		f["tags"] = q.Tags
	}
	properties := args{}
	for _, p := range q.Properties {
		if _, twice := properties[p.Name]; twice {
			beside.Equal = append(beside.Equal, wire.Equal{Name: p.Name, Value: p.Value})
			continue
		}
		properties[p.Name] = p.Value
	}
	if len(properties) > 0 {
		f["properties"] = properties
	}
	for _, c := range q.Where {
		name, value, ok := filter(c)
		if _, twice := f[name]; !ok || twice {
			beside.Where = append(beside.Where, wire.Where{
				Column: string(c.Column), Op: int(c.Op), Texts: c.Texts, Int: c.Int, Bool: c.Bool, Time: wire.Timestamp{Time: c.Time},
			})
			continue
		}
		f[name] = value
	}
	return f
}

// timeOps are the words for comparisons of times.
var timeOps = map[metadata.Op]string{
	metadata.Eq: "eq", metadata.NotEq: "neq", metadata.Less: "lt", metadata.LessEq: "lte", metadata.Greater: "gt",
	metadata.GreaterEq: "gte",
}

// filter says a condition as a filter; ok is false when there is none for it.
func filter(c metadata.Condition) (name string, value any, ok bool) {
	name = string(c.Column)
	switch c.Column.Type() {
	case metadata.Text:
		return textFilter(c)
	case metadata.Boolean:
		return name, c.Bool, c.Op == metadata.Eq
	case metadata.Time:
		return name, timeOps[c.Op] + ":" + c.Time.UTC().Format("2006-01-02T15:04:05.999999"), true
	}
	switch c.Op {
	case metadata.Eq:
		return name, c.Int, true
	case metadata.GreaterEq:
		return name + "_min", c.Int, true
	case metadata.LessEq:
		return name + "_max", c.Int, true
	}
	return name, nil, false
}

func textFilter(c metadata.Condition) (name string, value any, ok bool) {
	name = string(c.Column)
	lists := slices.Contains([]metadata.Column{
		metadata.ColumnName, metadata.ColumnID, metadata.ColumnStatus, metadata.ColumnContainerFormat, metadata.ColumnDiskFormat,
	}, c.Column)
	switch {
	case c.Op == metadata.Eq && lists:
		return name, "eq:" + c.Texts[0], true
	case c.Op == metadata.Eq:
		return name, c.Texts[0], true
	case c.Op != metadata.In || !lists || len(c.Texts) == 0:
		return name, nil, false
	}
	quoted := make([]string, 0, len(c.Texts))
	for _, item := range c.Texts {
		if item == "" || strings.Contains(item, `"`) {
			return name, nil, false
		}
		quoted = append(quoted, `"`+item+`"`)
	}
	return name, "in:" + strings.Join(quoted, ","), true
}
