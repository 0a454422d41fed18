package memdb

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// CreateTask implements metadata.Tasks.
func (db *DB) CreateTask(ctx context.Context, t *glance.Task) error {
	return db.write(ctx, func() error {
		if _, used := db.tasks[t.ID]; used {
			return metadata.TaskExists(t.ID)
		}
		at := now()
		t.CreatedAt, t.UpdatedAt = orNow(t.CreatedAt, at), orNow(t.UpdatedAt, at)
		row := cloneTask(t)
		row.ExpiresAt, row.Deleted, row.DeletedAt = stored(t.ExpiresAt), false, time.Time{}
		db.tasks[t.ID] = row
		return nil
	})
}

// Task implements metadata.Tasks.
func (db *DB) Task(ctx context.Context, sc metadata.Scope, id string) (t *glance.Task, err error) {
	err = db.read(ctx, func() error {
		row, err := db.task(sc, id)
		if err == nil {
			t = cloneTask(row)
		}
		return err
	})
	return t, err
}

func (db *DB) task(sc metadata.Scope, id string) (*glance.Task, error) {
	row, ok := db.tasks[id]
	if !ok || row.Deleted && !sc.Deleted || !ownTask(sc, row) {
		return nil, metadata.NoTask(id)
	}
	return row, nil
}

func ownTask(sc metadata.Scope, t *glance.Task) bool {
	return sc.Admin || t.Owner == "" || t.Owner == sc.Project
}

// TasksOf implements metadata.Tasks.
func (db *DB) TasksOf(ctx context.Context, sc metadata.Scope, imageID string, at time.Time) (list []*glance.Task, err error) {
	err = db.read(ctx, func() error {
		for _, row := range db.tasks {
			expired := !row.ExpiresAt.IsZero() && !row.ExpiresAt.After(at)
			if row.ImageID == imageID && ownTask(sc, row) && !expired && (sc.Admin || !row.Deleted) {
				list = append(list, cloneTask(row))
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b *glance.Task) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// ListTasks implements metadata.Tasks.
func (db *DB) ListTasks(ctx context.Context, sc metadata.Scope, q metadata.TaskQuery) (list []*glance.Task, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	after := func(a, b *glance.Task) int {
		n := cmp.Or(compareTasks(a, b, q.SortKey), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
		if q.Ascending {
			return n
		}
		return -n
	}
	err = db.read(ctx, func() error {
		for _, row := range db.tasks {
			if !row.Deleted && ownTask(sc, row) && asked(row, q) && (q.After == nil || after(row, q.After) > 0) {
				brief := *row
				brief.Input, brief.Result, brief.Message = nil, nil, ""
				list = append(list, &brief)
			}
		}
		return nil
	})
	slices.SortFunc(list, after)
	return list[:min(len(list), q.Limit)], err
}

func asked(t *glance.Task, q metadata.TaskQuery) bool {
	expired := !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(q.Now)
	return expired == q.Expired && (q.Status == "" || t.Status == q.Status) && (q.Type == "" || t.Type == q.Type)
}

func compareTasks(a, b *glance.Task, key string) int {
	switch key {
	case "type":
		return cmp.Compare(a.Type, b.Type)
	case "status":
		return cmp.Compare(a.Status, b.Status)
	case "owner":
		return cmp.Compare(a.Owner, b.Owner)
	case "created_at":
		return a.CreatedAt.Compare(b.CreatedAt)
	case "updated_at":
		return a.UpdatedAt.Compare(b.UpdatedAt)
	case "expires_at":
		return a.ExpiresAt.Compare(b.ExpiresAt)
	}
	return cmp.Compare(a.ID, b.ID)
}

// UpdateTask implements metadata.Tasks.
func (db *DB) UpdateTask(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Task) error) (t *glance.Task, err error) {
	err = db.write(ctx, func() error {
		row, err := db.task(sc, id)
		if err != nil {
			return err
		}
		after := cloneTask(row)
		if err := change(after); errors.Is(err, metadata.ErrUnchanged) {
			t = cloneTask(row)
			return nil
		} else if err != nil {
			return err
		}
		at := now()
		after.ID, after.CreatedAt, after.UpdatedAt = row.ID, row.CreatedAt, at
		after.ExpiresAt, after.DeletedAt = stored(after.ExpiresAt), row.DeletedAt
		switch {
		case !after.Deleted:
			after.DeletedAt = time.Time{}
		case !row.Deleted:
			after.DeletedAt = at
		}
		db.tasks[id] = cloneTask(after)
		t = after
		return nil
	})
	return t, err
}

func cloneTask(t *glance.Task) *glance.Task {
	c := *t
	c.Input, c.Result = slices.Clone(t.Input), slices.Clone(t.Result)
	return &c
}
