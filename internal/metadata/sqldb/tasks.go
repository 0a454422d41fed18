package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/metadata"
)

const selectTasks = "SELECT t.id, t.type, t.status, t.owner, t.image_id, t.request_id, t.user_id, t.expires_at, t.created_at, t.updated_at, " +
	"t.deleted_at, t.deleted, i.input, i.result, i.message FROM tasks t LEFT JOIN task_info i ON i.task_id = t.id WHERE "

// taskRow takes rows of selectTasks.
type taskRow struct {
	id, kind, status, owner, image, request, user, input, result, message text
	expires, created, updated, deletedAt                                  stamp
	deleted                                                               flag
}

func (r *taskRow) scan(rows *sql.Rows) (*glance.Task, error) {
	err := rows.Scan(&r.id, &r.kind, &r.status, &r.owner, &r.image, &r.request, &r.user, &r.expires, &r.created, &r.updated,
		&r.deletedAt, &r.deleted, &r.input, &r.result, &r.message)
	if err != nil {
		return nil, err
	}
	return &glance.Task{
		ID: r.id.value, Type: r.kind.value, Status: glance.TaskStatus(r.status.value), Owner: r.owner.value, ImageID: r.image.value,
		RequestID: r.request.value, UserID: r.user.value, Input: rawJSON(r.input.value), Result: rawJSON(r.result.value),
		Message: r.message.value, ExpiresAt: r.expires.Time, CreatedAt: r.created.Time, UpdatedAt: r.updated.Time,
		DeletedAt: r.deletedAt.Time, Deleted: bool(r.deleted),
	}, nil
}

func rawJSON(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// CreateTask implements metadata.Tasks.
func (db *DB) CreateTask(ctx context.Context, task *glance.Task) error {
	at := db.dialect.now()
	created, updated := db.dialect.orNow(task.CreatedAt, at), db.dialect.orNow(task.UpdatedAt, at)
	err := db.write(ctx, func(t *tx) error {
		err := t.insert(metadata.TaskExists(task.ID), "INSERT INTO tasks (id, type, status, owner, image_id, request_id, user_id, expires_at, "+
			"created_at, updated_at, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE)", task.ID, task.Type, string(task.Status), task.Owner,
			unlessEmpty(task.ImageID), unlessEmpty(task.RequestID), unlessEmpty(task.UserID), t.optionalTime(task.ExpiresAt),
			t.time(created), t.time(updated))
		if err != nil {
			return err
		}
		return t.insert(nil, "INSERT INTO task_info (task_id, input, result, message) VALUES (?, ?, ?, ?)",
			task.ID, encodeRaw(task.Input), encodeRaw(task.Result), task.Message)
	})
	if err == nil {
		task.CreatedAt, task.UpdatedAt = created, updated
	}
	return err
}

// Task implements metadata.Tasks.
func (db *DB) Task(ctx context.Context, sc metadata.Scope, id string) (task *glance.Task, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		task, err = t.visibleTask(sc, id)
		return err
	})
	return task, err
}

func (t *tx) visibleTask(sc metadata.Scope, id string) (*glance.Task, error) {
	if utf8.RuneCountInString(id) > longestID {
		return nil, metadata.NoTask(id)
	}
	list, err := t.tasks("t.id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Deleted && !sc.Deleted || !ownTask(sc, list[0]) {
		return nil, metadata.NoTask(id)
	}
	return list[0], nil
}

func (t *tx) tasks(condition string, args ...any) (list []*glance.Task, err error) {
	var row taskRow
	err = t.query(func(rows *sql.Rows) error {
		task, err := row.scan(rows)
		list = append(list, task)
		return err
	}, selectTasks+condition, args...)
	return list, err
}

// ownTask reports whether the scope sees a task; an owner that is null, which
// the tables of old forbid, is empty here.
func ownTask(sc metadata.Scope, task *glance.Task) bool {
	return sc.Admin || task.Owner == "" || task.Owner == sc.Project
}

// TasksOf implements metadata.Tasks.
func (db *DB) TasksOf(ctx context.Context, sc metadata.Scope, imageID string, at time.Time) (list []*glance.Task, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		condition, args := "t.image_id = ? AND (t.expires_at IS NULL OR t.expires_at > ?)", []any{imageID, t.time(at)}
		if !sc.Admin {
			condition += " AND t.owner IN (?, '') AND " + t.unindexed("t.deleted") + " = FALSE"
			args = append(args, sc.Project)
		}
		list, err = t.tasks(condition+" ORDER BY t.created_at, t.id", args...)
		return err
	})
	return list, err
}

// briefTasks is selectTasks without what may be large.
const briefTasks = "SELECT t.id, t.type, t.status, t.owner, t.image_id, t.request_id, t.user_id, t.expires_at, t.created_at, t.updated_at, " +
	"t.deleted_at, t.deleted, NULL, NULL, NULL FROM tasks t WHERE "

