package importflow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// Board shows tasks to administrators, and takes those of the old kind (spec
// import §10).
type Board struct {
	Tasks  metadata.Tasks
	Policy *policy.Enforcer
	Log    *slog.Logger

	Legacy *Legacy // does the tasks that are made here
}

// MaySee fails with Forbidden when the caller may not use the API of tasks. It
// is asked before the request is looked at.
func (b *Board) MaySee(ctx context.Context, who *glance.Caller) error {
	return b.Policy.Global(ctx, who, policy.TasksAPIAccess, policy.Nothing{})
}

// TaskListing asks for a page of tasks.
type TaskListing struct {
	Status    glance.TaskStatus // empty is any
	Type      string            // empty is any
	SortKey   string            // one of metadata.TaskSortKeys
	Ascending bool
	Marker    string // id of the last one of the page before; empty is the first page
	Limit     int
}

// List gives a page of tasks. The error is Invalid for a sort key or a marker
// that does not exist.
func (b *Board) List(ctx context.Context, who *glance.Caller, l TaskListing) (list []*glance.Task, err error) {
	sc := metadata.ScopeOf(*who)
	q := metadata.TaskQuery{Status: l.Status, Type: l.Type, SortKey: l.SortKey, Ascending: l.Ascending, Limit: l.Limit}
	if l.Marker != "" {
		q.After, err = b.Tasks.Task(ctx, sc, l.Marker)
		if errors.Is(err, glance.NotFound) {
			return nil, glance.Errorf(glance.Invalid, "No task found with ID %s", l.Marker)
		}
		if err != nil {
			return nil, err
		}
	}
	q.Now = time.Now()
	b.expire(ctx, who, q.Now)
	return b.Tasks.ListTasks(ctx, sc, q)
}

// mostExpired is how many tasks a look at the list removes.
const mostExpired = 100

// expire removes tasks of the caller's project whose time is over. Nobody sees
// them whether that works or not.
func (b *Board) expire(ctx context.Context, who *glance.Caller, now time.Time) {
	if who.ReadOnly || who.ProjectID == "" {
		return
	}
	sc := metadata.Scope{Project: who.ProjectID}
	old, err := b.Tasks.ListTasks(ctx, sc, metadata.TaskQuery{Expired: true, Now: now, SortKey: "id", Limit: mostExpired})
	for _, t := range old {
		if err != nil {
			break
		}
		_, err = b.Tasks.UpdateTask(ctx, sc, t.ID, func(t *glance.Task) error {
			t.Deleted = true
			return nil
		})
		if errors.Is(err, glance.NotFound) {
			err = nil // somebody else was faster
		}
	}
	if err != nil {
		b.Log.WarnContext(ctx, "expired tasks are not removed now", "request_id", who.RequestID, "error", err)
	}
}

// Show gives one task.
func (b *Board) Show(ctx context.Context, who *glance.Caller, id string) (*glance.Task, error) {
	t, err := b.Tasks.Task(ctx, metadata.ScopeOf(*who), id)
	if errors.Is(err, glance.NotFound) {
		return nil, glance.Because(glance.NotFound, err, "Could not find task "+id)
	}
	return t, err
}
