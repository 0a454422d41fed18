package metadata

import (
	"slices"
	"time"

	"glance/internal/glance"
)

// TaskQuery asks for a page of tasks.
type TaskQuery struct {
	Status  glance.TaskStatus // empty is any
	Type    string            // empty is any
	Now     time.Time         // tasks that have expired then are left out
	Expired bool              // instead: those alone

	SortKey   string // one of TaskSortKeys; those of the same value in order of creation, then of id
	Ascending bool
	After     *glance.Task // the last one of the page before; nil is the first page
	Limit     int          // 0 is none at all
}

// TaskSortKeys are what tasks can be sorted by. A task that never expires comes
// before the others.
func TaskSortKeys() []string {
	return []string{"id", "type", "status", "owner", "created_at", "updated_at", "expires_at"}
}

// Check fails with Invalid when nobody can answer the query.
func (q TaskQuery) Check() error {
	if !slices.Contains(TaskSortKeys(), q.SortKey) {
		return glance.Errorf(glance.Invalid, "Invalid sort key: %s", q.SortKey)
	}
	return nil
}
