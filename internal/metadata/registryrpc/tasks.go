package registryrpc

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// taskValues gives all columns of a task that a request may set.
func taskValues(t *glance.Task) args {
	w := wire.TaskRow(t)
	values := args{
		"type": w.Type, "status": w.Status, "owner": w.Owner, "image_id": w.ImageID, "request_id": w.RequestID, "user_id": w.UserID,
		"message": w.Message, "expires_at": w.ExpiresAt, "input": nil, "result": nil,
	}
	for name, text := range map[string]json.RawMessage{"input": t.Input, "result": t.Result} {
		if text != nil {
			values[name] = text
		}
	}
	return values
}

// CreateTask stores a new task; see metadata.Tasks.
func (db *DB) CreateTask(ctx context.Context, t *glance.Task) error {
	values := taskValues(t)
	values["id"] = t.ID
	for name, at := range map[string]time.Time{"created_at": t.CreatedAt, "updated_at": t.UpdatedAt} {
		if !at.IsZero() {
			values[name] = wire.Timestamp{Time: at}
		}
	}
	var row wire.Task2
	_, err := db.call(ctx, metadata.Everything(), "task_create", args{"values": values}, wire.Exact{}, &row)
	if isClass(err, wire.ClassDuplicate) {
		return metadata.TaskExists(t.ID)
	}
	if err != nil {
		return err
	}
	t.CreatedAt, t.UpdatedAt = row.CreatedAt.Time, row.UpdatedAt.Time
	return nil
}

// Task gives one task; see metadata.Tasks.
func (db *DB) Task(ctx context.Context, sc metadata.Scope, id string) (*glance.Task, error) {
	row, err := db.task(ctx, sc, id)
	if err != nil {
		return nil, err
	}
	return row.Task(), nil
}

func (db *DB) task(ctx context.Context, sc metadata.Scope, id string) (*wire.Task2, error) {
	var row wire.Task2
	_, err := db.call(ctx, sc, "task_get", args{"task_id": id, "force_show_deleted": sc.Deleted}, wire.Exact{}, &row)
	if err != nil {
		return nil, errIs(err, glance.NotFound, metadata.NoTask(id))
	}
	return &row, nil
}

// TasksOf gives the tasks of an image; see metadata.Tasks.
func (db *DB) TasksOf(ctx context.Context, sc metadata.Scope, imageID string, now time.Time) ([]*glance.Task, error) {
	kwargs := args{"filters": args{"image_id": imageID}, "sort_key": "created_at", "sort_dir": "asc"}
	var rows []wire.Task2
	_, err := db.call(ctx, sc, "task_get_all", kwargs, wire.Exact{Now: &wire.Timestamp{Time: now}}, &rows)
	if err != nil {
		return nil, err
	}
	list := make([]*glance.Task, 0, len(rows))
	for i := range rows {
		list = append(list, rows[i].Task())
	}
	return list, nil
}

// ListTasks gives a page of tasks; see metadata.Tasks.
func (db *DB) ListTasks(ctx context.Context, sc metadata.Scope, q metadata.TaskQuery) ([]*glance.Task, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	filters := args{"expired": q.Expired, "deleted": false}
	for name, value := range map[string]string{"status": string(q.Status), "type": q.Type} {
		if value != "" {
			filters[name] = value
		}
	}
	kwargs := args{"filters": filters, "limit": q.Limit, "sort_key": q.SortKey, "sort_dir": "desc"}
	if q.Ascending {
		kwargs["sort_dir"] = "asc"
	}
	if q.After != nil {
		kwargs["marker"] = q.After.ID
	}
	var rows []wire.Task2
	if _, err := db.call(ctx, sc, "task_get_all", kwargs, wire.Exact{Now: &wire.Timestamp{Time: q.Now}}, &rows); err != nil {
		return nil, err
	}
	list := make([]*glance.Task, 0, len(rows))
	for i := range rows {
		list = append(list, rows[i].Task())
	}
	return list, nil
}

// UpdateTask changes a task; see metadata.Tasks.
func (db *DB) UpdateTask(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Task) error) (*glance.Task, error) {
	var changed *glance.Task
	err := again(ctx, func() error {
		row, err := db.task(ctx, sc, id)
		if err != nil {
			return err
		}
		before, after := row.Task(), row.Task()
		if err := change(after); errors.Is(err, metadata.ErrUnchanged) {
			changed = before
			return nil
		} else if err != nil {
			return err
		}
		var stored wire.Task2
		beside := wire.Exact{Version: row.Version, Deleted: &after.Deleted}
		exact, err := db.call(ctx, sc, "task_update", args{"task_id": id, "values": taskValues(after)}, beside, &stored)
		if err == nil && !exact && after.Deleted && !before.Deleted {
			_, err = db.call(ctx, sc, "task_delete", args{"task_id": id}, wire.Exact{}, &stored)
		}
		changed = stored.Task()
		return errIs(err, glance.NotFound, metadata.NoTask(id))
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}
