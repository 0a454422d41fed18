package metadata

import (
	"strconv"
	"strings"
	"time"

	"glance/internal/glance"
)

// AddFilter adds a condition in the text form that requests of every era have
// it in: name is a column of images, an integer column with _min or _max, or an
// additional property (spec images-v2 §8.2, database §6). The error is Invalid.
func (q *Query) AddFilter(name, value string) error {
	return filter{name, value}.addTo(q)
}

// Nothing is a condition that no image meets.
func Nothing() Condition { return Condition{Column: ColumnID, Op: In} }

type filter struct{ name, value string }

func (f filter) addTo(q *Query) error {
	switch column := Column(f.name); column {
	case ColumnName, ColumnID, ColumnStatus, ColumnContainerFormat, ColumnDiskFormat:
		return f.addText(q, column)
	case ColumnCreatedAt, ColumnUpdatedAt:
		return f.addTime(q, column)
	case ColumnChecksum, ColumnHashAlgo, ColumnHashValue, ColumnOwner:
		q.Where = append(q.Where, Condition{Column: column, Texts: []string{f.value}})
		return nil
	case ColumnSize, ColumnVirtualSize, ColumnMinDisk, ColumnMinRAM:
		q.Where = append(q.Where, equalNumber(column, f.value))
		return nil
	}
	if column, op, ok := f.bound(); ok {
		n, err := strconv.ParseInt(strings.TrimSpace(f.value), 10, 64)
		if err != nil {
			return glance.Errorf(glance.Invalid, "Unable to filter on a range with a non-numeric value.")
		}
		q.Where = append(q.Where, Condition{Column: column, Op: op, Int: n})
		return nil
	}
	q.Properties = append(q.Properties, PropertyIs{Name: f.name, Value: f.value})
	return nil
}

// equalNumber compares with a number; what is none matches nothing.
func equalNumber(column Column, value string) Condition {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return Nothing()
	}
	return Condition{Column: column, Int: n}
}

// bound recognises <integer column>_min and _max.
func (f filter) bound() (Column, Op, bool) {
	name, op := strings.CutSuffix(f.name, "_min")
	if op {
		return Column(name), GreaterEq, Column(name).Type() == Integer
	}
	name, op = strings.CutSuffix(f.name, "_max")
	return Column(name), LessEq, op && Column(name).Type() == Integer
}

func (f filter) addText(q *Query, column Column) error {
	op, value, found := strings.Cut(f.value, ":")
	switch {
	case !found:
		q.Where = append(q.Where, Condition{Column: column, Texts: []string{f.value}})
	case op == "eq":
		q.Where = append(q.Where, Condition{Column: column, Texts: []string{value}})
	case op == "in":
		list, err := splitList(value)
		if err != nil {
			return err
		}
		q.Where = append(q.Where, Condition{Column: column, Op: In, Texts: list})
	default:
		return glance.Errorf(glance.Invalid, "Unable to filter by unknown operator '%s'.", op)
	}
	return nil
}

// splitList splits the list of an in: filter at its commas; an item that holds
// commas stands in double quotes, which must touch commas.
func splitList(s string) ([]string, error) {
	fail := func(text string) ([]string, error) {
		return nil, glance.Errorf(glance.Invalid, "Invalid filter value %s. %s", s, text)
	}
	var list []string
	for rest := s; rest != ""; {
		if rest[0] == '"' {
			item, after, closed := strings.Cut(rest[1:], `"`)
			if !closed {
				return fail("The quote is not closed.")
			}
			if after != "" && after[0] != ',' {
				return fail("There is no comma after closing quotation mark.")
			}
			list, rest = append(list, item), strings.TrimPrefix(after, ",")
			continue
		}
		item, after, _ := strings.Cut(rest, ",")
		if strings.Contains(item, `"`) {
			if strings.Count(rest, `"`) == 1 {
				return fail("The quote is not closed.")
			}
			return fail("There is no comma before opening quotation mark.")
		}
		if item != "" {
			list = append(list, item)
		}
		rest = after
	}
	return list, nil
}

var timeOps = map[string]Op{
	"gt": Greater, "gte": GreaterEq, "lt": Less, "lte": LessEq,
	"eq": Eq, "neq": NotEq,
}

func (f filter) addTime(q *Query, column Column) error {
	value, op := f.value, Eq
	// A bare time holds colons too: only letters before the first one are an operator.
	if name, rest, found := strings.Cut(f.value, ":"); found && !strings.ContainsAny(name, "0123456789") {
		known, ok := timeOps[name]
		if !ok {
			return glance.Errorf(glance.Invalid, "Unable to filter on a unknown operator.")
		}
		value, op = rest, known
	}
	t, ok := parseTime(value)
	if !ok {
		return glance.Errorf(glance.Invalid,
			"Bad \"%s\" query filter format. Use ISO 8601 DateTime notation.", column)
	}
	q.Where = append(q.Where, Condition{Column: column, Op: op, Time: t})
	return nil
}

var isoLayouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07",
	"2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15",
	"2006-01-02", "2006-01", "2006", "20060102T150405Z07:00", "20060102T150405", "20060102",
}

// parseTime reads the spellings of ISO 8601 that clients use; a time without a
// zone is UTC.
func parseTime(s string) (time.Time, bool) {
	s = strings.Replace(s, " ", "T", 1)
	for _, layout := range isoLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