// ListTasks implements metadata.Tasks.
func (db *DB) ListTasks(ctx context.Context, sc metadata.Scope, q metadata.TaskQuery) (list []*glance.Task, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func(t *tx) error {
		list = nil
		text, args := t.taskPage(sc, q)
		var row taskRow
		return t.query(func(rows *sql.Rows) error {
			task, err := row.scan(rows)
			list = append(list, task)
			return err
		}, briefTasks+text, args...)
	})
	return list, err
}

// taskPage writes the conditions and the order of a page.
func (t *tx) taskPage(sc metadata.Scope, q metadata.TaskQuery) (text string, args []any) {
	add := func(more string, values ...any) { text, args = text+more, append(args, values...) }
	add("t.deleted = FALSE AND ")
	if q.Expired {
		add("t.expires_at <= ?", t.time(q.Now))
	} else {
		add("(t.expires_at IS NULL OR t.expires_at > ?)", t.time(q.Now))
	}
	if !sc.Admin {
		add(" AND t.owner IN (?, '')", sc.Project)
	}
	if q.Status != "" {
		add(" AND t.status = ?", string(q.Status))
	}
	if q.Type != "" {
		add(" AND t.type = ?", q.Type)
	}
	key, dir, than := "t."+q.SortKey, " DESC", " < ?"
	if q.Ascending {
		dir, than = "", " > ?"
	}
	if q.After != nil {
		at := t.time(q.After.CreatedAt)
		rest := "(t.created_at" + than + " OR t.created_at = ? AND t.id" + than + ")"
		never := q.SortKey == "expires_at" && q.After.ExpiresAt.IsZero() // that is the least
		switch {
		case never && q.Ascending:
			add(" AND ("+key+" IS NOT NULL OR "+rest+")", at, at, q.After.ID)
		case never:
			add(" AND "+key+" IS NULL AND "+rest, at, at, q.After.ID)
		default:
			value := t.taskKey(q.After, q.SortKey)
			add(" AND ("+key+than+" OR "+key+" = ? AND "+rest, value, value, at, at, q.After.ID)
			if q.SortKey == "expires_at" && !q.Ascending {
				add(" OR " + key + " IS NULL")
			}
			add(")")
		}
	}
	add(" ORDER BY ")
	if q.SortKey == "expires_at" {
		add("CASE WHEN " + key + " IS NULL THEN 0 ELSE 1 END" + dir + ", ")
	}
	add(key+dir+", t.created_at"+dir+", t.id"+dir+" LIMIT ?", q.Limit)
	return text, args
}

// taskKey gives the value that a task is sorted by.
func (t *tx) taskKey(task *glance.Task, key string) any {
	switch key {
	case "type":
		return task.Type
	case "status":
		return string(task.Status)
	case "owner":
		return task.Owner
	case "created_at":
		return t.time(task.CreatedAt)
	case "updated_at":
		return t.time(task.UpdatedAt)
	case "expires_at":
		return t.time(task.ExpiresAt)
	}
	return task.ID
}

// lockTask keeps others from a row until the transaction ends. It is a
// statement of its own, since PostgreSQL locks no outer join.
func (t *tx) lockTask(id string) error {
	if t.forUpdate == "" {
		return nil
	}
	_, err := t.number("SELECT 1 FROM tasks WHERE id = ?"+t.forUpdate, id)
	return err
}

// UpdateTask implements metadata.Tasks.
func (db *DB) UpdateTask(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Task) error) (task *glance.Task, err error) {
	err = db.write(ctx, func(t *tx) error {
		if err := t.lockTask(id); err != nil {
			return err
		}
		before, err := t.visibleTask(sc, id)
		if err != nil {
			return err
		}
		task = before
		after := *before
		if err := change(&after); errors.Is(err, metadata.ErrUnchanged) {
			return nil
		} else if err != nil {
			return err
		}
		if err := t.saveTask(before, &after); err != nil {
			return err
		}
		task, err = t.visibleTask(metadata.Scope{Admin: true, Deleted: true}, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return task, nil
}

func (t *tx) saveTask(before, after *glance.Task) error {
	at := t.now()
	deletedAt := t.optionalTime(before.DeletedAt)
	if after.Deleted != before.Deleted {
		deletedAt = t.when(after.Deleted, at)
	}
	_, err := t.exec("UPDATE tasks SET type = ?, status = ?, owner = ?, image_id = ?, request_id = ?, user_id = ?, expires_at = ?, updated_at = ?, "+
		"deleted_at = ?, deleted = ? WHERE id = ?", after.Type, string(after.Status), after.Owner, unlessEmpty(after.ImageID),
		unlessEmpty(after.RequestID), unlessEmpty(after.UserID), t.optionalTime(after.ExpiresAt), t.time(at), deletedAt, after.Deleted, before.ID)
	if err != nil {
		return err
	}
	n, err := t.exec("UPDATE task_info SET input = ?, result = ?, message = ? WHERE task_id = ?",
		encodeRaw(after.Input), encodeRaw(after.Result), after.Message, before.ID)
	if err != nil || n > 0 {
		return err
	}
	return t.insert(nil, "INSERT INTO task_info (task_id, input, result, message) VALUES (?, ?, ?, ?)",
		before.ID, encodeRaw(after.Input), encodeRaw(after.Result), after.Message)
}
