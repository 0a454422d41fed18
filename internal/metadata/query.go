package metadata

import (
	"slices"
	"time"

	"glance/internal/glance"
)

// Query says which images a page holds (spec images-v2 §8, database §6). The
// zero Query gives no image, since its Limit is 0. Conditions are joined by
// AND and never widen the candidate set of the scope.
type Query struct {
	Limit int           // at most so many; negative is no limit
	After *glance.Image // the page begins strictly after this image; nil is the beginning
	Sort  []SortKey     // the last keys must make the order total: end with ColumnID

	// Visibility keeps images of one visibility. Empty keeps all but
	// community images of other projects, unless AllVisibilities.
	Visibility      glance.Visibility
	AllVisibilities bool

	// MemberStatus is the status a membership needs so that a shared image is
	// a candidate; empty is accepted. AnyMemberStatus takes every one.
	MemberStatus    glance.MemberStatus
	AnyMemberStatus bool

	Where      []Condition
	Properties []PropertyIs
	Tags       []string // every one of them

	// Deleted keeps deleted images only (true) or live ones only (false); nil
	// keeps both. Killed images are never kept when it is false.
	Deleted *bool
	// Public, for the registry and API v1: true keeps what the project would
	// see as a plain user although the scope is an admin's; false keeps what
	// is not public. nil does nothing.
	Public *bool
}

// SortKey is one key of the order. Null counts as "" or 0.
type SortKey struct {
	Column Column
	Desc   bool
}

// Column is a column of the images table that may be filtered or sorted by.
type Column string

// The columns of images, by the names of the table and of API v2.
const (
	ColumnID              Column = "id"
	ColumnName            Column = "name"
	ColumnSize            Column = "size"
	ColumnVirtualSize     Column = "virtual_size"
	ColumnStatus          Column = "status"
	ColumnDiskFormat      Column = "disk_format"
	ColumnContainerFormat Column = "container_format"
	ColumnChecksum        Column = "checksum"
	ColumnOwner           Column = "owner"
	ColumnMinDisk         Column = "min_disk"
	ColumnMinRAM          Column = "min_ram"
	ColumnProtected       Column = "protected"
	ColumnHidden          Column = "os_hidden"
	ColumnHashAlgo        Column = "os_hash_algo"
	ColumnHashValue       Column = "os_hash_value"
	ColumnCreatedAt       Column = "created_at"
	ColumnUpdatedAt       Column = "updated_at"
)

// Columns lists every column.
func Columns() []Column {
	return []Column{
		ColumnID, ColumnName, ColumnSize, ColumnVirtualSize, ColumnStatus, ColumnDiskFormat, ColumnContainerFormat,
		ColumnChecksum, ColumnOwner, ColumnMinDisk, ColumnMinRAM, ColumnProtected, ColumnHidden, ColumnHashAlgo,
		ColumnHashValue, ColumnCreatedAt, ColumnUpdatedAt,
	}
}

// Type says what values the column holds.
func (c Column) Type() ColumnType {
	switch c {
	case ColumnSize, ColumnVirtualSize, ColumnMinDisk, ColumnMinRAM:
		return Integer
	case ColumnProtected, ColumnHidden:
		return Boolean
	case ColumnCreatedAt, ColumnUpdatedAt:
		return Time
	default:
		return Text
	}
}

// ColumnType is the type of a column's values.
type ColumnType int

// The types of columns.
const (
	Text ColumnType = iota
	Integer
	Boolean
	Time
)

// Op compares a column with values.
type Op int

// The comparisons. Null compares with nothing: it satisfies none of them.
const (
	Eq Op = iota
	NotEq
	Less
	LessEq
	Greater
	GreaterEq
	In // one of Texts, for Text only; an empty list keeps nothing
)

// Condition is one comparison. Exactly one of the value fields is used,
// by the type of the column.
type Condition struct {
	Column Column
	Op     Op
	Texts  []string  // for Text; exactly one but with In
	Int    int64     // for Integer
	Bool   bool      // for Boolean
	Time   time.Time // for Time
}

// mostFilters bounds the conditions of a query, which databases plan together;
// the original's fail at 61 or 64 of them.
const mostFilters = 60

// Check finds columns that do not exist, comparisons without a value and too
// many conditions; the error is Invalid. Drivers call it, so that no name from
// outside gets into the text of a statement.
func (q *Query) Check() error {
	if len(q.Where)+len(q.Properties)+len(q.Tags) > mostFilters {
		return glance.Errorf(glance.Invalid, "At most %d filters can be combined.", mostFilters)
	}
	for _, k := range q.Sort {
		if !slices.Contains(Columns(), k.Column) {
			return glance.Errorf(glance.Invalid, "There is no column %q to sort by.", string(k.Column))
		}
	}
	for _, c := range q.Where {
		if !slices.Contains(Columns(), c.Column) {
			return glance.Errorf(glance.Invalid, "There is no column %q to filter by.", string(c.Column))
		}
		if isText := c.Column.Type() == Text; c.Op == In && !isText || c.Op != In && isText && len(c.Texts) != 1 {
			return glance.Errorf(glance.Invalid, "Column %q cannot be compared like this.", string(c.Column))
		}
	}
	return nil
}

// PropertyIs keeps images with an additional property of exactly this value.
type PropertyIs struct {
	Name  string
	Value string
}
