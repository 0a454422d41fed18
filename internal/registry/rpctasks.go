package registry

import (
	"context"
	"encoding/json"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

func taskGet(ctx context.Context, c *call) (any, error) {
	id, err := c.text("task_id")
	if err != nil {
		return nil, err
	}
	deleted, err := c.args.Flag("force_show_deleted")
	if err != nil {
		return nil, err
	}
	t, err := c.DB.Task(ctx, c.scope(deleted), id)
	if err != nil {
		return nil, as(err, glance.NotFound, wire.ClassTaskNotFound)
	}
	return wire.TaskRow(t), nil
}

// taskGetAll gives the tasks of an image, or a page of tasks. Compat: the
// original filters by anything; its API filters by these.
func taskGetAll(ctx context.Context, c *call) (any, error) {
	filters, _ := c.args["filters"].(map[string]any)
	now := time.Now()
	if c.exact.Now != nil {
		now = c.exact.Now.Time
	}
	image, ok := filters["image_id"].(string)
	if !ok {
		return taskPage(ctx, c, filters, now)
	}
	found, err := c.DB.TasksOf(ctx, c.scope(true), image, now)
	if err != nil {
		return nil, err
	}
	live, _ := filters["deleted"].(bool)
	_, asked := filters["deleted"]
	out := []wire.Task2{}
	for _, t := range found {
		if !asked || t.Deleted == live {
			out = append(out, wire.TaskRow(t))
		}
	}
	return out, nil
}

func taskPage(ctx context.Context, c *call, filters map[string]any, now time.Time) (any, error) {
	q := metadata.TaskQuery{Now: now, SortKey: "created_at", Limit: mostTasks}
	status, _ := filters["status"].(string)
	q.Status = glance.TaskStatus(status)
	q.Type, _ = filters["type"].(string)
	q.Expired, _ = filters["expired"].(bool)
	if key, ok := c.args["sort_key"].(string); ok {
		q.SortKey = key
	}
	q.Ascending = c.args["sort_dir"] == "asc"
	if n, ok := c.args["limit"].(json.Number); ok {
		limit, err := n.Int64()
		if err != nil || limit < 0 {
			return nil, bad("Invalid value for limit.")
		}
		q.Limit = int(min(limit, mostTasks))
	}
	if marker, ok := c.args["marker"].(string); ok {
		var err error
		if q.After, err = c.DB.Task(ctx, c.scope(false), marker); err != nil {
			return nil, as(err, glance.NotFound, wire.ClassTaskNotFound)
		}
	}
	found, err := c.DB.ListTasks(ctx, c.scope(false), q)
	if err != nil {
		return nil, as(err, glance.Invalid, wire.ClassInvalid)
	}
	out := make([]wire.Task2, 0, len(found))
	for _, t := range found {
		out = append(out, wire.TaskRow(t))
	}
	return out, nil
}

// mostTasks bounds a page.
const mostTasks = 10000

func taskCreate(ctx context.Context, c *call) (any, error) {
	values, err := c.values("values")
	if err == nil {
		err = c.writes()
	}
	if err != nil {
		return nil, err
	}
	t := &glance.Task{Status: glance.TaskPending}
	if err := c.setTask(t, values); err != nil {
		return nil, err
	}
	if t.ID, _ = values["id"].(string); t.ID == "" {
		t.ID = newID()
	}
	if !c.caller.Admin {
		t.Owner = c.caller.ProjectID
	}
	for name, to := range map[string]*time.Time{"created_at": &t.CreatedAt, "updated_at": &t.UpdatedAt} {
		at, err := values.Time(name)
		if err != nil {
			return nil, err
		}
		*to = at.Time
	}
	if err := c.DB.CreateTask(ctx, t); err != nil {
		return nil, as(err, glance.Conflict, wire.ClassDuplicate)
	}
	return wire.TaskRow(t), nil
}

// setTask reads what may be said of a task; what is not named stays.
func (c *call) setTask(t *glance.Task, values wire.Values) error {
	for name, to := range map[string]*string{
		"type": &t.Type, "owner": &t.Owner, "image_id": &t.ImageID, "request_id": &t.RequestID, "user_id": &t.UserID,
		"message": &t.Message,
	} {
		if value, given := values[name]; given {
			text, ok := value.(string)
			if !ok && value != nil {
				return bad("Invalid value for %s.", name)
			}
			*to = text
		}
	}
	if status, given := values["status"].(string); given {
		t.Status = glance.TaskStatus(status)
	}
	if err := c.setDocuments(t); err != nil {
		return err
	}
	if _, given := values["expires_at"]; given {
		at, err := values.Time("expires_at")
		if err != nil {
			return err
		}
		t.ExpiresAt = at.Time
	}
	return nil
}

// setDocuments keeps input and result as they are spelled.
func (c *call) setDocuments(t *glance.Task) error {
	var spelled struct {
		Kwargs struct{ Values map[string]json.RawMessage }
	}
	if err := json.Unmarshal(c.raw, &spelled); err != nil {
		return err
	}
	for name, to := range map[string]*json.RawMessage{"input": &t.Input, "result": &t.Result} {
		if text, given := spelled.Kwargs.Values[name]; given {
			if *to = text; string(text) == "null" {
				*to = nil
			}
		}
	}
	return nil
}

func (c *call) changeTask(ctx context.Context, change func(*glance.Task) error) (any, error) {
	id, err := c.text("task_id")
	if err == nil {
		err = c.writes()
	}
	if err != nil {
		return nil, err
	}
	t, err := c.DB.UpdateTask(ctx, c.scope(false), id, func(t *glance.Task) error {
		if v := c.exact.Version; v != "" && v != wire.TaskRow(t).Version {
			return glance.Errorf(glance.Conflict, "task %s has changed", id)
		}
		return change(t)
	})
	if err != nil {
		return nil, as(err, glance.NotFound, wire.ClassTaskNotFound)
	}
	return wire.TaskRow(t), nil
}

func taskUpdate(ctx context.Context, c *call) (any, error) {
	values, err := c.values("values")
	if err != nil {
		return nil, err
	}
	return c.changeTask(ctx, func(t *glance.Task) error {
		owner := t.Owner
		if err := c.setTask(t, values); err != nil {
			return err
		}
		if !c.caller.Admin {
			t.Owner = owner
		}
		if c.exact.Deleted != nil {
			t.Deleted = *c.exact.Deleted
		}
		return nil
	})
}

func taskDelete(ctx context.Context, c *call) (any, error) {
	return c.changeTask(ctx, func(t *glance.Task) error {
		t.Deleted = true
		return nil
	})
}
